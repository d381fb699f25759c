package scheduler_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/service/scheduler"
)

// Environment of the process that is to die: where, and on which database.
const (
	crashPoint    = "ROUNDS_TEST_CRASH_POINT"
	crashDatabase = "ROUNDS_TEST_CRASH_DATABASE"
)

func TestMain(m *testing.M) {
	if point := os.Getenv(crashPoint); point != "" {
		doomed(point, os.Getenv(crashDatabase))
		return
	}
	os.Exit(m.Run())
}

// doomed runs a scheduler that kills itself with -9 when it comes to the point.
func doomed(point, database string) {
	pool, err := pgxpool.New(context.Background(), database)
	if err != nil {
		panic(err)
	}
	_, err = start(pool, time.Now, func(c *scheduler.Config) { c.StartTimeout = 10 * time.Second },
		func(name, entry string, phase saga.Phase) {
			if name+"/"+entry+"/"+string(phase) == point {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		})
	if err != nil {
		panic(err)
	}
	fmt.Println("running")
	select {}
}

// TestKilledInTheMiddle kills the only instance at steps of both sagas; the next one finishes, and everything that can be
// seen from outside happened once.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, point := range []string{
		"webinar.start/done status/" + string(saga.BeforeCommit),
		"webinar.start/done status/" + string(saga.AfterCommit),
		"webinar.start/requested room/" + string(saga.AfterCommit),
		"webinar.start/done announce/" + string(saga.BeforeCommit),
		"webinar.end/requested room/" + string(saga.AfterCommit),
		"webinar.end/requested credit/" + string(saga.BeforeCommit),
		"webinar.end/done complete/" + string(saga.BeforeCommit),
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			killedAt(t, point)
		})
	}
}

func killedAt(t *testing.T, point string) {
	t.Helper()
	w := newWorld(t)
	w.others()
	// The child lives by the real clock, so the webinar's end is a minute ahead of it and comes by ours.
	id := w.plan(0, 1)
	ending := strings.HasPrefix(point, "webinar.end")
	if ending {
		stop := w.instance(nil)
		w.until("the start", func() bool { return slices.Contains(w.history(id), "start.completed") })
		stop()
		w.exec("UPDATE scheduler.timer SET due_at = now() WHERE webinar_id = $1 AND kind = 'end'", id)
	}
	w.die(point)
	w.clock.add(time.Minute)
	w.instance(func(c *scheduler.Config) {
		// The clock runs fast here; answers must not seem late by it.
		c.Lease, c.StartTimeout, c.EndTimeout = 2*time.Second, time.Minute, time.Minute
	})
	w.untilPassing("the end", func() bool { return slices.Contains(w.history(id), "end.completed") })
	if got := w.state(id); got != "ended" {
		t.Fatalf("it is %s", got)
	}
	for _, once := range []string{"webinar.live", "start.completed", "end.completed"} {
		if n := count(w.history(id), once); n != 1 {
			t.Errorf("%s happened %d times: %v", once, n, w.history(id))
		}
	}
}

// die runs a child until it has killed itself.
func (w *world) die(point string) {
	w.t.Helper()
	child := exec.Command(os.Args[0]) //nolint:gosec,noctx // This very test.
	child.Env = append(os.Environ(), crashPoint+"="+point, crashDatabase+"="+w.database.URL("scheduler"))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		w.t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		w.t.Fatal("the child did not come up")
	}
	late := time.AfterFunc(45*time.Second, func() { _ = child.Process.Kill() })
	err = child.Wait()
	if !late.Stop() {
		w.t.Fatalf("the child never came to %s", point)
	}
	if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		w.t.Fatalf("the child ended by itself: %v", err)
	}
}
