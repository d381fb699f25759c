package room

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"github.com/rounds-cme/rounds/test/load/crowd"
	"github.com/rounds-cme/rounds/test/load/machine"
)

const floorChild = "ROUNDS_LOAD_FLOOR" // "rate seconds"

// FloorIfChild turns the program into the bare server, when a measurement has started it.
func FloorIfChild() {
	var rate, seconds int
	if n, _ := fmt.Sscan(os.Getenv(floorChild), &rate, &seconds); n == 2 {
		serveFloor(rate, seconds)
		os.Exit(0)
	}
}

// serveFloor accepts viewers until a line comes in, then writes the same prepared frame to all of them.
func serveFloor(rate, seconds int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	var viewers []net.Conn
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, _, _, err := ws.UpgradeHTTP(r, w); err == nil {
			mu.Lock()
			viewers = append(viewers, conn)
			mu.Unlock()
		}
	})}
	go func() { _ = server.Serve(listener) }()
	fmt.Println(listener.Addr())
	in := bufio.NewReader(os.Stdin)
	_, _ = in.ReadString('\n')
	tick := time.NewTicker(time.Second / time.Duration(rate))
	for n := range rate * seconds {
		<-tick.C
		frame := ws.MustCompileFrame(ws.NewTextFrame(crowd.Push(n+1, time.Now().UnixNano())))
		for _, conn := range viewers {
			_, _ = conn.Write(frame)
		}
	}
	_, _ = in.ReadString('\n')
}

func (c *Command) floor() (result, error) {
	//nolint:gosec,noctx // this very program; it is killed below
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", floorChild, c.Rate, c.Seconds))
	in, err := cmd.StdinPipe()
	if err != nil {
		return result{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return result{}, err
	}
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return result{}, err
	}
	people, err := crowd.New(crowd.Options{Address: strings.TrimSpace(address), Path: "/"})
	if err != nil {
		return result{}, err
	}
	defer people.Close()
	for range c.Viewers {
		people.Add(crowd.Person{})
	}
	h := &house{command: c, crowd: people, pid: cmd.Process.Pid}
	r, err := h.fill(time.Duration(c.Viewers) * time.Millisecond)
	if err != nil {
		return r, err
	}
	spentNow := func() spent { return spent{server: machine.CPU(h.pid), client: machine.CPU(os.Getpid())} }
	before, begun := spentNow(), time.Now()
	if _, err := in.Write([]byte("\n")); err != nil {
		return r, err
	}
	last := int32(c.Rate * c.Seconds) //nolint:gosec // bounded by Run
	end := begun.Add(time.Duration(c.Seconds) * time.Second)
	if err := people.Run(end, never); err != nil {
		return r, err
	}
	if err := people.Run(end.Add(15*time.Second), func() bool { return people.Lost(last) == 0 }); err != nil {
		return r, err
	}
	r.took(spentNow().since(before), time.Since(begun))
	r.count(people, last, 0)
	r.memory = (memory(h.pid) - h.empty) / int64(c.Viewers)
	return r, nil
}
