package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/scheduler/internal/store"
)

const (
	// claimAtOnce bounds what one instance holds, so that others take their share of a busy minute.
	claimAtOnce = 20
	// remindAtOnce is for reminders, which are given together, and remindBeside so many times at once when many are due.
	remindAtOnce, remindBeside = 1000, 2
	// addEvery is how often plans are looked through for new timers when nothing rings; whoever plans rings.
	addEvery = 2 * time.Second
	// mostPause is how often to look when nothing rings: a lost notification costs no more than this.
	mostPause = time.Second
)

// look claims and fires what is due, and tells how long there is nothing to do.
func (s *server) look(ctx context.Context, add bool) (time.Duration, error) {
	if err := s.recur(ctx); err != nil {
		return 0, err
	}
	now := s.Now()
	if add {
		kinds, leads := s.leads()
		if _, err := s.store.TimerAddLeads(ctx, store.TimerAddLeadsParams{Kinds: kinds, Leads: leads, Now: now}); err != nil {
			return 0, fmt.Errorf("add reminders: %w", err)
		}
	}
	claim := store.TimerClaimParams{Now: now, LeaseUntil: pointer(now.Add(s.config.Lease)), Most: claimAtOnce}
	timers, err := s.store.TimerClaim(ctx, claim)
	if err != nil {
		return 0, fmt.Errorf("claim timers: %w", err)
	}
	for _, timer := range timers {
		s.handle(ctx, timer)
	}
	reminded, err := s.remindAll(ctx)
	if err != nil {
		return 0, err
	}
	if len(timers) > 0 || reminded {
		return 0, nil // There may be more.
	}
	next, err := s.store.TimerNext(ctx, now.Add(mostPause))
	if err != nil {
		return 0, fmt.Errorf("look for the next timer: %w", err)
	}
	again, err := s.store.RecurrenceNext(ctx, now.Add(mostPause))
	if err != nil {
		return 0, fmt.Errorf("look what comes again next: %w", err)
	}
	if again.Before(next) {
		next = again
	}
	return min(max(next.Sub(s.Now()), 0), mostPause), nil
}

// leads are the kinds of timers that come before a start, and how long before.
func (s *server) leads() (kinds []string, leads []int32) {
	for range s.config.ReminderLeads {
		kinds = append(kinds, "reminder")
	}
	for range s.config.hosts() {
		kinds = append(kinds, "hosts")
	}
	return kinds, seconds(slices.Concat(s.config.ReminderLeads, s.config.hosts()))
}

func seconds(times []time.Duration) []int32 {
	all := make([]int32, 0, len(times))
	for _, t := range times {
		all = append(all, int32(t/time.Second)) //nolint:gosec // At most thirty days; New looked.
	}
	return all
}

// handle fires one timer; when that fails, it is due again after a pause that grows.
func (s *server) handle(ctx context.Context, timer store.TimerClaimRow) {
	ctx, unit := obs.Start(ctx, s.Log, "timer", timer.Kind)
	unit.Set("webinar", timer.WebinarID).Set("attempt", timer.Attempts).Set("late", s.Now().Sub(timer.DueAt).String())
	err := s.act(ctx, timer)
	unit.End(err)
	if err == nil {
		return
	}
	_, err = s.store.TimerLater(ctx, store.TimerLaterParams{
		ID: timer.ID, Token: timer.Token, DueAt: s.Now().Add(pause(timer.Attempts)), Error: err.Error(),
	})
	if err != nil {
		s.Log.Error("a failed timer could not be put off; its lease runs out by itself", "timer", timer.ID, "error", err)
	}
}

func pause(attempts int32) time.Duration {
	return min(time.Duration(attempts)*time.Second, time.Minute)
}

// act asks first what others know, outside of the transaction.
func (s *server) act(ctx context.Context, timer store.TimerClaimRow) error {
	there := false
	if timer.Kind == "hosts" {
		var err error
		if there, err = s.hostsThere(ctx, timer.WebinarID); err != nil {
			return err
		}
	}
	return db.Tx(ctx, s.DB, func(tx pgx.Tx) error { return s.fire(ctx, tx, timer, there) })
}

// fire does what the timer is for, in the transaction that also marks it done.
func (s *server) fire(ctx context.Context, tx pgx.Tx, timer store.TimerClaimRow, hostsThere bool) error {
	q := store.New(tx)
	plan, err := q.PlanGet(ctx, timer.WebinarID)
	if err != nil {
		return fmt.Errorf("read plan: %w", err)
	}
	// The end of a start that is still under way waits for it: a webinar ends only when it is live.
	if timer.Kind == "end" {
		if wait, err := s.endWaits(ctx, tx, plan, timer); err != nil || wait {
			return err
		}
	}
	marked, err := q.TimerDone(ctx, store.TimerDoneParams{ID: timer.ID, Token: timer.Token})
	if err != nil {
		return fmt.Errorf("mark timer: %w", err)
	}
	if marked == 0 || plan.Cancelled || plan.Sequence != timer.Sequence {
		return nil // Another instance took over, or the webinar was moved: its new timers act.
	}
	switch timer.Kind {
	case "reminder":
		return s.remind(ctx, tx, plan, timer)
	case "hosts":
		return s.missHosts(ctx, tx, plan, hostsThere)
	case "points":
		return s.warnOfPoints(ctx, tx, plan, timer)
	case "start":
		return s.begin(ctx, tx, plan, timer)
	default:
		_, err := s.sagas.Start(ctx, tx, endSaga, timer.WebinarID.String(), sagaData(plan, 1))
		return err
	}
}

// remind says that it is time to remind; never once the start has come, and not when a later reminder is due as well, because the
// webinar was planned at short notice or nothing ran meanwhile: one of them is enough.
func (s *server) remind(ctx context.Context, tx pgx.Tx, plan store.SchedulerPlan, timer store.TimerClaimRow) error {
	if overtaken(s.Now(), plan.StartsAt, time.Duration(timer.Lead)*time.Second, s.config.ReminderLeads) {
		obs.Event(ctx).Set("skipped", "a later reminder is due as well, or the start has come")
		return nil
	}
	return s.Events.Append(ctx, tx, reminderDue(plan, timer))
}

func reminderDue(plan store.SchedulerPlan, timer store.TimerClaimRow) eventlog.Event {
	return eventlog.Event{
		Stream: stream(plan.WebinarID), ExpectedVersion: eventlog.Any, Type: "reminder.due",
		Message: &eventpb.ReminderDue{
			WebinarId: plan.WebinarID.String(), StartsAt: timestamppb.New(plan.StartsAt), Sequence: plan.Sequence, Lead: timer.Lead,
		},
	}
}

func ends(plan store.SchedulerPlan) time.Time {
	return plan.StartsAt.Add(time.Duration(plan.Minutes) * time.Minute)
}

func stream(webinar uuid.UUID) string { return "webinar/" + webinar.String() }

func pointer[T any](value T) *T { return &value }
