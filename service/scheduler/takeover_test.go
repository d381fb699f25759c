package scheduler_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/service/scheduler"
)

// stopPoint has a child stop itself in the middle of a timer, instead of dying in a saga.
const stopPoint = "stop"

// productionLease is the default that the command line gives.
func productionLease(t *testing.T) time.Duration {
	t.Helper()
	field, _ := reflect.TypeFor[scheduler.Config]().FieldByName("Lease")
	lease, err := time.ParseDuration(field.Tag.Get("default"))
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

// stopping is a process that claims a timer and is then frozen by SIGSTOP, as a virtual machine is that moves: between its claim and its act,
// while it asks others.
func stopping(database string) {
	pool, err := pgxpool.New(context.Background(), database)
	if err != nil {
		panic(err)
	}
	var asked atomic.Int32
	ask := func(webinars []string) (*livewebinarpb.StatusResponse, error) {
		fmt.Println("asked")
		if asked.Add(1) == 1 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
		return hosts(0)(webinars)
	}
	if _, err := start(pool, time.Now, func(c *scheduler.Config) { c.Lease = 3 * time.Second }, ask, nil); err != nil {
		panic(err)
	}
	select {}
}

// frozen is such a process.
type frozen struct {
	w       *world
	process *os.Process
	lines   *bufio.Scanner
}

// freeze begins one, and waits until it holds the timer of a webinar and is stopped.
func (w *world) freeze() *frozen {
	w.t.Helper()
	child := exec.Command(os.Args[0]) //nolint:gosec,noctx // This very test.
	child.Env = append(os.Environ(), crashPoint+"="+stopPoint, crashDatabase+"="+w.database.URL("scheduler"))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	f := &frozen{w: w, process: child.Process, lines: bufio.NewScanner(out)}
	f.asks()
	w.until("the child to be stopped", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child.Process.Pid))
		_, state, _ := strings.Cut(string(stat), ") ")
		return err == nil && strings.HasPrefix(state, "T")
	})
	return f
}

// asks waits until it asks about hosts.
func (f *frozen) asks() {
	f.w.t.Helper()
	late := time.AfterFunc(45*time.Second, func() { _ = f.process.Kill() })
	defer late.Stop()
	if !f.lines.Scan() {
		f.w.t.Fatal("the child never asked")
	}
}

// overtake has another instance take over what the frozen one holds: not a millisecond before the end of its lease, and right after it.
func (w *world) overtake(id uuid.UUID) {
	w.t.Helper()
	var lease time.Time
	err := w.admin.QueryRow(context.Background(), `SELECT lease_until FROM scheduler.timer WHERE webinar_id = $1 AND kind = 'hosts'`, id).Scan(&lease)
	if err != nil {
		w.t.Fatal(err)
	}
	if left := time.Until(lease); left > productionLease(w.t) {
		w.t.Fatalf("the lease holds for another %s", left)
	}
	w.clock.add(lease.Add(-time.Millisecond).Sub(w.clock.Now()))
	w.rooms = hosts(0)
	stop := w.instance(nil)
	other := w.plan(5*time.Minute, 30)
	w.until("another timer to fire", func() bool { return slices.Contains(w.history(other), "hosts.missing") })
	if slices.Contains(w.history(id), "hosts.missing") {
		w.t.Error("it was taken over before its lease ended")
	}
	w.clock.add(2 * time.Millisecond)
	w.until("it to be taken over", func() bool { return slices.Contains(w.history(id), "hosts.missing") })
	stop()
}

// TestTakeoverWithinFiveSeconds: what an instance held that was killed with -9 is taken over when its lease ends; with the lease of production
// and the longest pause between two looks that is less than five seconds.
func TestTakeoverWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	if most := productionLease(t) + scheduler.MostPause; most > 5*time.Second {
		t.Errorf("another instance takes over after %s", most)
	}
	w := newWorld(t)
	id := w.plan(5*time.Minute, 30)
	f := w.freeze()
	if err := f.process.Kill(); err != nil {
		t.Fatal(err)
	}
	w.overtake(id)
}

// TestStoppedProcessCannotActTwice: one that was stopped for longer than its lease, and goes on where it was, does nothing any more with what
// another one has taken over.
func TestStoppedProcessCannotActTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.plan(5*time.Minute, 30)
	f := w.freeze()
	w.overtake(id)
	if err := f.process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	w.plan(5*time.Minute, 30)
	f.asks() // It is at its next timer, so it has done with the first what it could.
	if n := count(w.history(id), "hosts.missing"); n != 1 {
		t.Errorf("it was told %d times", n)
	}
}
