package scheduler_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// TestMissingHostsAreTold ten minutes before the start, once, by two instances; not of the webinar whose host is there.
func TestMissingHostsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	lonely, hosted := w.plan(2*time.Hour, 30), w.plan(2*time.Hour, 30)
	w.rooms = func([]string) (*livewebinarpb.StatusResponse, error) {
		return &livewebinarpb.StatusResponse{Hosts: map[string]int32{hosted.String(): 1}}, nil
	}
	w.instance(nil)
	w.instance(nil)
	w.until("the timers", func() bool {
		return w.timers(lonely, "hosts", "waiting") == 1 && w.timers(hosted, "hosts", "waiting") == 1
	})
	w.clock.add(2*time.Hour - 10*time.Minute - time.Second)
	w.until("the reminder", func() bool { return slices.Contains(w.history(lonely), "reminder.due") })
	if slices.Contains(w.history(lonely), "hosts.missing") {
		t.Fatal("told too early")
	}
	w.clock.add(time.Second)
	w.until("both to be looked at", func() bool { return w.timers(lonely, "hosts", "done") == 1 && w.timers(hosted, "hosts", "done") == 1 })
	if a, b := count(w.history(lonely), "hosts.missing"), count(w.history(hosted), "hosts.missing"); a != 1 || b != 0 {
		t.Errorf("missing hosts were told %d times, and those who are there %d times", a, b)
	}
}

// TestWhatCannotBeToldIsNotTold: while the rooms do not answer nobody is alarmed; they are asked until they do, or the start has come.
func TestWhatCannotBeToldIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	asked, away := atomic.Int32{}, atomic.Bool{}
	away.Store(true)
	w.rooms = func(ids []string) (*livewebinarpb.StatusResponse, error) {
		asked.Add(1)
		if away.Load() {
			return nil, errors.New("the rooms are down")
		}
		return hosts(0)(ids)
	}
	w.instance(nil)
	first, second := w.plan(5*time.Minute, 30), w.plan(time.Hour, 30)
	w.until("the rooms to be asked", func() bool { return asked.Load() > 0 })
	w.untilPassing("the rooms to be asked again", func() bool { return asked.Load() > 2 })
	if slices.Contains(w.history(first), "hosts.missing") {
		t.Error("somebody was alarmed by what nobody knows")
	}
	w.clock.add(6 * time.Minute)
	w.untilPassing("the start", func() bool { return slices.Contains(w.history(first), "start.completed") })
	w.untilPassing("nobody to ask any more", func() bool { return w.timers(first, "hosts", "done") == 1 })
	away.Store(false)
	w.clock.add(45 * time.Minute)
	w.until("the second one to be told", func() bool { return slices.Contains(w.history(second), "hosts.missing") })
	if slices.Contains(w.history(first), "hosts.missing") {
		t.Error("somebody was told after the start")
	}
}

// TestFrozenInstanceCannotActTwice freezes one between its claim and its act, for longer than the lease; another acts, and the first one,
// when it wakes up, does not.
func TestFrozenInstanceCannotActTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	frozen, thaw := make(chan struct{}, 1), make(chan struct{})
	w.rooms = func(ids []string) (*livewebinarpb.StatusResponse, error) {
		select {
		case frozen <- struct{}{}:
		default:
		}
		<-thaw
		return hosts(0)(ids)
	}
	stop := w.instance(nil)
	id := w.plan(5*time.Minute, 30)
	<-frozen
	w.rooms = hosts(0)
	w.clock.add(time.Minute)
	w.instance(nil)
	w.until("another one to act", func() bool { return count(w.history(id), "hosts.missing") == 1 })
	close(thaw)
	stop() // It returns when it has done all that it was about to do.
	if n := count(w.history(id), "hosts.missing"); n != 1 {
		t.Errorf("it was told %d times", n)
	}
}

// TestHostsAreLookedForAtTheNewTime: the timer moves and goes with the webinar, in the same transaction.
func TestHostsAreLookedForAtTheNewTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms = hosts(0)
	w.instance(nil)
	moved, gone := w.plan(time.Hour, 30), w.plan(time.Hour, 30)
	w.until("the timers", func() bool {
		return w.timers(moved, "hosts", "waiting") == 1 && w.timers(gone, "hosts", "waiting") == 1
	})
	w.replan(moved, 24*time.Hour, false)
	w.replan(gone, time.Hour, true)
	if w.timers(moved, "hosts", "cancelled") != 1 || w.timers(gone, "hosts", "cancelled") != 1 {
		t.Fatal("an old timer outlived the change")
	}
	w.until("the new timer", func() bool { return w.timers(moved, "hosts", "waiting") == 1 })
	w.clock.add(24*time.Hour - 10*time.Minute)
	w.until("it to be told", func() bool { return slices.Contains(w.history(moved), "hosts.missing") })
	if slices.Contains(w.history(gone), "hosts.missing") {
		t.Error("told of a webinar that was called off")
	}
}

