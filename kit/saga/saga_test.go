package saga_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/saga"
)

const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if url := os.Getenv("SAGA_HELPER_URL"); url != "" {
		helper(url, os.Getenv("SAGA_HELPER_POINT"))
		return
	}
	os.Exit(m.Run())
}

func types() eventlog.Types {
	return eventlog.Types{"start.requested": &wrapperspb.StringValue{}, "room.opened": &wrapperspb.StringValue{}, "room.closed": &wrapperspb.StringValue{}}
}

// world is a database, a scheduler's pool and events, and a table of effects that steps write.
type world struct {
	*testing.T
	ctx      context.Context
	database *dbtest.DB
	pool     *pgxpool.Pool
	events   *eventlog.Log
}

func newWorld(t *testing.T) *world {
	t.Helper()
	database := dbtest.New(t, eventlog.Schema(), saga.Schema())
	_, err := database.Admin().Exec(context.Background(), `CREATE TABLE public.effect (id text, what text, at timestamptz DEFAULT clock_timestamp());
		GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT ALL ON public.effect TO PUBLIC`)
	if err != nil {
		t.Fatal(err)
	}
	pool := database.Pool("scheduler")
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	return &world{t, ctx, database, pool, events(pool)}
}

func events(pool *pgxpool.Pool) *eventlog.Log {
	return eventlog.New(pool, quiet(), nil, types(), saga.Types())
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func deps(pool *pgxpool.Pool) saga.Deps {
	return saga.Deps{Pool: pool, Events: events(pool), Log: quiet(), Now: time.Now, Lease: 700 * time.Millisecond}
}

// effect is a step that writes one row.
func effect(what string) func(context.Context, pgx.Tx, *saga.State) error {
	return func(ctx context.Context, tx pgx.Tx, s *saga.State) error {
		s.Data[what] = "yes"
		_, err := tx.Exec(ctx, `INSERT INTO public.effect (id, what) VALUES ($1, $2)`, s.ID, what)
		return err
	}
}

// start is shaped like webinar.start: set live, ask for a room, tell. The answer has time: other tests' transactions on the
// shared server hold up the event log.
func start() saga.Definition { return impatient(2 * patience) }

func impatient(timeout time.Duration) saga.Definition {
	id := func(m proto.Message) string { return strings.TrimPrefix(m.(*wrapperspb.StringValue).GetValue(), "no ") }
	return saga.Definition{Name: "start", Steps: []saga.Step{
		{Name: "live", Do: effect("live"), Compensate: effect("not live")},
		{
			Name: "open",
			Request: func(s *saga.State) eventlog.Event {
				return eventlog.Event{Stream: "webinar/" + s.ID, ExpectedVersion: eventlog.Any, Type: "start.requested", Message: wrapperspb.String(s.ID)}
			},
			Reply: saga.Reply{
				Done: "room.opened", Refused: "room.closed", ID: id,
				Keep:   func(_ proto.Message, s *saga.State) { s.Data["room"] = "r1" },
				Reason: func(proto.Message) string { return "no room left" },
			},
			Timeout: timeout, Retry: saga.Retry{Attempts: 3, Pause: 20 * time.Millisecond}, Compensate: effect("close"),
		},
		{Name: "tell", Do: effect("told")},
	}}
}

// run starts an instance that is stopped and waited for when the test ends.
func (w *world) run(d saga.Deps, defs ...saga.Definition) *saga.Engine {
	w.Helper()
	engine, err := saga.New(d, defs...)
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = engine.Run(ctx) }()
	w.Cleanup(func() { cancel(); <-ended })
	return engine
}

// rooms answers requests as the live webinars would: every repetition like the first.
func (w *world) rooms(answer func(id string, attempt int) string) {
	pool := w.database.Pool("livewebinar")
	log := events(pool)
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	var mu sync.Mutex
	attempts := map[string]int{}
	go func() {
		defer close(ended)
		_ = log.Follow(ctx, "rooms", []string{"start.requested"}, func(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
			m, err := r.Message()
			if err != nil {
				return err
			}
			id := m.(*wrapperspb.StringValue).GetValue()
			mu.Lock()
			attempts[id]++
			kind := answer(id, attempts[id])
			mu.Unlock()
			if kind == "" {
				return nil
			}
			return log.Append(ctx, tx, eventlog.Event{Stream: "room/" + id, ExpectedVersion: eventlog.Any, Type: kind, Message: wrapperspb.String(id)})
		})
	}()
	w.Cleanup(func() { cancel(); <-ended })
}

func always(string, int) string { return "room.opened" }

