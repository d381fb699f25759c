package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/scheduler/internal/store"
)

// remindAll gives the reminders that are due, and tells whether there were any. Those of a full hour fill one claim after the other:
// then several go on beside each other, because each waits for the database most of the time.
func (s *server) remindAll(ctx context.Context) (bool, error) {
	first, err := s.claimReminders(ctx)
	if err != nil {
		return false, err
	}
	s.handleReminders(ctx, first)
	if len(first) < remindAtOnce {
		return len(first) > 0, nil
	}
	var all errgroup.Group
	for range remindBeside {
		all.Go(func() error {
			for ctx.Err() == nil {
				timers, err := s.claimReminders(ctx)
				if err != nil {
					return err
				}
				s.handleReminders(ctx, timers)
				if len(timers) < remindAtOnce {
					return nil
				}
			}
			return nil
		})
	}
	return true, all.Wait()
}

func (s *server) claimReminders(ctx context.Context) ([]store.TimerClaimRow, error) {
	now := s.Now()
	timers, err := s.store.TimerClaim(ctx, store.TimerClaimParams{
		Now: now, LeaseUntil: pointer(now.Add(s.config.Lease)), Most: remindAtOnce, Reminders: true,
	})
	if err != nil {
		return nil, fmt.Errorf("claim reminders: %w", err)
	}
	return timers, nil
}

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
	obs.Event(ctx).Set("reminded", len(events))
	return s.Events.Append(ctx, tx, events...)
}