// TestPointsThatTheAgencyHasNotAreWarnedOf 48 and 12 hours before it takes them no longer: those that nobody requested, and those that it
// has not answered.
func TestPointsThatTheAgencyHasNotAreWarnedOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	w.instance(nil)
	open, asked, accepted, nobody := w.plan(0, 1), w.plan(0, 1), w.plan(0, 1), w.plan(0, 1)
	all := []uuid.UUID{open, asked, accepted, nobody}
	everyone := func(kind string, n int) func() bool {
		return func() bool {
			return !slices.ContainsFunc(all, func(id uuid.UUID) bool { return count(w.history(id), kind) < n })
		}
	}
	w.until("the starts", everyone("start.completed", 1))
	w.clock.add(time.Minute)
	w.until("the ends", everyone("end.completed", 1))
	w.exec("UPDATE datamanagement.webinar SET evaluated_at = now()")
	w.earned(open)
	w.earned(asked)
	w.earned(accepted)
	w.exec(`INSERT INTO datamanagement.agency_request (id, webinar_id, requested_by, requested_at, viewers, qualified, hundredths)
		VALUES (gen_random_uuid(), $1, '00000000-0000-0000-0000-000000000001', now(), 1, 1, 100)`, asked)
	w.exec(`INSERT INTO datamanagement.agency_request (id, webinar_id, requested_by, requested_at, viewers, qualified, hundredths, state, answered_at, answered_on, reference)
		VALUES (gen_random_uuid(), $1, '00000000-0000-0000-0000-000000000001', now(), 1, 1, 100, 'accepted', now(), now(), 'R')`, accepted)
	w.clock.add(6 * 24 * time.Hour)
	w.until("the first warning", func() bool {
		return count(w.history(open), "points.deadline") == 1 && count(w.history(asked), "points.deadline") == 1
	})
	w.clock.add(36 * time.Hour)
	w.until("the second warning", func() bool {
		return count(w.history(open), "points.deadline") == 2 && count(w.history(asked), "points.deadline") == 2
	})
	w.until("the others to be passed over", func() bool {
		return w.timers(accepted, "points", "done") == 2 && w.timers(nobody, "points", "done") == 2
	})
	if a, b := count(w.history(accepted), "points.deadline"), count(w.history(nobody), "points.deadline"); a+b > 0 {
		t.Errorf("warned %d times of points that were accepted and %d times of none", a, b)
	}
	var hours, dues string
	err := w.admin.QueryRow(context.Background(), `SELECT string_agg(payload->>'hours', ' ' ORDER BY pos), string_agg(DISTINCT payload->>'dueAt', ' ')
		FROM eventlog.event WHERE type = 'points.deadline'`).Scan(&hours, &dues)
	if err != nil || hours != "48 48 12 12" {
		t.Errorf("warned with hours %q (%v)", hours, err)
	}
	if _, err := time.Parse(time.RFC3339, dues); err != nil {
		t.Errorf("the deadline is not one: %q", dues)
	}
}

// TestPointsAreTakenAsLongAsTheCountrySays: two webinars end at one moment, and the country of who earned points with one of them leaves
// fewer days than the setting.
func TestPointsAreTakenAsLongAsTheCountrySays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	w.exec("UPDATE datamanagement.requirement_plan SET report_days = 3, report_source = 'a chamber' WHERE country = 'SI'")
	w.instance(nil)
	country, setting := w.plan(0, 1), w.plan(0, 1)
	w.earned(country)
	w.until("the starts", func() bool {
		return count(w.history(country), "start.completed") == 1 && count(w.history(setting), "start.completed") == 1
	})
	w.clock.add(time.Minute)
	w.until("the warnings to be planned", func() bool {
		return w.timers(country, "points", "waiting") == 2 && w.timers(setting, "points", "waiting") == 2
	})
	var fewer time.Duration
	err := w.admin.QueryRow(context.Background(), `SELECT max(deadline) FILTER (WHERE webinar_id = $2) - max(deadline) FILTER (WHERE webinar_id = $1)
		FROM scheduler.timer WHERE kind = 'points'`, country, setting).Scan(&fewer)
	if err != nil || fewer != 5*24*time.Hour {
		t.Errorf("the country leaves %v less than the setting (%v), want 120h", fewer, err)
	}
}

// earned writes a result with points.
func (w *world) earned(webinar uuid.UUID) {
	w.t.Helper()
	w.exec(`INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted,
		qualified, hundredths, reasons, evidence_sha256, at, evidence, credit)
		VALUES ($1, '00000000-0000-0000-0000-000000000001', 60, 60, 0, 0, true, 100, '[]', '', now(), '{}', '{}')`, webinar)
}
