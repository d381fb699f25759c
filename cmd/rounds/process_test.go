package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/queue/rabbitmq/rabbittest"
)

// asProgram makes the test binary be the program itself, so that tests of processes need no other build.
const asProgram = "ROUNDS_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(execute(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
	}
	code := m.Run()
	rabbittest.Close()
	os.Exit(code)
}

// patience bounds the waiting for things that happen soon, on a machine that is busy with other tests.
const patience = 90 * time.Second

// process is a running `rounds`.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan struct{}

	mu     sync.Mutex
	stdout strings.Builder
	lines  chan string
}

func command(ctx context.Context, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], arguments...) //nolint:gosec // This very test binary.
	cmd.Env = append(os.Environ(), asProgram+"=yes")
	return cmd
}

func begin(t *testing.T, arguments ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: command(context.Background(), arguments...), ended: make(chan struct{}), lines: make(chan string, 1000)}
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(out)
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

func (p *process) read(out io.Reader) {
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		p.mu.Lock()
		p.stdout.WriteString(scanner.Text() + "\n")
		p.mu.Unlock()
		p.lines <- scanner.Text()
	}
	close(p.lines)
	_ = p.cmd.Wait()
	close(p.ended)
}

// says waits for a line of output that contains text.
func (p *process) says(text string) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("it ended without saying %q:\n%s", text, p.all())
			}
			if strings.Contains(line, text) {
				return
			}
		case <-deadline:
			p.t.Fatalf("it did not say %q:\n%s", text, p.all())
		}
	}
}

func (p *process) all() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stdout.String()
}

// stop sends a signal and returns how the process ended and how long that took.
func (p *process) stop(signal syscall.Signal) (code int, took time.Duration) {
	p.t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	return p.code(), time.Since(began)
}

// code waits for the end.
func (p *process) code() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("it does not end:\n%s", p.all())
	}
	return p.cmd.ProcessState.ExitCode()
}

// once runs the program to its end.
func once(t *testing.T, arguments ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := command(ctx, arguments...)
	var out, failures bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failures
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), failures.String()
}

func get(url string) (status int, body string) {
	response, err := http.Get(url) //nolint:noctx,gosec // A test's own address.
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// await tries until it is true.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// await is await for a process that must not end meanwhile.
func (p *process) await(what string, is func() bool) {
	p.t.Helper()
	await(p.t, what, func() bool {
		select {
		case <-p.ended:
			p.t.Fatalf("it ended with code %d, and never happened: %s\n%s", p.cmd.ProcessState.ExitCode(), what, p.stderr.String())
			return false
		default:
			return is()
		}
	})
}

// databasePid is the process of the private PostgreSQL in a data directory.
func databasePid(t *testing.T, data string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "postgres", "cluster", "postmaster.pid")) //nolint:gosec // A test's own.
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") // A zombie only waits for a parent in a container without an init.
}
