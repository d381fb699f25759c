package livewebinar

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/datamanagement"
)

// ending is a room that is closing, with a log and nobody in it.
type ending struct {
	*dbtest.DB

	t       testing.TB
	webinar uuid.UUID
	closed  time.Time
}

// watchedBy is such a room in which so many people watched for so many beats.
func watchedBy(t testing.TB, people, beats int) *ending {
	t.Helper()
	e := &ending{t: t, DB: dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema(), Schema())}
	e.webinar = newArenaOn(t, e.DB, e.Pool("livewebinar")).webinar
	e.exec(`UPDATE livewebinar.room SET state = 'closing', opened_at = now() - interval '1 hour', closing_at = now()`)
	e.exec(`INSERT INTO livewebinar.beat (webinar_id, account_id, stream, sequence, event, at, position_ms, hidden)
		SELECT r.webinar_id, md5(p::text)::uuid, 's', n, CASE WHEN n = 0 THEN 'joined' WHEN (n + p) % 40 = 0 THEN 'paused' ELSE 'playing' END,
			r.opened_at + n * interval '15 seconds' + p * interval '1 millisecond', 0, false
		FROM livewebinar.room r, generate_series(1, $1::integer) p, generate_series(0, $2::integer) n`, people, beats)
	e.exec(`INSERT INTO livewebinar.presence_check (webinar_id, account_id, number, due_at, sent_at, delivered_at, answered_at)
		SELECT r.webinar_id, md5(p::text)::uuid, n, r.opened_at + n * interval '10 minutes', r.opened_at + n * interval '10 minutes',
			r.opened_at + n * interval '10 minutes', CASE WHEN (n + p) % 5 > 0 THEN r.opened_at + n * interval '601 seconds' END
		FROM livewebinar.room r, generate_series(1, $1::integer) p, generate_series(1, 3) n`, people)
	e.exec(`ANALYZE livewebinar.beat, livewebinar.presence_check`)
	if err := e.Admin().QueryRow(t.Context(), `SELECT closing_at FROM livewebinar.room`).Scan(&e.closed); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *ending) exec(sql string, args ...any) {
	e.t.Helper()
	if _, err := e.Admin().Exec(e.t.Context(), sql, args...); err != nil {
		e.t.Fatal(err)
	}
}

func (e *ending) count(sql string) int {
	e.t.Helper()
	var n int
	if err := e.Admin().QueryRow(e.t.Context(), sql).Scan(&n); err != nil {
		e.t.Fatal(err)
	}
	return n
}

// evidence is what was written down of each person.
func (e *ending) evidence() map[uuid.UUID]string {
	e.t.Helper()
	rows, err := e.Admin().Query(e.t.Context(), `SELECT account_id, concat(first_joined_at, seconds, evidence, sha256) FROM livewebinar.attendance`)
	if err != nil {
		e.t.Fatal(err)
	}
	all, account, text := map[uuid.UUID]string{}, uuid.UUID{}, ""
	if _, err := pgx.ForEachRow(rows, []any{&account, &text}, func() error { all[account] = text; return nil }); err != nil {
		e.t.Fatal(err)
	}
	return all
}

// before does something when a query of this name is about to be asked for so many times.
type before struct {
	query string
	times int32
	do    func()
	asked atomic.Int32
}

// TraceQueryStart implements pgx.QueryTracer.
func (b *before) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if strings.HasPrefix(q.SQL, "-- name: "+b.query+" ") && b.asked.Add(1) == b.times {
		b.do()
	}
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*before) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// instance is one to whose queries b listens.
func (e *ending) instance(b *before) *server {
	e.t.Helper()
	config := e.Pool("livewebinar").Config()
	config.ConnConfig.Tracer = b
	pool, err := pgxpool.NewWithConfig(e.t.Context(), config)
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(pool.Close)
	return instanceOn(e.t, pool)
}

// TestFreezeGoesOnElsewhere stops the freezing of attendance at each of its steps; another instance goes on each time. Nobody is
// there twice, nobody is missing, and the bytes are those of one who did it all at once, though what the webinar is worth was
// changed in between.
func TestFreezeGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	const people = 2*freezePage + freezePage/2
	e := watchedBy(t, people, 5)
	for _, step := range []struct {
		query   string
		times   int32
		written int
	}{
		{"FrameAdd", 1, 0}, {"AttendanceAdd", 1, 0}, {"AttendanceAdd", 2, freezePage}, {"AttendanceAdd", 2, 2 * freezePage}, {"RoomClosed", 1, people},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		b := &before{query: step.query, times: step.times, do: cancel}
		if err := e.instance(b).freeze(ctx, e.webinar, e.closed); !errors.Is(err, context.Canceled) {
			t.Fatalf("it was not stopped at %s: %v", step.query, err)
		}
		cancel()
		if n := e.count(`SELECT count(*) FROM livewebinar.attendance`); n != step.written {
			t.Errorf("%d people are written at %s, want %d", n, step.query, step.written)
		}
		if e.count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closing'`) != 1 || e.count(`SELECT count(*) FROM eventlog.event`) != 0 ||
			e.count(`SELECT count(*) FROM livewebinar.datamanagement_attendance`)+e.count(`SELECT count(*) FROM livewebinar.bff_attendance`) != 0 {
			t.Errorf("at %s others see a part of it", step.query)
		}
		if step.written > 0 {
			e.exec(`UPDATE datamanagement.webinar SET hundredths = 150`)
		}
	}
	last := instanceOn(t, e.Pool("livewebinar"))
	for range 2 { // the second time nothing is left to do
		if err := last.freeze(t.Context(), e.webinar, e.closed); err != nil {
			t.Fatal(err)
		}
	}
	if n := e.count(`SELECT count(*) FROM eventlog.event WHERE type = 'room.closed' AND (payload->>'viewers')::integer = 1250`); n != 1 {
		t.Errorf("room.closed is told %d times", n)
	}
	piecemeal := e.evidence()
	e.exec(`DELETE FROM livewebinar.attendance`)
	e.exec(`DELETE FROM livewebinar.frame`)
	e.exec(`UPDATE datamanagement.webinar SET hundredths = 100`)
	e.exec(`UPDATE livewebinar.room SET state = 'closing', closed_at = NULL`)
	if err := last.freeze(t.Context(), e.webinar, e.closed); err != nil {
		t.Fatal(err)
	}
	if whole := e.evidence(); len(whole) != people || !maps.Equal(whole, piecemeal) {
		t.Errorf("%d people at once, %d piecemeal, or other bytes", len(whole), len(piecemeal))
	}
}

