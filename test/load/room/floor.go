package room

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"github.com/rounds-cme/rounds/test/live"
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
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {})}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, _, _, err := ws.UpgradeHTTP(r, w); err == nil {
			mu.Lock()
			viewers = append(viewers, conn)
			mu.Unlock()
		}
	})
	go func() { _ = server.Serve(listener) }()
	fmt.Println(listener.Addr())
	in := bufio.NewReader(os.Stdin)
	_, _ = in.ReadString('\n')
	tick := time.NewTicker(time.Second / time.Duration(rate))
	for range rate * seconds {
		<-tick.C
		body := `{"push":{"channel":"room","pub":{"data":{"messages":[{"sequence":1,"id":"0192f0c1-0000-7000-8000-000000000001","name":"Viewer 1","body":"` +
			mark + strconv.FormatInt(time.Now().UnixNano(), 10) + `;","sentAt":"2026-11-26T17:00:00.000000Z"}]}}}}`
		frame := ws.MustCompileFrame(ws.NewTextFrame([]byte(body)))
		for _, conn := range viewers {
			_, _ = conn.Write(frame)
		}
	}
	_, _ = in.ReadString('\n')
}

func (c *Command) floor() (result, error) {
	//nolint:gosec // this very program
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", floorChild, c.Rate, int(c.For.Seconds())))
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
	w := newWatch(c.Viewers)
	before := usage(cmd.Process.Pid)
	begun := time.Now()
	for i := range c.Viewers {
		// The client of the room, so that both pay the same for reading.
		_, err := live.Open(context.Background(), live.Options{
			URL: "ws://" + strings.TrimSpace(address) + "/", Push: func(p live.Push) { w.see(i, p.Data, p.At) },
		})
		if err != nil {
			return result{}, err
		}
	}
	r := result{joined: time.Since(begun), memory: (usage(cmd.Process.Pid).memory - before.memory) / int64(c.Viewers)}
	before = usage(cmd.Process.Pid)
	_, _ = in.Write([]byte("\n"))
	sent := c.Rate * int(c.For.Seconds())
	time.Sleep(c.For)
	w.settle(sent)
	r.cpu = usage(cmd.Process.Pid).cpu - before.cpu
	r.count(w, sent)
	return r, nil
}
