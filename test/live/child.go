package live

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The variables that make this test program a service instead, so that it can be killed.
const (
	childURL   = "ROUNDS_LIVE_CHILD_URL"
	childKeys  = "ROUNDS_LIVE_CHILD_KEYS"
	childRedis = "ROUNDS_LIVE_CHILD_REDIS"
	childLease = "ROUNDS_LIVE_CHILD_LEASE"
	childSkew  = "ROUNDS_LIVE_CHILD_SKEW"
	// ChildProfile names the file into which the service writes where it spends its time, from one SIGUSR1 to the next.
	ChildProfile = "ROUNDS_LIVE_CHILD_PROFILE"
	// ChildHeap names the file into which it writes what its memory is held by, at SIGUSR2.
	ChildHeap = "ROUNDS_LIVE_CHILD_HEAP"
)

// ServeIfChild turns the program into the service, when Child has started it; call it first of all.
func ServeIfChild() {
	if url := os.Getenv(childURL); url != "" {
		serveUntilKilled(url, os.Getenv(childKeys))
	}
}

func serveUntilKilled(url, keys string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	skew, _ := time.ParseDuration(os.Getenv(childSkew))
	lease, _ := time.ParseDuration(os.Getenv(childLease))
	p := place{listener: listener, url: url, keys: keys, redis: os.Getenv(childRedis), lease: lease}
	p.now = func() time.Time { return time.Now().Add(skew) }
	if _, err := p.start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if path := os.Getenv(ChildProfile); path != "" {
		go profile(path)
	}
	if path := os.Getenv(ChildHeap); path != "" {
		go heap(path)
	}
	fmt.Println(listener.Addr())
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // ends with the test that holds the other end
	os.Exit(0)
}

func profile(path string) {
	marks := make(chan os.Signal, 1)
	signal.Notify(marks, syscall.SIGUSR1)
	<-marks
	file, err := os.Create(path) //nolint:gosec // named by who measures
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	<-marks
	pprof.StopCPUProfile()
	_ = file.Close()
}

func heap(path string) {
	mark := make(chan os.Signal, 1)
	signal.Notify(mark, syscall.SIGUSR2)
	<-mark
	runtime.GC() // what is not held any more is not asked for
	// In words, the profile of the heap tells of all memory: stacks, what is idle, what was given back.
	words := map[string]int{".txt": 1}
	for suffix, name := range map[string]string{"": "heap", ".txt": "heap", ".goroutine": "goroutine"} {
		file, err := os.Create(path + suffix) //nolint:gosec // named by who measures
		if err == nil {
			err = pprof.Lookup(name).WriteTo(file, words[suffix])
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		_ = file.Close()
	}
}

// Child runs the service in a process of its own, and gives what kills it and its process id.
func (h *House) Child() (kill func(), pid int) {
	h.t.Helper()
	i := h.Instance(Setup{})
	h.Address = i.Address
	return i.Kill, i.PID
}

// Setup is how an instance is started.
type Setup struct {
	Redis string
	Lease time.Duration
	// Skew is how wrong the clock of its machine is.
	Skew time.Duration
}

// Instance is one of several processes that serve the rooms of a house.
type Instance struct {
	Address string
	PID     int

	Kill func() // SIGKILL
}

// Signal sends a signal to the process.
func (i *Instance) Signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(i.PID, signal); err != nil {
		t.Fatal(err)
	}
}

// Instance runs the service in a process of its own.
func (h *House) Instance(s Setup) *Instance {
	h.t.Helper()
	//nolint:gosec // this very program
	cmd := exec.CommandContext(context.WithoutCancel(h.t.Context()), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childURL+"="+h.DB.URL("livewebinar"), childKeys+"="+h.Keys,
		childRedis+"="+s.Redis, childLease+"="+s.Lease.String(), childSkew+"="+s.Skew.String())
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		h.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		h.t.Fatal(err)
	}
	var once sync.Once
	kill := func() {
		once.Do(func() {
			_ = cmd.Process.Kill() // SIGKILL
			_ = cmd.Wait()
		})
	}
	h.t.Cleanup(kill)
	return &Instance{Address: strings.TrimSpace(line), PID: cmd.Process.Pid, Kill: kill}
}
