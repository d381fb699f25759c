package scheduler_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/service/scheduler"
)

func count(list []string, what string) (n int) {
	for _, entry := range list {
		if entry == what {
			n++
		}
	}
	return n
}

func TestFromReminderToTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	w.instance(nil)
	w.instance(nil) // Two instances do what one does, once.
	id := w.plan(2*time.Hour, 30)

	w.clock.add(time.Hour)
	w.until("the reminder", func() bool { return slices.Contains(w.history(id), "reminder.due") })
	if got := w.state(id); got != "planned" {
		t.Fatalf("an hour before its start it is %s", got)
	}
	w.clock.add(time.Hour)
	w.until("the start", func() bool { return slices.Contains(w.history(id), "start.completed") })
	if got := w.state(id); got != "live" {
		t.Fatalf("after its start it is %s", got)
	}
	w.clock.add(30 * time.Minute)
	w.until("the end", func() bool { return slices.Contains(w.history(id), "end.completed") })
	if got := w.state(id); got != "ended" {
		t.Fatalf("after its end it is %s", got)
	}
	want := []string{
		"reminder.due", "start.requested", "room.opened", "webinar.live", "start.completed", "end.requested",
		"room.closed", "webinar.ended", "attendance.evaluated", "end.completed",
	}
	if got := w.history(id); !slices.Equal(got, want) {
		t.Fatalf("happened %v\n    want %v", got, want)
	}
	var rule string
	if err := w.admin.QueryRow(context.Background(), "SELECT frozen_rule::text FROM datamanagement.webinar WHERE id = $1", id).Scan(&rule); err != nil || rule == "" {
		t.Fatalf("the rule was not frozen: %q, %v", rule, err)
	}
}

func TestMovedWebinarActsAtItsNewTimeOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	w.instance(nil)
	id := w.plan(2*time.Hour, 30)
	w.until("its reminder to be planned", func() bool { return w.timers(id, "reminder", "waiting") == 1 })
	ctx := context.Background()
	err := db.Tx(ctx, w.database.Pool("datamanagement"), func(tx pgx.Tx) error {
		return replan(ctx, tx, id, w.clock.Now().Add(24*time.Hour), 30, 2, false)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.add(3 * time.Hour)
	w.until("the old timers to be gone", func() bool {
		return w.timers(id, "start", "cancelled") == 1 && w.timers(id, "reminder", "cancelled") == 1
	})
	if history := w.history(id); len(history) != 0 {
		t.Fatalf("at its old time happened %v", history)
	}
	w.clock.add(21 * time.Hour)
	w.until("the start", func() bool { return w.state(id) == "live" })
	// All of yesterday's reminders would be late now; the one for the new time was due in the meantime, or never.
	if n := count(w.history(id), "reminder.due"); n > 1 {
		t.Fatalf("reminded %d times", n)
	}
}

func TestCancelledWebinarIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	w.instance(nil)
	id := w.plan(2*time.Hour, 30)
	other := w.plan(2*time.Hour, 30)
	ctx := context.Background()
	err := db.Tx(ctx, w.database.Pool("datamanagement"), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE datamanagement.webinar SET state = 'cancelled' WHERE id = $1", id); err != nil {
			return err
		}
		return replan(ctx, tx, id, w.clock.Now().Add(2*time.Hour), 30, 2, true)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.add(2 * time.Hour)
	w.until("the other one to start", func() bool { return w.state(other) == "live" })
	if history := w.history(id); len(history) != 0 || w.state(id) != "cancelled" {
		t.Fatalf("happened %v, it is %s", history, w.state(id))
	}
}

func TestNoReminderOnceTheStartHasCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	id := w.plan(2*time.Hour, 30)
	stop := w.instance(nil)
	w.until("its reminder to be planned", func() bool { return w.timers(id, "reminder", "waiting") == 1 })
	stop() // Nothing runs while reminder and start become due.
	w.clock.add(2*time.Hour + time.Minute)
	w.instance(nil)
	w.until("the start", func() bool { return slices.Contains(w.history(id), "start.completed") })
	if n := count(w.history(id), "reminder.due"); n != 0 {
		t.Fatalf("reminded %d times after the start", n)
	}
}

func TestStartIsUndoneAndTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.instance(func(c *scheduler.Config) { c.StartTimeout, c.StartAttempts = 100*time.Millisecond, 2 })
	id := w.plan(0, 30) // The live webinar service is down.
	w.untilPassing("the start to be undone", func() bool { return slices.Contains(w.history(id), "start.failed") })
	w.until("the status to be planned again", func() bool { return w.state(id) == "planned" || w.timers(id, "start", "waiting") == 1 })
	if n := count(w.history(id), "webinar.live"); n != 0 {
		t.Fatal("browsers were told of a webinar that nobody could enter")
	}
	w.others() // It is back. The clock stands still from here, so that its answer is in time.
	w.clock.add(2 * time.Second)
	w.until("the next try", func() bool { return slices.Contains(w.history(id), "start.completed") })
	if got := w.state(id); got != "live" {
		t.Fatalf("it is %s", got)
	}
	if n := count(w.history(id), "webinar.live"); n != 1 {
		t.Fatalf("told to be live %d times", n)
	}
}

func TestWebinarWhoseTimeIsOverIsNotStarted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	id := w.plan(time.Minute, 30)
	w.clock.add(3 * time.Hour)
	w.instance(nil)
	w.until("the start to be passed over", func() bool { return w.timers(id, "start", "done") == 1 })
	w.until("the end to be passed over", func() bool { return w.timers(id, "end", "done") == 1 })
	if history := w.history(id); len(history) != 0 {
		t.Fatalf("happened %v", history)
	}
}

func TestPlanAndWebinarCommitTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	tx, err := w.database.Pool("datamanagement").Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	id := w.plan(time.Hour, 30)
	if err := replan(ctx, tx, id, w.clock.Now().Add(5*time.Hour), 30, 2, false); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if w.timers(id, "start", "waiting") != 1 || w.timers(id, "start", "cancelled") != 0 {
		t.Fatal("a change that was rolled back moved timers")
	}
}

func TestLeadsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := start(w.database.Pool("scheduler"), w.clock.Now, func(c *scheduler.Config) { c.ReminderLeads = []time.Duration{0} }, w.rooms, nil)
	if err == nil {
		t.Fatal("a lead of zero was taken")
	}
}

func (w *world) timers(id any, kind, state string) (n int) {
	w.t.Helper()
	err := w.admin.QueryRow(context.Background(),
		"SELECT count(*) FROM scheduler.timer WHERE webinar_id = $1 AND kind = $2 AND state = $3", id, kind, state).Scan(&n)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// untilPassing waits while the clock passes.
func (w *world) untilPassing(what string, there func() bool) {
	w.t.Helper()
	w.until(what, func() bool { w.clock.add(50 * time.Millisecond); return there() })
}

// TestEveryLeadReminds plans one webinar long before all reminders and one between them: a reminder that is due together with a later one
// is not told, and each that is told says which it is.
func TestEveryLeadReminds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	w.instance(func(c *scheduler.Config) { c.ReminderLeads = []time.Duration{24 * time.Hour, time.Hour} })
	early, late := w.plan(30*time.Hour, 30), w.plan(30*time.Minute, 30)
	w.until("the one at short notice to be told once", func() bool {
		return w.timers(late, "reminder", "done") == 2 && count(w.history(late), "reminder.due") == 1
	})
	w.until("both reminders to be planned", func() bool { return w.timers(early, "reminder", "waiting") == 2 })
	w.clock.add(7 * time.Hour)
	w.until("the day before", func() bool { return count(w.history(early), "reminder.due") == 1 })
	w.clock.add(22*time.Hour + 30*time.Minute)
	w.until("the hour before", func() bool { return count(w.history(early), "reminder.due") == 2 })
	var leads string
	err := w.admin.QueryRow(context.Background(), `SELECT string_agg(payload->>'lead', ' ' ORDER BY pos) FROM eventlog.event
		WHERE type = 'reminder.due' AND stream = 'webinar/' || $1::text`, early).Scan(&leads)
	if err != nil || leads != "86400 3600" {
		t.Errorf("reminded with leads %q, %v", leads, err)
	}
}
