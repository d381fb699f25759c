package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/scheduler/internal/store"
)

// askTime bounds the question whether hosts are there; it is asked outside of any transaction.
const askTime = 2 * time.Second

// hostsThere asks the rooms whether anybody who may host is connected. An error is no answer: then it is asked again until the start,
// and nobody is alarmed by what may not be so. Once the start has come nobody is told, so nothing is asked.
func (s *server) hostsThere(ctx context.Context, webinar uuid.UUID) (bool, error) {
	plan, err := s.store.PlanGet(ctx, webinar)
	if err != nil || !s.Now().Before(plan.StartsAt) {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	id := webinar.String()
	status, err := s.rooms.Status(ctx, &livewebinarpb.StatusRequest{WebinarIds: []string{id}})
	if err != nil {
		return false, fmt.Errorf("ask whether hosts are there: %w", err)
	}
	return status.GetHosts()[id] > 0, nil
}

// missHosts says that nobody who may host is there; never once the start has come, or somebody began early.
func (s *server) missHosts(ctx context.Context, tx pgx.Tx, plan store.SchedulerPlan, there bool) error {
	switch {
	case there:
		obs.Event(ctx).Set("skipped", "hosts are there")
		return nil
	case !s.Now().Before(plan.StartsAt):
		obs.Event(ctx).Set("skipped", "the start has come")
		return nil
	}
	state, err := store.New(tx).WebinarState(ctx, plan.WebinarID)
	if err != nil {
		return fmt.Errorf("read webinar: %w", err)
	}
	if state != "planned" {
		obs.Event(ctx).Set("skipped", "it is "+state)
		return nil
	}
	return s.Events.Append(ctx, tx, eventlog.Event{
		Stream: stream(plan.WebinarID), ExpectedVersion: eventlog.Any,
		Message: &eventpb.HostsMissing{WebinarId: plan.WebinarID.String(), StartsAt: timestamppb.New(plan.StartsAt)},
	})
}

// addPointsTimers plans the warnings before the agency stops taking the points, in the transaction that completes the end. When that is,
// the rules of the countries say; the setting is for those that say nothing.
func (s *server) addPointsTimers(ctx context.Context, tx pgx.Tx, webinar uuid.UUID, sequence int32) error {
	q := store.New(tx)
	days, err := q.ReportDays(ctx, webinar)
	if err != nil {
		return fmt.Errorf("read how long points are taken: %w", err)
	}
	taken := s.config.PointsDeadline
	if days > 0 {
		taken = time.Duration(days) * 24 * time.Hour
	}
	err = q.TimerAddPoints(ctx, store.TimerAddPointsParams{
		WebinarID: webinar, Sequence: sequence, Deadline: s.Now().Add(taken), Leads: seconds(s.config.PointsWarnings),
	})
	if err != nil {
		return fmt.Errorf("plan the warnings of points: %w", err)
	}
	return nil
}

// warnOfPoints says that points are not with the agency yet, requested or not; not when the agency takes them no longer, or a later warning is due as well.
func (s *server) warnOfPoints(ctx context.Context, tx pgx.Tx, plan store.SchedulerPlan, timer store.TimerClaimRow) error {
	deadline := *timer.Deadline
	if overtaken(s.Now(), deadline, time.Duration(timer.Lead)*time.Second, s.config.PointsWarnings) {
		obs.Event(ctx).Set("skipped", "a later warning is due as well, or the deadline has come")
		return nil
	}
	open, err := store.New(tx).PointsOpen(ctx, plan.WebinarID)
	if err != nil {
		return fmt.Errorf("read whether points are open: %w", err)
	}
	if !open {
		obs.Event(ctx).Set("skipped", "the agency has them, or there are none")
		return nil
	}
	return s.Events.Append(ctx, tx, eventlog.Event{
		Stream: stream(plan.WebinarID), ExpectedVersion: eventlog.Any,
		Message: &eventpb.PointsDeadline{
			WebinarId: plan.WebinarID.String(), DueAt: timestamppb.New(deadline), Hours: timer.Lead / int32(time.Hour/time.Second),
		},
	})
}

// overtaken tells whether a moment has come, or the next warning before it.
func overtaken(now, moment time.Time, lead time.Duration, leads []time.Duration) bool {
	for _, later := range append([]time.Duration{0}, leads...) {
		if later < lead && !now.Before(moment.Add(-later)) {
			return true
		}
	}
	return false
}
