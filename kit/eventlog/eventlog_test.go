package eventlog_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
)

const patience = 30 * time.Second

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func known() eventlog.Types {
	return eventlog.Types{"room.opened": &wrapperspb.StringValue{}, "room.closed": &wrapperspb.Int64Value{}, "secret.told": &wrapperspb.BoolValue{}}
}

func open(pool *pgxpool.Pool) *eventlog.Log { return eventlog.New(pool, quiet(), nil, known()) }

func opened(stream, text string) eventlog.Event {
	return eventlog.Event{Stream: stream, ExpectedVersion: eventlog.Any, Message: wrapperspb.String(text)}
}

func add(ctx context.Context, pool *pgxpool.Pool, log *eventlog.Log, events ...eventlog.Event) error {
	return db.Tx(ctx, pool, func(tx pgx.Tx) error { return log.Append(ctx, tx, events...) })
}

// follow runs a follower until the test ends or stop is called.
func follow(t *testing.T, log *eventlog.Log, group string, h eventlog.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- log.Follow(ctx, group, []string{"room.opened"}, h) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("follow: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

func TestAppendAndFollowFromTheFirst(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, eventlog.Schema())
	rooms, scheduler := database.Pool("livewebinar"), database.Pool("scheduler")
	log := open(rooms)
	if err := add(ctx, rooms, log, opened("webinar/1", "a"), opened("webinar/1", "b")); err != nil {
		t.Fatal(err)
	}
	records := make(chan eventlog.Record, 10)
	handler := func(_ context.Context, _ pgx.Tx, r eventlog.Record) error { records <- r; return nil }
	stop := follow(t, open(scheduler), "g", handler)
	a, b := receive(t, records), receive(t, records)
	if a.Version != 1 || b.Version != 2 || a.Pos >= b.Pos || a.Stream != "webinar/1" || a.Type != "room.opened" || a.Actor != "rounds_livewebinar" {
		t.Errorf("got %+v, %+v", a, b)
	}
	if m, err := b.Message(); err != nil || m.(*wrapperspb.StringValue).GetValue() != "b" {
		t.Errorf("message %v, %v", m, err)
	}
	begun := time.Now()
	if err := add(ctx, rooms, log, opened("webinar/1", "c")); err != nil {
		t.Fatal(err)
	}
	receive(t, records)
	t.Logf("a waiting follower saw an event after %s", time.Since(begun))
	saved(t, database)
	stop()
	// The group goes on where it stopped; another begins at the first; so does the group after a rewind.
	if err := add(ctx, rooms, log, opened("webinar/2", "d")); err != nil {
		t.Fatal(err)
	}
	stop = follow(t, open(scheduler), "g", handler)
	if r := receive(t, records); r.Stream != "webinar/2" {
		t.Errorf("after a restart: %+v", r)
	}
	stop()
	if err := open(scheduler).Rewind(ctx, "g"); err != nil {
		t.Fatal(err)
	}
	follow(t, open(scheduler), "g", handler)
	for n := range 4 {
		if r := receive(t, records); n == 0 && r.Pos != a.Pos {
			t.Errorf("after a rewind the first is %+v", r)
		}
	}
}

// saved waits until a cursor is past every event: a handler that ran has not committed yet.
func saved(t *testing.T, database *dbtest.DB) {
	t.Helper()
	admin := database.Admin()
	for ok := false; !ok; {
		err := admin.QueryRow(context.Background(), `SELECT EXISTS (SELECT FROM eventlog.place
			WHERE xid > (SELECT max(xid) FROM eventlog.event))`).Scan(&ok)
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestExpectedVersion(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := dbtest.New(t, eventlog.Schema()).Pool("livewebinar")
	log := open(pool)
	at := func(version int) error {
		e := opened("webinar/1", "x")
		e.ExpectedVersion = version
		return add(ctx, pool, log, e)
	}
	for _, step := range []struct {
		expected int
		conflict bool
	}{{1, true}, {0, false}, {0, true}, {1, false}, {1, true}, {eventlog.Any, false}, {3, false}} {
		err := at(step.expected)
		if errs.HasCode(err, "eventlog.conflict") != step.conflict || !step.conflict && err != nil {
			t.Errorf("expected version %d: %v", step.expected, err)
		}
	}
	tx, err := pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	records, err := log.Stream(ctx, tx, "webinar/1", 1)
	if err != nil || len(records) != 3 || records[0].Version != 2 || records[2].Version != 4 {
		t.Errorf("stream after version 1: %v, %v", records, err)
	}
}

func TestFailingHandlerIsRetriedAndNothingSkipped(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, eventlog.Schema())
	if _, err := database.Admin().Exec(ctx, `CREATE TABLE public.done (n text); GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT ALL ON public.done TO PUBLIC`); err != nil {
		t.Fatal(err)
	}
	pool := database.Pool("livewebinar")
	log := open(pool)
	if err := add(ctx, pool, log, opened("s", "1"), opened("s", "2"), opened("s", "3")); err != nil {
		t.Fatal(err)
	}
	failures := 0
	last := make(chan struct{})
	follow(t, log, "g", func(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
		m, err := r.Message()
		if err != nil {
			return err
		}
		text := m.(*wrapperspb.StringValue).GetValue()
		if _, err := tx.Exec(ctx, `INSERT INTO public.done VALUES ($1)`, text); err != nil {
			return err
		}
		if text == "2" && failures < 3 {
			failures++
			if failures == 2 {
				panic("boom")
			}
			return fmt.Errorf("failure %d", failures)
		}
		if text == "3" {
			close(last)
		}
		return nil
	})
	receive(t, last)
	var done string
	for end := time.Now().Add(patience); done != "123" && time.Now().Before(end); {
		if err := pool.QueryRow(ctx, `SELECT coalesce(string_agg(n, '' ORDER BY n), '') FROM public.done`).Scan(&done); err != nil {
			t.Fatal(err)
		}
	}
	if done != "123" {
		t.Errorf("writes that stayed: %s, want each once", done)
	}
}

func TestRights(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, eventlog.Schema())
	const refused = "42501"
	rooms, tasks := database.Pool("livewebinar"), database.Pool("notificationtaskrunner")
	if err := add(ctx, tasks, open(tasks), opened("s", "x")); db.Code(err) != refused {
		t.Errorf("append by one who only listens: %v", err)
	}
	if err := add(ctx, rooms, open(rooms), eventlog.Event{Stream: "s", ExpectedVersion: eventlog.Any, Message: wrapperspb.Bool(true)}); db.Code(err) != refused {
		t.Errorf("append of a type of nobody: %v", err)
	}
	told := eventlog.Event{Stream: "s", ExpectedVersion: eventlog.Any, Message: wrapperspb.Bool(true)}
	if err := add(ctx, rooms, open(rooms), opened("s", "x"), told, opened("s", "y")); db.Code(err) != refused {
		t.Errorf("append of a type of nobody between others: %v", err)
	}
	if err := add(ctx, rooms, open(rooms), opened("s", "x")); err != nil {
		t.Error(err)
	}
	for what, sql := range map[string]string{
		"read a foreign type": `SELECT * FROM eventlog.read('0', 0, '9999', '{room.opened}', 10)`,
		"claim with one":      `SELECT * FROM eventlog.claim('g', '{room.opened}')`,
		"read its stream":     `SELECT * FROM eventlog.stream_events('s', 0)`,
		"read the table":      `SELECT payload FROM eventlog.event`,
		"delete an event":     `DELETE FROM eventlog.event`,
		"restored":            `SELECT eventlog.restored()`,
	} {
		if _, err := tasks.Exec(ctx, sql); db.Code(err) != refused {
			t.Errorf("%s: want refused, got %v", what, err)
		}
	}
}

// TestNothingMissedNothingOutOfOrder is the reason for the transaction numbers: 32 writers whose transactions last differently long and
// take their numbers at different moments, on streams that they share, and one transaction that is open all the while, while listeners'
// connections are killed. What a follower writes with its place is there once for each event, and in their order.
func TestNothingMissedNothingOutOfOrder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, eventlog.Schema())
	admin := database.Admin()
	if _, err := admin.Exec(ctx, `CREATE TABLE public.scratch (n int); CREATE TABLE public.handled (nth serial, grp text, stream text, version int);
		GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO PUBLIC`); err != nil {
		t.Fatal(err)
	}
	config, err := pgxpool.ParseConfig(database.URL("livewebinar"))
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 36
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	const writers, each, streams = 32, 60, 16
	seen := newSeen()
	for range 2 { // instances of one group
		follow(t, open(database.Pool("scheduler")), "one", seen.handler("one"))
	}
	follow(t, open(database.Pool("scheduler")), "two", seen.handler("two"))
	log := open(pool)
	oldest, err := pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Append(ctx, oldest, opened("s/open", "x")); err != nil { // first of all, and seen last of all
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var written atomic.Int64
	for w := range writers {
		group.Go(func() {
			for n := range each {
				events := []eventlog.Event{opened(fmt.Sprintf("s/%d", rand.IntN(streams)), "x")}
				for n%5 == 0 && len(events) < 4 { // some go together, also several of one stream
					events = append(events, opened(fmt.Sprintf("s/%d", rand.IntN(3)), "x"))
				}
				if err := slowly(ctx, pool, log, w%4 == 0, events...); err != nil {
					t.Errorf("writer %d, event %d: %v", w, n, err)
				}
				written.Add(int64(len(events)))
			}
		})
	}
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	killed := 0
	for writing := true; writing; {
		select {
		case <-ended:
			writing = false
		case <-time.After(100 * time.Millisecond):
			tag, err := admin.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR usename = 'rounds_scheduler' AND random() < 0.3)`)
			if err != nil {
				t.Fatal(err)
			}
			killed += int(tag.RowsAffected())
		}
	}
	if early := texts(t, admin, `SELECT stream || ' ' || version FROM public.handled`); len(early) > 0 {
		t.Errorf("%d events were handed over while a transaction before them was open, such as %s", len(early), early[0])
	}
	if killed == 0 {
		t.Error("no connection was killed: this proved nothing")
	}
	if err := oldest.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	total := int(written.Load()) + 1
	follow(t, open(database.Pool("scheduler")), "late", seen.handler("late")) // replays from the first
	for _, name := range []string{"one", "two", "late"} {
		seen.wait(t, admin, name, total)
		for _, problem := range seen.problems(name) {
			t.Errorf("group %s: %s", name, problem)
		}
		handledOnce(t, admin, name, total)
	}
	t.Logf("%d events, %d connections killed", total, killed)
}

// TestAppendMany has more than one event in one statement: each stream's versions go on, and all are in the order in which they were given.
func TestAppendMany(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, eventlog.Schema())
	rooms := database.Pool("livewebinar")
	log := open(rooms)
	for _, events := range [][]eventlog.Event{
		{opened("b", "1")},
		{opened("b", "2"), opened("a", "3"), opened("b", "4"), opened("c", "5"), opened("a", "6")},
		{{Stream: "d", ExpectedVersion: 0, Message: wrapperspb.String("7")}, opened("b", "8")},
	} {
		if err := add(ctx, rooms, log, events...); err != nil {
			t.Fatal(err)
		}
	}
	got := texts(t, database.Admin(), `SELECT stream || version || ' ' || (payload #>> '{}') FROM eventlog.event ORDER BY pos`)
	if want := []string{"b1 1", "b2 2", "a1 3", "b3 4", "c1 5", "a2 6", "d1 7", "b4 8"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	late := eventlog.Event{Stream: "d", ExpectedVersion: 0, Message: wrapperspb.String("9")}
	if err := add(ctx, rooms, log, opened("a", "9"), late); errs.Of(err).Code != "eventlog.conflict" {
		t.Errorf("one among many that came too late: %v", err)
	}
}

// handledOnce looks at what was committed together with the place of a group: each event once, each stream in its order.
func handledOnce(t *testing.T, admin *pgxpool.Pool, group string, want int) {
	t.Helper()
	var n int
	for end := time.Now().Add(patience); n < want && time.Now().Before(end); time.Sleep(10 * time.Millisecond) { // the last batch commits after it was seen
		if err := admin.QueryRow(context.Background(), `SELECT count(*) FROM public.handled WHERE grp = $1`, group).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	if n != want {
		t.Errorf("group %s has handled %d of %d events", group, n, want)
	}
	for _, wrong := range texts(t, admin, `SELECT format('%s: the %s. that was handled is version %s', stream, place, version) FROM (
		SELECT stream, version, row_number() OVER (PARTITION BY stream ORDER BY nth) AS place FROM public.handled WHERE grp = '`+group+`') h WHERE place <> version`) {
		t.Errorf("group %s: %s", group, wrong)
	}
}

func texts(t *testing.T, admin *pgxpool.Pool, sql string) []string {
	t.Helper()
	rows, err := admin.Query(context.Background(), sql)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// slowly appends in a transaction that may get its number early and commit late.
func slowly(ctx context.Context, pool *pgxpool.Pool, log *eventlog.Log, long bool, events ...eventlog.Event) error {
	return db.Tx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO public.scratch VALUES (1)`); err != nil { // the number is drawn here
			return err
		}
		most := 4
		if long {
			most = 60
		}
		if _, err := tx.Exec(ctx, `SELECT pg_sleep($1::float8 / 1000)`, rand.IntN(most)); err != nil {
			return err
		}
		if err := log.Append(ctx, tx, events...); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `SELECT pg_sleep($1::float8 / 1000)`, rand.IntN(most))
		return err
	})
}

// TestOldTransactionAppendsLast is the trap in its smallest form: the stream's second event is written by an older
// transaction than the first one, while a third, between the two, still runs.
func TestOldTransactionAppendsLast(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := dbtest.New(t, eventlog.Schema()).Pool("livewebinar")
	log := open(pool)
	begin := func() pgx.Tx {
		t.Helper()
		tx, err := pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(ctx, `SELECT pg_current_xact_id()`); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	old, between, young := begin(), begin(), begin()
	for _, tx := range []pgx.Tx{young, old} {
		if err := log.Append(ctx, tx, opened("s", "x")); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	versions := make(chan int, 10)
	follow(t, log, "g", func(_ context.Context, _ pgx.Tx, r eventlog.Record) error { versions <- r.Version; return nil })
	select {
	case v := <-versions:
		t.Fatalf("version %d came while an older transaction ran", v)
	case <-time.After(300 * time.Millisecond): // nothing may come, and only time shows it
	}
	if err := between.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if first, second := receive(t, versions), receive(t, versions); first != 1 || second != 2 {
		t.Errorf("came as %d, %d", first, second)
	}
}

// seen keeps, per group and stream, the versions in the order in which they came. A transaction of a follower that was
// killed is repeated, so a version may come again after it came; what the handler wrote in that transaction is gone.
type seen struct {
	mu sync.Mutex
	by map[string]map[string][]int
}

func newSeen() *seen { return &seen{by: map[string]map[string][]int{}} }

func (s *seen) handler(group string) eventlog.Handler {
	return func(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
		s.mu.Lock()
		if s.by[group] == nil {
			s.by[group] = map[string][]int{}
		}
		s.by[group][r.Stream] = append(s.by[group][r.Stream], r.Version)
		s.mu.Unlock()
		_, err := tx.Exec(ctx, `INSERT INTO public.handled (grp, stream, version) VALUES ($1, $2, $3)`, group, r.Stream, r.Version)
		return err
	}
}

func (s *seen) wait(t *testing.T, admin *pgxpool.Pool, group string, want int) {
	t.Helper()
	before := 0
	for end := time.Now().Add(patience); ; {
		s.mu.Lock()
		got := 0
		for _, versions := range s.by[group] {
			top := 0
			for _, v := range versions {
				top = max(top, v)
			}
			got += top
		}
		s.mu.Unlock()
		if got == want {
			return
		}
		if got > before { // slow is not stuck
			before, end = got, time.Now().Add(patience)
		}
		if time.Now().After(end) {
			var oldest string
			_ = admin.QueryRow(context.Background(), `SELECT coalesce(string_agg(format('%s %s for %s: %s', datname, state, now() - xact_start, left(query, 60)), '; '), 'none')
				FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND xact_start < now() - interval '3 s'`).Scan(&oldest)
			t.Fatalf("group %s reached %d of %d events; transactions that hold it up: %s", group, got, want, oldest)
		}
		time.Sleep(10 * time.Millisecond) // other tests' transactions hold the horizon, too
	}
}

// problems finds versions that were skipped: each must follow one that came before.
func (s *seen) problems(group string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for stream, versions := range s.by[group] {
		top := 0
		for _, v := range versions {
			if v > top+1 {
				found = append(found, fmt.Sprintf("%s: version %d came when %d was the last", stream, v, top))
			}
			top = max(top, v)
		}
	}
	return found
}

func TestRestoredIntoAnotherCluster(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, eventlog.Schema())
	pool := database.Pool("livewebinar")
	log := open(pool)
	if err := add(ctx, pool, log, opened("s", "1"), opened("s", "2")); err != nil {
		t.Fatal(err)
	}
	records := make(chan eventlog.Record, 10)
	handler := func(_ context.Context, _ pgx.Tx, r eventlog.Record) error { records <- r; return nil }
	stop := follow(t, log, "g", handler)
	receive(t, records)
	receive(t, records)
	saved(t, database)
	stop()
	if err := add(ctx, pool, log, opened("s", "3")); err != nil {
		t.Fatal(err)
	}
	// As after a restore: the numbers in the tables are far ahead of the server's.
	if _, err := database.Admin().Exec(ctx, `UPDATE eventlog.event SET xid = (xid::text::numeric + 1e12)::text::xid8;
		UPDATE eventlog.stream SET xid = (xid::text::numeric + 1e12)::text::xid8;
		UPDATE eventlog.place SET xid = (xid::text::numeric + 1e12)::text::xid8;
		SELECT eventlog.restored()`); err != nil {
		t.Fatal(err)
	}
	follow(t, log, "g", handler)
	if r := receive(t, records); r.Version != 3 {
		t.Errorf("after a restore the first is version %d", r.Version)
	}
	if err := add(ctx, pool, log, opened("s", "4")); err != nil {
		t.Fatal(err)
	}
	if r := receive(t, records); r.Version != 4 {
		t.Errorf("then version %d", r.Version)
	}
}

func TestUnknownTypes(t *testing.T) {
	t.Parallel()
	log := open(dbtest.New(t, eventlog.Schema()).Pool("livewebinar"))
	if err := log.Follow(context.Background(), "g", []string{"no.such"}, nil); err == nil || !strings.Contains(err.Error(), "no.such") {
		t.Errorf("follow: %v", err)
	}
}