func (w *world) begin(engine *saga.Engine, id string) bool {
	w.Helper()
	var fresh bool
	err := db.Tx(w.ctx, w.pool, func(tx pgx.Tx) (err error) {
		fresh, err = engine.Start(w.ctx, tx, "start", id, map[string]string{"title": "x"})
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return fresh
}

// over waits until the saga ended, and gives its state.
func (w *world) over(engine *saga.Engine, id string) *saga.State {
	w.Helper()
	for end := time.Now().Add(patience); ; {
		s := w.state(engine, id)
		if s.Over() {
			return s
		}
		if time.Now().After(end) {
			w.Fatalf("saga %s does not end: %+v", id, s)
		}
		time.Sleep(10 * time.Millisecond) // its events are all that can be watched
	}
}

func (w *world) state(engine *saga.Engine, id string) (s *saga.State) {
	w.Helper()
	err := pgx.BeginFunc(w.ctx, w.pool, func(tx pgx.Tx) (err error) {
		s, err = engine.Load(w.ctx, tx, "start", id)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return s
}

func (w *world) effects(id string) string {
	w.Helper()
	var all string
	if err := w.pool.QueryRow(w.ctx, `SELECT coalesce(string_agg(what, ', ' ORDER BY at), '') FROM public.effect WHERE id = $1`, id).Scan(&all); err != nil {
		w.Fatal(err)
	}
	return all
}

func check[T comparable](w *world, what string, got, want T) {
	w.Helper()
	if got != want {
		w.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestRunsToTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms(always)
	engine := w.run(deps(w.pool), start())
	w.run(deps(w.pool), start()) // a second instance disturbs nothing
	check(w, "fresh", w.begin(engine, "1"), true)
	check(w, "fresh again", w.begin(engine, "1"), false)
	s := w.over(engine, "1")
	check(w, "status", s.Status, saga.Completed)
	check(w, "effects", w.effects("1"), "live, told")
	check(w, "data", fmt.Sprint(s.Data), "map[live:yes room:r1 title:x told:yes]")
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms(always)
	engine := w.run(deps(w.pool), start())
	w.run(deps(w.pool), start())
	for n := range 40 {
		w.begin(engine, fmt.Sprint(n))
	}
	for n := range 40 {
		id := fmt.Sprint(n)
		check(w, "status", w.over(engine, id).Status, saga.Completed)
		check(w, "effects of "+id, w.effects(id), "live, told")
	}
}

func TestNoAnswerCompensates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms(func(string, int) string { return "" })
	def := impatient(400 * time.Millisecond)
	def.Steps[1].Retry.Attempts = 3
	engine := w.run(deps(w.pool), def)
	w.begin(engine, "never")
	s := w.over(engine, "never")
	check(w, "never", s.Status, saga.Cancelled)
	check(w, "reason", s.Reason, "no answer within 400ms")
	check(w, "effects of never", w.effects("never"), "live, close, not live")
}

func TestAskedAgainUntilAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms(func(_ string, attempt int) string {
		if attempt == 1 {
			return ""
		}
		return "room.opened"
	})
	def := impatient(200 * time.Millisecond)
	def.Steps[1].Retry.Attempts = 1000
	engine := w.run(deps(w.pool), def)
	w.begin(engine, "late")
	check(w, "late", w.over(engine, "late").Status, saga.Completed)
	check(w, "effects of late", w.effects("late"), "live, told")
}

func TestRefusalCompensatesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms(func(string, int) string { return "room.closed" })
	engine := w.run(deps(w.pool), start())
	w.begin(engine, "1")
	s := w.over(engine, "1")
	check(w, "status", s.Status, saga.Cancelled)
	check(w, "reason", s.Reason, "no room left")
	check(w, "effects", w.effects("1"), "live, close, not live")
}

// TestBegunAgain: what was undone may be begun again where that is allowed, after it was undone to the end; what completed may not.
func TestBegunAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms(func(_ string, attempt int) string {
		if attempt == 1 {
			return "room.closed"
		}
		return "room.opened"
	})
	var mayUndo atomic.Bool
	def := start()
	def.Again = true
	def.Steps[0].Retry = saga.Retry{Pause: time.Millisecond}
	def.Steps[0].Compensate = func(ctx context.Context, tx pgx.Tx, s *saga.State) error {
		if !mayUndo.Load() {
			return errors.New("not yet")
		}
		return effect("not live")(ctx, tx, s)
	}
	engine := w.run(deps(w.pool), def)
	w.begin(engine, "1")
	for end := time.Now().Add(patience); w.state(engine, "1").Status != saga.Compensating; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not undone")
		}
	}
	err := db.Tx(w.ctx, w.pool, func(tx pgx.Tx) error {
		_, err := engine.Start(w.ctx, tx, "start", "1", nil)
		return err
	})
	if err == nil {
		t.Error("what is being undone was begun again, or forgotten")
	}
	mayUndo.Store(true)
	check(w, "status", w.over(engine, "1").Status, saga.Cancelled)
	check(w, "begun again", w.begin(engine, "1"), true)
	s := w.over(engine, "1")
	check(w, "status", s.Status, saga.Completed)
	check(w, "reason", s.Reason, "")
	check(w, "data", s.Data["room"]+s.Data["title"]+s.Data["told"], "r1xyes")
	check(w, "effects", w.effects("1"), "live, close, not live, live, told")
	check(w, "begun a third time", w.begin(engine, "1"), false)
	check(w, "effects", w.effects("1"), "live, close, not live, live, told")
}

func TestLocalStepRetriesThenTurnsRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var tries, undoes atomic.Int32
	def := saga.Definition{Name: "start", Steps: []saga.Step{
		{Name: "one", Do: effect("one"), Compensate: func(ctx context.Context, tx pgx.Tx, s *saga.State) error {
			if undoes.Add(1) == 1 {
				panic("the first undoing fails")
			}
			return effect("undo one")(ctx, tx, s)
		}, Retry: saga.Retry{Pause: time.Millisecond}},
		{Name: "two", Retry: saga.Retry{Attempts: 3, Pause: time.Millisecond}, Do: func(ctx context.Context, tx pgx.Tx, s *saga.State) error {
			_ = effect("two")(ctx, tx, s)
			if tries.Add(1); s.ID == "fatal" {
				return saga.Fatal(errors.New("pointless"))
			}
			return errors.New("refused")
		}},
	}}
	engine := w.run(deps(w.pool), def)
	w.begin(engine, "1")
	s := w.over(engine, "1")
	check(w, "status", s.Status, saga.Cancelled)
	check(w, "tries", tries.Load(), 3)
	check(w, "effects", w.effects("1"), "one, undo one")
	check(w, "reason", s.Reason, "refused")
	check(w, "undone at the second try", undoes.Load(), 2)
	w.begin(engine, "fatal")
	check(w, "status", w.over(engine, "fatal").Status, saga.Cancelled)
	check(w, "tries with a fatal error", tries.Load(), 4)
}

// TestFrozenInstanceCannotAct: one that is frozen within a step, past its lease, finds its token refused.
func TestFrozenInstanceCannotAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms(always)
	frozen, thaw := make(chan struct{}), make(chan struct{})
	var once sync.Once
	d := deps(w.pool)
	d.Workers = 1
	def := start()
	d.Crash = func(_, entry string, phase saga.Phase) {
		if entry == "done live" && phase == saga.AfterCommit {
			once.Do(func() { close(frozen); <-thaw })
		}
	}
	first := w.run(d, def, saga.Definition{Name: "own", Steps: []saga.Step{{Name: "only", Do: effect("own")}}})
	w.begin(first, "1")
	<-frozen
	w.run(deps(w.pool), def)
	s := w.over(first, "1")
	close(thaw)
	check(w, "status", s.Status, saga.Completed)
	// It works on one saga at a time, and nobody else knows this one: when it is done, it has tried with the other what it would.
	err := db.Tx(w.ctx, w.pool, func(tx pgx.Tx) error {
		_, err := first.Start(w.ctx, tx, "own", "2", nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); w.effects("2") == ""; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does nothing after it was frozen")
		}
	}
	check(w, "effects", w.effects("1"), "live, told")
	var events int
	if err := w.database.Admin().QueryRow(w.ctx, `SELECT count(*) FROM eventlog.event WHERE stream = 'saga/start/1'`).Scan(&events); err != nil || events != s.Version {
		t.Errorf("%d events of a saga that ended at %d, %v", events, s.Version, err)
	}
}

func TestDefinitionsAreChecked(t *testing.T) {
	t.Parallel()
	do := effect("x")
	for name, def := range map[string]saga.Definition{
		"no name":   {Steps: []saga.Step{{Name: "a", Do: do}}},
		"no steps":  {Name: "s"},
		"twice":     {Name: "s", Steps: []saga.Step{{Name: "a", Do: do}, {Name: "a", Do: do}}},
		"nothing":   {Name: "s", Steps: []saga.Step{{Name: "a"}}},
		"no answer": {Name: "s", Steps: []saga.Step{{Name: "a", Request: func(*saga.State) eventlog.Event { return eventlog.Event{} }}}},
	} {
		if _, err := saga.New(saga.Deps{}, def); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
