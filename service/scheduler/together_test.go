package scheduler_test

import (
	"testing"
	"time"

	"github.com/rounds-cme/rounds/service/scheduler"
)

// TestRemindersTogether: reminders that fall due at once are given together, each once; one that cannot be given, one that was moved away and
// one that was cancelled harm no other.
func TestRemindersTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 30
	for range many {
		w.plan(2*time.Hour, 60)
	}
	bad, moved, cancelled := w.plan(2*time.Hour, 60), w.plan(2*time.Hour, 60), w.plan(2*time.Hour, 60)
	// The database refuses what is told of this one.
	w.exec(`CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$`)
	w.exec(`CREATE TRIGGER refuse BEFORE INSERT ON eventlog.event FOR EACH ROW WHEN (NEW.stream = 'webinar/` + bad.String() + `') EXECUTE FUNCTION public.refuse()`)
	w.instance(func(c *scheduler.Config) { c.ReminderLeads = []time.Duration{time.Hour} })
	w.until("all reminders to be planned", func() bool {
		return w.count(`SELECT count(*) FROM scheduler.timer WHERE kind = 'reminder' AND state = 'waiting'`) == many+3
	})
	w.replan(moved, 4*time.Hour, false)
	w.replan(cancelled, 2*time.Hour, true)
	w.clock.add(time.Hour + time.Second)
	const told = `SELECT count(*) FROM eventlog.event WHERE type = 'reminder.due'`
	w.until("all others", func() bool { return w.count(told) == many })
	w.until("the reason of the one", func() bool {
		return w.count(`SELECT count(*) FROM scheduler.timer WHERE webinar_id = $1 AND kind = 'reminder' AND state = 'waiting' AND error LIKE '%not this one%'`, bad) == 1
	})
	if n := w.count(`SELECT count(DISTINCT stream) FROM eventlog.event WHERE type = 'reminder.due'`); n != many {
		t.Errorf("%d webinars were reminded of, want %d", n, many)
	}
	w.exec(`DROP TRIGGER refuse ON eventlog.event`)
	w.clock.add(time.Minute)
	w.until("the one, when it can be given", func() bool { return w.count(told) == many+1 })
}

// count answers a question with a number.
func (w *world) count(query string, arguments ...any) (n int) {
	w.t.Helper()
	if err := w.admin.QueryRow(w.t.Context(), query, arguments...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}
