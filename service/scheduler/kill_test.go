package scheduler_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/service/scheduler"
)

// Environment of the process that is to die: where, and on which database.
const (
	crashPoint     = "ROUNDS_TEST_CRASH_POINT"
	crashDatabase  = "ROUNDS_TEST_CRASH_DATABASE"
	crashImpatient = "ROUNDS_TEST_CRASH_IMPATIENT" // it gives a start up soon
)

func TestMain(m *testing.M) {
	if point := os.Getenv(crashPoint); point == stopPoint {
		stopping(os.Getenv(crashDatabase))
		return
	} else if point != "" {
		doomed(point, os.Getenv(crashDatabase), os.Getenv(crashImpatient) == "true")
		return
	}
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) { // nobody chose
		_ = flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))) // these tests wait for clocks and leases
	}
	os.Exit(m.Run())
}

// doomed runs a scheduler that kills itself with -9 when it comes to the point.
func doomed(point, database string, impatient bool) {
	pool, err := pgxpool.New(context.Background(), database)
	if err != nil {
		panic(err)
	}
	_, err = start(pool, time.Now, func(c *scheduler.Config) {
		c.StartTimeout, c.EndTimeout, c.SubmitTimeout, c.AnswerTimeout = time.Minute, time.Minute, time.Minute, time.Minute
		if impatient {
			c.StartTimeout, c.StartAttempts = 200*time.Millisecond, 1
		}
	},
		hosts(1),
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

// way is a saga that goes one way, and the events by which it goes.
type way struct {
	saga    string
	entries []string
	answers []string // the events that a follower appends when another service answers; it commits, not the engine
	alone   bool     // nobody answers while the child lives, so the start is undone
	refused bool     // data management does not call it off, so the webinar goes on
}

func ways() []way {
	return []way{
		{saga: "webinar.start", entries: []string{"done status", "requested room", "done announce", "completed"}, answers: []string{"done room"}},
		{saga: "webinar.start", entries: []string{"failed room", "compensated room", "compensated status", "cancelled"}, alone: true},
		{saga: "webinar.cancel", entries: []string{"done timers", "requested status", "requested room", "done complete", "completed"}, answers: []string{"done status", "done room"}},
		{saga: "webinar.cancel", entries: []string{"compensated timers", "cancelled"}, answers: []string{"failed status"}, refused: true},
		{saga: "points.request", entries: []string{"requested submit", "requested answer", "completed"}, answers: []string{"done submit", "done answer"}},
		{saga: "webinar.end", entries: []string{"requested room", "requested credit", "done complete", "completed"}, answers: []string{"done room", "done credit"}},
	}
}

// TestKilledAtEveryStep kills the only instance at every step of all sagas, forwards and backwards, in every phase of it; the next
// one finishes, and everything that can be seen from outside happened once.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, way := range ways() {
		for _, entry := range append(way.entries, way.answers...) {
			for _, phase := range saga.Phases() {
				if phase == saga.AfterCommit && slices.Contains(way.answers, entry) {
					continue // the follower of the answers commits: see kit/eventlog
				}
				t.Run(way.saga+"/"+entry+"/"+string(phase), func(t *testing.T) {
					t.Parallel()
					killedAt(t, way, way.saga+"/"+entry+"/"+string(phase))
				})
			}
		}
	}
}

func killedAt(t *testing.T, way way, point string) {
	t.Helper()
	w := newWorld(t)
	w.refuse.Store(way.refused)
	if !way.alone {
		w.others()
	}
	// The child lives by the real clock, so the webinar's end is a minute ahead of it and comes by ours.
	minutes := 1
	if way.saga == "webinar.cancel" {
		minutes = 300 // nothing is to end before it is called off
	}
	id := w.plan(0, minutes)
	if way.saga == "points.request" {
		w.killedRequest(id, point)
		return
	}
	if way.saga != "webinar.start" {
		stop := w.instance(nil)
		w.until("the start", func() bool { return slices.Contains(w.history(id), "start.completed") })
		stop()
	}
	switch way.saga {
	case "webinar.cancel":
		w.callOff(id)
	case "webinar.end":
		w.exec("UPDATE scheduler.timer SET due_at = now() WHERE webinar_id = $1 AND kind = 'end'", id)
	}
	w.die(point, way.alone)
	if way.alone {
		w.others()
		w.clock.add(10 * time.Second) // the next try is due, and the webinar's time is not over
	} else {
		w.clock.add(time.Minute)
	}
	w.instance(func(c *scheduler.Config) {
		// The clock runs fast here; answers must not seem late by it.
		c.Lease, c.StartTimeout, c.EndTimeout = time.Second, time.Minute, time.Minute
	})
	if way.alone {
		w.untilPassing("the start", func() bool { return slices.Contains(w.history(id), "start.completed") })
	}
	state, happened := "ended", []string{"webinar.live", "start.completed", "end.completed"}
	if way.saga == "webinar.cancel" && !way.refused {
		state, happened = "cancelled", []string{"webinar.live", "start.completed", "cancel.completed"}
	}
	if way.refused {
		w.untilPassing("it to go on", func() bool { return slices.Contains(w.history(id), "cancel.failed") })
		w.clock.add(time.Duration(minutes) * time.Minute)
	}
	last := happened[len(happened)-1]
	w.untilPassing("the end", func() bool { return slices.Contains(w.history(id), last) })
	if got := w.state(id); got != state {
		t.Fatalf("it is %s", got)
	}
	if way.refused {
		happened = append(happened, "cancel.failed")
	}
	for _, kind := range happened {
		if n := count(w.history(id), kind); n != 1 {
			t.Errorf("%s happened %d times: %v", kind, n, w.history(id))
		}
	}
	if n := count(w.history(id), "start.failed"); n > 1 { // none where it was killed before it gave up
		t.Errorf("it was given up %d times: %v", n, w.history(id))
	}
}

// killedRequest kills the only instance on the way of a request for points; the next one brings it to its end.
func (w *world) killedRequest(id uuid.UUID, point string) {
	w.t.Helper()
	w.request(id)
	w.die(point, false)
	w.clock.add(time.Minute)
	w.instance(func(c *scheduler.Config) {
		c.Lease, c.SubmitTimeout, c.AnswerTimeout = time.Second, time.Minute, time.Minute
	})
	w.until("the end of the request", func() bool {
		var n int
		err := w.admin.QueryRow(context.Background(), `SELECT count(*) FROM eventlog.event WHERE stream LIKE 'saga/points.request/%' AND type = 'saga.completed'`).Scan(&n)
		return err == nil && n == 1
	})
	for _, kind := range []string{"points.submit", "points.awaited"} {
		if n := count(w.history(id), kind); n != 1 {
			w.t.Errorf("%s was asked for %d times: %v", kind, n, w.history(id))
		}
	}
}

// die runs a child until it has killed itself.
func (w *world) die(point string, impatient bool) {
	w.t.Helper()
	child := exec.Command(os.Args[0]) //nolint:gosec,noctx // This very test.
	child.Env = append(os.Environ(), crashPoint+"="+point, crashDatabase+"="+w.database.URL("scheduler"),
		crashImpatient+"="+strconv.FormatBool(impatient))
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
