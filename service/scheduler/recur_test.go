package scheduler_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/service/scheduler/internal/store"
)

// periods lists what the clock told, each as its end and, after a slash, since when it counts.
func (w *world) periods(kind string) []string {
	w.t.Helper()
	rows, err := w.admin.Query(context.Background(), `SELECT payload->>'at' || coalesce('/' || (payload->>'since'), '')
		FROM eventlog.event WHERE stream = 'time' AND type = $1 ORDER BY version`, kind)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// at sets the clock before anything runs.
func (w *world) at(text string) {
	w.t.Helper()
	now, err := time.Parse(time.RFC3339, text)
	if err != nil {
		w.t.Fatal(err)
	}
	w.clock.add(now.Sub(w.clock.Now()))
}

func (w *world) recurrences() (n int) {
	w.t.Helper()
	if err := w.admin.QueryRow(context.Background(), "SELECT count(*) FROM scheduler.recurrence").Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// TestEachPeriodComesOnce has three instances; each hour is told once, and the hours that pass while nothing runs are told as one.
func TestEachPeriodComesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2026-10-24T21:40:00Z")
	var stops []func()
	for range 3 {
		stops = append(stops, w.instance(nil))
	}
	w.until("the first periods", func() bool { return w.recurrences() == 4 })
	var want []string
	for _, hour := range []string{"22", "23"} { // no matter that a clock of some people changes in this night
		w.clock.add(time.Hour)
		want = append(want, "2026-10-24T"+hour+":00:00Z")
		w.until("the hour", func() bool { return len(w.periods("digest.due")) == len(want) })
	}
	for _, stop := range stops {
		stop()
	}
	w.clock.add(7*time.Hour + 30*time.Minute) // 07:10; nothing ran at 2, when what is old goes, and at 5, when licences are looked at
	for range 3 {
		w.instance(nil)
	}
	want = append(want, "2026-10-25T07:00:00Z")
	w.until("one hour for all that were missed", func() bool { return len(w.periods("digest.due")) == len(want) })
	w.until("the day", func() bool { return len(w.periods("licence.due")) == 1 && len(w.periods("retention.due")) == 1 })
	w.clock.add(time.Hour)
	want = append(want, "2026-10-25T08:00:00Z")
	w.until("the next hour", func() bool { return len(w.periods("digest.due")) == len(want) })

	var ends, begins []string
	for _, p := range w.periods("digest.due") {
		end, begin, _ := strings.Cut(p, "/")
		ends, begins = append(ends, end), append(begins, begin)
	}
	if !slices.Equal(ends, want) {
		t.Errorf("the hours were %v, not %v", ends, want)
	}
	if wants := append([]string{"2026-10-24T21:00:00Z"}, want[:len(want)-1]...); !slices.Equal(begins, wants) {
		t.Errorf("they count since %v, not since %v", begins, wants)
	}
	if got := w.periods("licence.due"); !slices.Equal(got, []string{"2026-10-25T05:00:00Z/2026-10-24T05:00:00Z"}) {
		t.Errorf("licences are looked at %v", got)
	}
	if got := w.periods("retention.due"); !slices.Equal(got, []string{"2026-10-25T02:00:00Z"}) {
		t.Errorf("what is old goes %v", got)
	}
}

// TestWhoLostThePeriodCannotFireIt is the fence by itself: a claim that was taken over marks nothing.
func TestWhoLostThePeriodCannotFireIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, ctx, now := store.New(w.database.Pool("scheduler")), context.Background(), w.clock.Now()
	if err := q.RecurrenceAdd(ctx, store.RecurrenceAddParams{Name: "digest", LastAt: now.Add(-time.Hour), DueAt: now}); err != nil {
		t.Fatal(err)
	}
	claim := func(at time.Time) []store.RecurrenceClaimRow {
		until := at.Add(time.Second)
		rows, err := q.RecurrenceClaim(ctx, store.RecurrenceClaimParams{Names: []string{"digest"}, Now: at, LeaseUntil: &until})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	first := claim(now)
	if len(first) != 1 || len(claim(now)) != 0 {
		t.Fatal("one instance claims what is due, and no other while the claim holds")
	}
	second := claim(now.Add(time.Minute))
	if len(second) != 1 {
		t.Fatal("a claim that ran out is taken over")
	}
	for i, c := range []store.RecurrenceClaimRow{first[0], second[0], second[0]} {
		n, err := q.RecurrenceDone(ctx, store.RecurrenceDoneParams{Name: c.Name, Token: c.Token, LastAt: now, DueAt: now.Add(time.Hour)})
		if want := []int64{0, 1, 0}[i]; err != nil || n != want {
			t.Errorf("attempt %d marked %d, not %d (%v)", i, n, want, err)
		}
	}
}

// TestOldTimersGo: those that fired long ago, whose webinar is as long ago, and no others.
func TestOldTimersGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2026-06-01T12:00:00Z")
	old, young := w.plan(-91*24*time.Hour, 30), w.plan(-10*24*time.Hour, 30)
	w.exec("UPDATE scheduler.timer SET state = 'done'")
	late := w.plan(-91*24*time.Hour, 30) // its timers still wait
	w.clock.add(-12 * time.Hour)
	w.exec("UPDATE scheduler.timer SET lease_until = '2027-01-01' WHERE state = 'waiting'")
	w.instance(nil)
	w.until("the first periods", func() bool { return w.recurrences() == 4 })
	w.clock.add(4 * time.Hour)
	w.until("the old ones to go", func() bool { return w.timers(old, "start", "done") == 0 && w.timers(old, "end", "done") == 0 })
	if w.timers(young, "start", "done") != 1 || w.timers(late, "start", "waiting") != 1 {
		t.Error("a timer went that is young, or waits")
	}
}

// TestEveryTableSaysHowLongItKeeps holds the rules against the tables that there are.
func TestEveryTableSaysHowLongItKeeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rows, err := w.admin.Query(context.Background(), `SELECT coalesce(r."table", t.tablename) FROM scheduler.retention r
		FULL JOIN (SELECT tablename FROM pg_tables WHERE schemaname = 'scheduler' AND tablename NOT LIKE 'goose%') t ON t.tablename = r."table"
		WHERE r."table" IS NULL OR t.tablename IS NULL OR r.why = ''`)
	if err != nil {
		t.Fatal(err)
	}
	if differ, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(differ) > 0 {
		t.Errorf("tables without a rule, or rules without a table: %v (%v)", differ, err)
	}
}