// TestFreezeBySeveral has three instances freeze one room at the same time, which happens when each holds the others to be dead.
func TestFreezeBySeveral(t *testing.T) {
	t.Parallel()
	e := watchedBy(t, freezePage+50, 3)
	failed := make(chan error, 3)
	for range cap(failed) {
		s := instanceOn(t, e.Pool("livewebinar"))
		go func() { failed <- s.freeze(t.Context(), e.webinar, e.closed) }()
	}
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if n, told := e.count(`SELECT count(*) FROM livewebinar.attendance`), e.count(`SELECT count(*) FROM eventlog.event`); n != freezePage+50 || told != 1 {
		t.Errorf("%d people, room.closed %d times", n, told)
	}
}

// TestEventsGoOnDuringFreeze looks at the events of others while attendance is being frozen: they arrive, because between two pages
// nothing is held, and no page is more than it may be.
func TestEventsGoOnDuringFreeze(t *testing.T) {
	t.Parallel()
	e := watchedBy(t, 2*freezePage+1, 3)
	s := instanceOn(t, e.Pool("scheduler"))
	heard, said := make(chan int64, 100), 0
	ctx, stop := context.WithCancel(t.Context())
	following := make(chan error, 1)
	go func() {
		following <- s.events.Follow(ctx, "test", []string{"start.completed"}, func(_ context.Context, _ pgx.Tx, r eventlog.Record) error {
			heard <- r.Pos
			return nil
		})
	}()
	say := func() {
		said++
		err := db.Tx(t.Context(), e.Pool("scheduler"), func(tx pgx.Tx) error {
			return s.events.Append(t.Context(), tx, eventlog.Event{
				Stream: "webinar/" + uuid.NewString(), ExpectedVersion: 0, Type: "start.completed", Message: &eventpb.StartCompleted{},
			})
		})
		if err != nil {
			t.Error(err)
			return
		}
		select {
		case <-heard:
		case <-time.After(45 * time.Second): // other tests hold back the events of all databases, for a moment
			t.Errorf("event %d is not heard while attendance is being frozen", said)
		}
	}
	for page := int32(1); page <= 3; page++ {
		b := &before{query: "AttendanceAdd", times: page, do: say}
		e.exec(`DELETE FROM livewebinar.attendance`)
		e.exec(`UPDATE livewebinar.room SET state = 'closing', closed_at = NULL`)
		if err := e.instance(b).freeze(t.Context(), e.webinar, e.closed); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	<-following
	if said != 3 {
		t.Errorf("%d events were said", said)
	}
	if n := e.count(`SELECT max(n) FROM (SELECT count(*) AS n FROM livewebinar.attendance GROUP BY xmin::text) AS page`); n != freezePage {
		t.Errorf("%d people in one transaction", n)
	}
}

// BenchmarkFreeze freezes what a thousand people watched for an hour. transaction-ms is how long the longest transaction held back the
// events of everybody, as seen from outside.
func BenchmarkFreeze(b *testing.B) {
	e := watchedBy(b, freezePeople, 240)
	s := instanceOn(b, e.Pool("livewebinar"))
	var longest time.Duration
	for b.Loop() {
		b.StopTimer()
		e.exec(`TRUNCATE livewebinar.attendance, livewebinar.frame`)
		e.exec(`UPDATE livewebinar.room SET state = 'closing', closed_at = NULL`)
		done := make(chan struct{})
		look := make(chan time.Duration)
		go func() { look <- e.longest(done) }()
		b.StartTimer()
		if err := s.freeze(b.Context(), e.webinar, e.closed); err != nil {
			b.Fatal(err)
		}
		close(done)
		longest = max(longest, <-look)
	}
	b.ReportMetric(float64(longest.Milliseconds()), "transaction-ms")
}

// freezePeople is how many are in the benchmark.
const freezePeople = 1000

// longest looks every few milliseconds how old the oldest transaction is that writes.
func (e *ending) longest(done chan struct{}) (longest time.Duration) {
	for {
		select {
		case <-done:
			return longest
		case <-time.After(2 * time.Millisecond):
		}
		var seconds float64
		err := e.Admin().QueryRow(e.t.Context(), `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 FROM pg_stat_activity
			WHERE datname = current_database() AND backend_xid IS NOT NULL`).Scan(&seconds)
		if err != nil {
			e.t.Error(err)
		}
		longest = max(longest, time.Duration(seconds*float64(time.Second)))
	}
}
