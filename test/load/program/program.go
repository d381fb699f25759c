// Package program runs the real `rounds up` in a process of its own, with a directory and ports of its own, for measurements.
// A server that shared the process of its load would share its garbage collector and its scheduler too, and neither of the
// two could be measured.
package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	longestStart = 2 * time.Minute
	longestStop  = 30 * time.Second
)

// Build makes the binary in dir as `make build` does.
func Build(ctx context.Context, dir string) (string, error) { return build(ctx, dir) }

// BuildToCrash makes one that ends with -9 where it is told: see kit/crash.
func BuildToCrash(ctx context.Context, dir string) (string, error) {
	return build(ctx, dir, "-ldflags", "-X github.com/rounds-cme/rounds/kit/crash.enabled=yes")
}

func build(ctx context.Context, dir string, flags ...string) (string, error) {
	binary := filepath.Join(dir, "rounds")
	//nolint:gosec // constants and our own directory
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build"}, flags...), "-o", binary, "github.com/rounds-cme/rounds/cmd/rounds")...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build rounds: %w", err)
	}
	return binary, nil
}

// Rounds is a running `rounds up`.
type Rounds struct {
	Site    string        // address of the site, such as http://localhost:41234
	Private string        // address of pprof and metrics
	Took    time.Duration // from its start until it said that it runs
	Told    string        // what it printed

	cmd  *exec.Cmd
	exit chan error
	runs string // how the line begins with which it says that it runs
}

// Up starts the binary on a data directory, with further settings, and waits until it says that it runs.
func Up(binary, data string, more ...string) (*Rounds, error) {
	port, private, err := ports()
	if err != nil {
		return nil, err
	}
	//nolint:gosec,noctx // our own binary; it is ended by Stop
	cmd := exec.Command(binary, append([]string{"up", "--data", data, "--port", port, "--private-port", private}, more...)...)
	r := &Rounds{Site: "http://localhost:" + port, Private: "http://127.0.0.1:" + private, runs: "Rounds is running at "}
	if err := r.start(cmd); err != nil {
		return nil, err
	}
	return r, nil
}

// Cluster starts the shape of production with a binary, for as many requests as are wanted.
func Cluster(ctx context.Context, binary, data string) (*Rounds, error) {
	program := filepath.Join(filepath.Dir(binary), "cluster")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/rounds-cme/rounds/deploy/cluster") //nolint:gosec // our own
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build the cluster: %w", err)
	}
	port, _, err := ports()
	if err != nil {
		return nil, err
	}
	//nolint:gosec,noctx // our own program; it is ended by Stop
	cmd := exec.Command(program, "--binary", binary, "--data", data, "--port", port, "--network", fmt.Sprint(100+rand.IntN(150)), "--requests", "1000000")
	r := &Rounds{Site: "http://localhost:" + port, runs: "Rounds runs in the shape"}
	if err := r.start(cmd); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Rounds) start(cmd *exec.Cmd) error {
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	r.cmd, r.exit = cmd, make(chan error, 1)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start rounds: %w", err)
	}
	said := make(chan error, 1)
	go r.listen(out, said)
	select {
	case err = <-said:
	case <-time.After(longestStart):
		err = errors.New("it did not say that it runs")
	}
	r.Took = time.Since(began)
	if err != nil {
		_ = cmd.Process.Kill()
		return fmt.Errorf("rounds: %w", err)
	}
	return nil
}

// listen reads all that it prints, tells once when it runs, and then when it has ended.
func (r *Rounds) listen(out io.Reader, said chan<- error) {
	lines := bufio.NewScanner(out)
	var told strings.Builder
	running := false
	for lines.Scan() {
		if running {
			continue
		}
		told.WriteString(lines.Text() + "\n")
		if running = strings.HasPrefix(lines.Text(), r.runs); running {
			r.Told = told.String()
			said <- nil
		}
	}
	err := r.cmd.Wait()
	if !running {
		said <- fmt.Errorf("it ended: %w", errors.Join(err, lines.Err()))
	}
	r.exit <- err
}

// Pid is the process id.
func (r *Rounds) Pid() int { return r.cmd.Process.Pid }

// Stop is Ctrl-C; it tells how long it took.
func (r *Rounds) Stop() (time.Duration, error) {
	began := time.Now()
	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return 0, err
	}
	select {
	case err := <-r.exit:
		return time.Since(began), err
	case <-time.After(longestStop):
		_ = r.cmd.Process.Kill()
		return 0, errors.New("rounds did not stop")
	}
}

// ports finds two that are free now.
func ports() (first, second string, err error) {
	one, first, err := port()
	if err != nil {
		return "", "", err
	}
	defer func() { _ = one.Close() }()
	two, second, err := port()
	if err != nil {
		return "", "", err
	}
	return first, second, two.Close()
}

func port() (net.Listener, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		return nil, "", err
	}
	_, number, err := net.SplitHostPort(listener.Addr().String())
	return listener, number, err
}
