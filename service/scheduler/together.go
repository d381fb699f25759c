package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/scheduler/internal/store"
)

// handleReminders gives all reminders that are due in one transaction: each in its own would wait for the disk ten thousand times.
// When they do not go together each is tried alone, so that one that fails harms no other.
func (s *server) handleReminders(ctx context.Context, timers []store.TimerClaimRow) {
	if len(timers) == 0 {
		return
	}
	unitCtx, unit := obs.Start(ctx, s.Log, "timers", "reminder")
	unit.Set("timers", len(timers)).Set("late", s.Now().Sub(timers[0].DueAt).String())
	err := db.Tx(unitCtx, s.DB, func(tx pgx.Tx) error { return s.remindTogether(unitCtx, tx, timers) })
	unit.End(err)
	if err == nil {
		return
	}
	for _, timer := range timers {
		s.handle(ctx, timer)
	}
}

func (s *server) remindTogether(ctx context.Context, tx pgx.Tx, timers []store.TimerClaimRow) error {
	q := store.New(tx)
	var webinars []uuid.UUID
	var done store.TimersDoneParams
	for _, timer := range timers {
		webinars = append(webinars, timer.WebinarID)
		done.Ids, done.Tokens = append(done.Ids, timer.ID), append(done.Tokens, timer.Token)
	}
	plans, err := q.PlansGet(ctx, webinars)
	if err != nil {
		return fmt.Errorf("read plans: %w", err)
	}
	planOf := make(map[uuid.UUID]store.SchedulerPlan, len(plans))
	for _, plan := range plans {
		planOf[plan.WebinarID] = plan
	}
	marked, err := q.TimersDone(ctx, done)
	if err != nil {
		return fmt.Errorf("mark timers: %w", err)
	}
	ours := make(map[int64]bool, len(marked))
	for _, id := range marked {
		ours[id] = true
	}
	var events []eventlog.Event
	for _, timer := range timers {
		plan := planOf[timer.WebinarID]
		late := overtaken(s.Now(), plan.StartsAt, time.Duration(timer.Lead)*time.Second, s.config.ReminderLeads)
		if ours[timer.ID] && !plan.Cancelled && plan.Sequence == timer.Sequence && !late {
			events = append(events, reminderDue(plan, timer))
		}
	}
	// Always in this order, so that two that append to the same streams do not wait for each other.
	slices.SortStableFunc(events, func(a, b eventlog.Event) int { return cmp.Compare(a.Stream, b.Stream) })
	obs.Event(ctx).Set("reminded", len(events))
	return s.Events.Append(ctx, tx, events...)
}
