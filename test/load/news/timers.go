package news

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/run/porttest"
	"github.com/rounds-cme/rounds/test/load/bench"
	"github.com/rounds-cme/rounds/test/load/program"
)

// Timers are those of the scheduler.
type Timers struct {
	Timers int           `default:"10000" help:"Reminders, each of a webinar of its own."`
	Over   time.Duration `default:"1m" help:"How long they are spread over; then all are due at one instant."`
	Binary string        `help:"Measure this rounds instead of building one, to compare two." type:"path"`
}

const (
	lead  = time.Hour        // as the setting has it
	ahead = 20 * time.Second // when the first is due, counted from planning it
)

// Run measures and prints the table.
func (c *Timers) Run() error {
	if err := describe(); err != nil {
		return err
	}
	return bench.Run(c.measure)
}

// measure runs the scheduler in a process of its own. What a timer did is there for others when its transaction has committed, and the
// server keeps those moments.
func (c *Timers) measure(t *bench.T) error {
	dir := t.TempDir()
	if c.Binary == "" {
		var err error
		if c.Binary, err = program.Build(t.Context(), dir); err != nil {
			return err
		}
	}
	store := dbtest.NewOwn(t)
	if _, err := store.Admin().Exec(t.Context(), `ALTER SYSTEM SET track_commit_timestamp = on`); err != nil {
		return err
	}
	store.Stop(t)
	store.Start(t)
	store.Admin().Reset() // its connections ended with the server
	database := []string{"--database-url", store.AdminURL()}
	if out, err := exec.Command(c.Binary, append([]string{"migrate"}, database...)...).CombinedOutput(); err != nil { //nolint:gosec,noctx // our own binary
		return fmt.Errorf("migrate: %w: %s", err, out)
	}
	service := exec.Command(c.Binary, append([]string{ //nolint:gosec,noctx // our own binary
		"serve", "scheduler", "--log-level", "error", "--http", "127.0.0.1:" + porttest.Free(t), "--private", "127.0.0.1:" + porttest.Free(t),
	}, database...)...)
	service.Stderr = os.Stderr
	if err := service.Start(); err != nil {
		return err
	}
	t.Cleanup(func() { _ = service.Process.Signal(syscall.SIGTERM); _ = service.Wait() })
	headOfLateness("timers")
	ctx, cancel := bounded()
	defer cancel()
	if err := c.line(ctx, store.Admin(), fmt.Sprintf("over %s", c.Over), c.Over); err != nil {
		return err
	}
	return c.line(ctx, store.Admin(), "at one instant", 0)
}

// line plans webinars whose reminders fall due within a time, and waits until all are given.
func (c *Timers) line(ctx context.Context, pool *pgxpool.Pool, what string, over time.Duration) error {
	_, err := pool.Exec(ctx, `TRUNCATE scheduler.plan, scheduler.timer, eventlog.event, eventlog.stream`)
	if err != nil {
		return err
	}
	_, err = pool.Exec(ctx, `SELECT scheduler.plan_webinar(gen_random_uuid(), now() + $1::interval + $2::interval * n / $3, 60, 1, false)
		FROM generate_series(0, $3::integer - 1) AS n`, lead+ahead, over, c.Timers)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	time.Sleep(ahead + over)
	given := 0
	for end := time.Now().Add(longest); given < c.Timers && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err := pool.QueryRow(ctx, `SELECT count(*) FROM eventlog.event WHERE type = 'reminder.due'`).Scan(&given); err != nil {
			return err
		}
	}
	rows, err := pool.Query(ctx, `SELECT pg_xact_commit_timestamp(e.xmin) - t.due_at FROM eventlog.event e
		JOIN scheduler.timer t ON e.stream = 'webinar/' || t.webinar_id AND t.kind = 'reminder' WHERE e.type = 'reminder.due'`)
	if err != nil {
		return err
	}
	late, err := pgx.CollectRows(rows, pgx.RowTo[time.Duration])
	if err != nil {
		return err
	}
	if len(late) != c.Timers {
		return fmt.Errorf("%d timers fired %d times", c.Timers, len(late))
	}
	lateness(late).print(what)
	if lateness(late).at(0) < 0 {
		return errors.New("one fired before its time")
	}
	return nil
}
