package saga_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/saga"
)

// helper is an instance that kills itself with -9 the first time it comes to a point.
func helper(url, point string) {
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		panic(err)
	}
	d := deps(pool)
	d.Crash = func(_, entry string, phase saga.Phase) {
		if entry+"/"+string(phase) == point {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
	engine, err := saga.New(d, start())
	if err != nil {
		panic(err)
	}
	fmt.Println("running")
	_ = engine.Run(context.Background())
}

// TestKilledAnywhere kills an instance at every phase of every transition, forwards and backwards; another one finishes,
// and every effect is there once.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name, answer, effects string
		status                saga.Status
		entries               []string
	}{
		{"forwards", "room.opened", "live, told", saga.Completed, []string{"done live", "requested open", "done open", "done tell", "completed"}},
		{"backwards", "room.closed", "live, close, not live", saga.Cancelled, []string{"failed open", "compensated open", "compensated live", "cancelled"}},
	} {
		for _, entry := range way.entries {
			for _, phase := range saga.Phases() {
				if phase == saga.AfterCommit && (entry == "done open" || entry == "failed open") {
					continue // the follower of the answers commits, not the engine: see kit/eventlog
				}
				t.Run(way.name+"/"+entry+"/"+string(phase), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					w.rooms(func(string, int) string { return way.answer })
					w.die(entry + "/" + string(phase))
					begun := time.Now()
					engine := w.run(deps(w.pool), start())
					check(w, "status", w.over(engine, "1").Status, way.status)
					check(w, "effects", w.effects("1"), way.effects)
					if took := time.Since(begun); took > 5*time.Second {
						t.Logf("taken over and finished after %s", took)
					}
				})
			}
		}
	}
}

// die begins a saga and lets a helper process work on it until it kills itself.
func (w *world) die(point string) {
	w.Helper()
	starter, err := saga.New(deps(w.pool), start())
	if err != nil {
		w.Fatal(err)
	}
	w.begin(starter, "1")
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "SAGA_HELPER_URL="+w.database.URL("scheduler"), "SAGA_HELPER_POINT="+point)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil || err == nil || !strings.Contains(err.Error(), "killed") {
		w.Fatalf("the helper was to kill itself at %q: %v\n%s", point, err, out)
	}
}
