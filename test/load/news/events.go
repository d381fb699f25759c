package news

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/test/load/bench"
)

// Events is the event log.
type Events struct {
	Writers     int           `default:"32" help:"Writers, each with one transaction an event."`
	Subscribers int           `default:"3" help:"Groups that follow meanwhile."`
	For         time.Duration `default:"10s" help:"How long each line is measured."`
	Rate        int           `default:"500" help:"Events a second, of the line about latency."`
}

// Types of events: one that nobody follows, and one that all do.
const (
	unheard = "load.unheard"
	heard   = "load.heard"
)

// many is what a busy writer appends in one transaction: the scheduler's reminders go by hundreds.
const many = 10

// Run measures and prints the tables.
func (c *Events) Run() error {
	if err := describe(); err != nil {
		return err
	}
	return bench.Run(func(t *bench.T) error {
		store := dbtest.NewOwn(t, eventlog.Schema())
		_, err := store.Admin().Exec(t.Context(), `CREATE TABLE public.floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload jsonb NOT NULL);
			GRANT USAGE ON SCHEMA public TO rounds_scheduler;
			GRANT INSERT ON public.floor TO rounds_scheduler;
			INSERT INTO eventlog.permission (role, type, may_append, may_read)
			VALUES ('rounds_scheduler', '`+unheard+`', true, true), ('rounds_scheduler', '`+heard+`', true, true)`)
		if err != nil {
			return err
		}
		// Both as a service, whose rights are looked up with each event.
		pool, err := db.Pool(t.Context(), store.URL("scheduler"), int32(c.Writers)) //nolint:gosec // few
		if err != nil {
			return err
		}
		t.Cleanup(pool.Close)
		return c.measure(store.Admin(), store.Pool("scheduler"), pool)
	})
}

func (c *Events) measure(admin, readers, writers *pgxpool.Pool) error {
	types := eventlog.Types{unheard: &wrapperspb.StringValue{}, heard: &wrapperspb.StringValue{}}
	log := eventlog.New(writers, quiet(), nil, types)
	insert := func(ctx context.Context, _ int) error {
		return db.Tx(ctx, writers, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO public.floor (payload) VALUES ('"2026-11-26T17:00:00.000000000Z"')`)
			return err
		})
	}
	appending := func(kind string, together int) func(context.Context, int) error {
		return func(ctx context.Context, writer int) error {
			events := make([]eventlog.Event, together)
			for n := range events {
				events[n] = eventlog.Event{
					Stream: fmt.Sprintf("writer/%d/%d", writer, n), ExpectedVersion: eventlog.Any, Type: kind,
					Message: wrapperspb.String(time.Now().Format(time.RFC3339Nano)),
				}
			}
			return db.Tx(ctx, writers, func(tx pgx.Tx) error { return log.Append(ctx, tx, events...) })
		}
	}
	rows := rates{"events"}
	rows.head()
	bare, err := c.write(0, insert)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d writers", c.Writers)
	fmt.Printf("%-52s %12.0f\n", "floor: "+what+" insert a row each, in a transaction", bare)
	say := func(rest, kind string, together int) error {
		times, err := c.write(0, appending(kind, together))
		events := times * float64(together)
		fmt.Printf("%-52s %12.0f %10.2f\n", what+" append "+rest, events, events/bare)
		return err
	}
	if err := errors.Join(say("an event each", unheard, 1), say(fmt.Sprintf("%d in a transaction", many), unheard, many)); err != nil {
		return err
	}
	ears := c.listen(eventlog.New(readers, quiet(), nil, types))
	if err := errors.Join(say("an event each, subscribers listen", heard, 1), say(fmt.Sprintf("%d, subscribers listen", many), heard, many)); err != nil {
		return err
	}
	if _, err := ears.rest(); err != nil {
		return err
	}
	if _, err := c.write(c.Rate, appending(heard, 1)); err != nil {
		return err
	}
	late, err := ears.rest()
	if err != nil {
		return err
	}
	headOfLateness("times")
	late.print(fmt.Sprintf("from append to subscribers, %d events/s", c.Rate))
	ears.stop()
	return c.complete(admin, ears.all)
}

// complete makes sure that every subscriber heard every event.
func (c *Events) complete(pool *pgxpool.Pool, times int) error {
	ctx, cancel := bounded()
	defer cancel()
	var events int
	if err := pool.QueryRow(ctx, `SELECT count(*) FROM eventlog.event WHERE type = $1`, heard).Scan(&events); err != nil {
		return err
	}
	if times != events*c.Subscribers {
		return fmt.Errorf("%d subscribers heard %d times of %d events", c.Subscribers, times, events)
	}
	return nil
}

// write has all writers write for a while, at a rate or, with 0, as fast as they can; it tells how many a second they wrote.
func (c *Events) write(atRate int, one func(ctx context.Context, writer int) error) (float64, error) {
	ctx, cancel := bounded()
	defer cancel()
	var written atomic.Int64
	var all sync.WaitGroup
	failed := make(chan error, c.Writers)
	began := time.Now()
	for writer := range c.Writers {
		all.Go(func() {
			for n := 0; time.Since(began) < c.For; n++ {
				if atRate > 0 {
					turn := time.Duration(n*c.Writers+writer) * time.Second / time.Duration(atRate)
					time.Sleep(time.Until(began.Add(turn)))
				}
				if err := one(ctx, writer); err != nil {
					failed <- err
					return
				}
				written.Add(1)
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(written.Load()) / time.Since(began).Seconds(), nil
	}
}

// ears are the subscribers.
type ears struct {
	stop func()

	mu   sync.Mutex
	all  int      // times that somebody heard of an event
	late lateness // of those since the last rest
	last time.Time
}

func (c *Events) listen(log *eventlog.Log) *ears {
	ctx, cancel := bounded()
	e := &ears{}
	var all sync.WaitGroup
	for n := range c.Subscribers {
		all.Go(func() { _ = log.Follow(ctx, "group"+strconv.Itoa(n), []string{heard}, e.hear) })
	}
	e.stop = func() { cancel(); all.Wait() }
	return e
}

func (e *ears) hear(_ context.Context, _ pgx.Tx, r eventlog.Record) error {
	m, err := r.Message()
	if err != nil {
		return err
	}
	said, ok := m.(*wrapperspb.StringValue)
	if !ok {
		return fmt.Errorf("a %T", m)
	}
	at, err := time.Parse(time.RFC3339Nano, said.GetValue())
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all++
	e.late, e.last = append(e.late, time.Since(at)), time.Now()
	return nil
}

// rest waits until nothing has been heard for two seconds, and tells how late all was since the last rest.
func (e *ears) rest() (lateness, error) {
	for end := time.Now().Add(longest); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if late, over := e.rested(); over {
			return late, nil
		}
	}
	return nil, errors.New("the subscribers are still behind")
}

func (e *ears) rested() (lateness, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if time.Since(e.last) < 2*time.Second {
		return nil, false
	}
	late := e.late
	e.late = nil
	return late, true
}
