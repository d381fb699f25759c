package live

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/run/porttest"
)

// Redis is a server of one test: a port of its own, nothing on disk.
type Redis struct {
	t    testing.TB
	port string
	cmd  *exec.Cmd
}

// NewRedis starts one; it ends with the test.
func NewRedis(t testing.TB) *Redis {
	t.Helper()
	r := &Redis{t: t, port: porttest.Free(t)}
	t.Cleanup(r.Kill)
	r.Start()
	return r
}

// URL is its address for a service.
func (r *Redis) URL() string { return "redis://127.0.0.1:" + r.port + "/0" }

// Start starts it, empty, and waits until it answers.
func (r *Redis) Start() {
	r.t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		r.t.Fatal("redis-server is missing: apt-get install redis-server")
	}
	//nolint:gosec // a port that we chose
	r.cmd = exec.CommandContext(context.Background(), program, "--port", r.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", r.t.TempDir())
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if r.ask("PING") == "+PONG" {
			return
		}
	}
	r.t.Fatal("redis-server does not answer")
}

// Kill ends it at once.
func (r *Redis) Kill() {
	if r.cmd != nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		r.cmd = nil
	}
}

// Flush takes away all that it holds.
func (r *Redis) Flush() {
	r.t.Helper()
	if got := r.ask("FLUSHALL"); got != "+OK" {
		r.t.Fatalf("flush: %q", got)
	}
}

func (r *Redis) ask(command string) string {
	conn, err := net.DialTimeout("tcp", "127.0.0.1:"+r.port, time.Second)
	if err != nil {
		return ""
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(conn, "%s\r\n", command)
	line, _ := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line)
}
