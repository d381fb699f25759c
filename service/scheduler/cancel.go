package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/service/scheduler/internal/store"
)

const cancelSaga = "webinar.cancel"

// cancelSaga calls a webinar off. Until data management has done so it can be given up, and the webinar goes on; from there on
// everybody knows, and all that is left is to be done however long it takes.
func (s *server) cancelSaga() saga.Definition {
	patience := saga.Retry{Attempts: forever, Pause: time.Second}
	return saga.Definition{Name: cancelSaga, Again: true, Steps: []saga.Step{
		{Name: "timers", Do: s.stopTimers, Retry: patience, Compensate: s.goOn},
		{
			Name:    "status",
			Request: requestCancel,
			Reply:   saga.Reply{Done: "cancel.accepted", Refused: "cancel.refused", ID: aboutWebinar, Reason: refusedBecause},
			Timeout: s.config.EndTimeout,
			Retry:   patience,
		},
		{
			Name:     "room",
			Request:  requestEnd,
			Reply:    saga.Reply{Done: "room.closed", ID: aboutWebinar, Keep: keepViewers},
			Timeout:  s.config.EndTimeout,
			Retry:    patience,
			NoReturn: true,
		},
		{Name: "complete", Do: s.cancelled, Retry: patience, NoReturn: true},
	}}
}

// stopTimers makes sure that nothing begins or ends any more. A start that is under way is waited for; an end that is, is the end.
func (s *server) stopTimers(ctx context.Context, tx pgx.Tx, state *saga.State) error {
	id, err := webinarOf(state)
	if err != nil {
		return err
	}
	q := store.New(tx)
	plan, err := q.PlanGet(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return saga.Fatal(errors.New("no such webinar is planned"))
	}
	if err != nil {
		return fmt.Errorf("read plan: %w", err)
	}
	if starting, err := s.starting(ctx, tx, plan); err != nil || starting {
		return errors.Join(err, errors.New("its start is under way"))
	}
	is, err := q.WebinarState(ctx, id)
	if err != nil {
		return fmt.Errorf("read webinar: %w", err)
	}
	stopped, err := q.TimerStop(ctx, id)
	switch {
	case err != nil:
		return fmt.Errorf("stop timers: %w", err)
	case is == "live" && stopped == 0 && !plan.Cancelled:
		return saga.Fatal(errors.New("it is ending already"))
	}
	return nil
}

// goOn undoes stopTimers, and says that the webinar goes on.
func (s *server) goOn(ctx context.Context, tx pgx.Tx, state *saga.State) error {
	id, err := webinarOf(state)
	if err != nil {
		return err
	}
	if err := store.New(tx).TimerResume(ctx, id); err != nil {
		return fmt.Errorf("resume timers: %w", err)
	}
	return s.Events.Append(ctx, tx, eventlog.Event{
		Stream: stream(id), ExpectedVersion: eventlog.Any, Message: &eventpb.CancelFailed{WebinarId: id.String()},
	})
}

func requestCancel(state *saga.State) eventlog.Event {
	return eventlog.Event{
		Stream: "webinar/" + state.Data["webinar"], ExpectedVersion: eventlog.Any, Message: &eventpb.CancelPrepared{WebinarId: state.Data["webinar"]},
	}
}

func refusedBecause(m proto.Message) string {
	if refused, ok := m.(*eventpb.CancelRefused); ok {
		return refused.GetReason()
	}
	return "refused"
}

func (s *server) cancelled(ctx context.Context, tx pgx.Tx, state *saga.State) error {
	return s.Events.Append(ctx, tx, eventlog.Event{
		Stream: "webinar/" + state.Data["webinar"], ExpectedVersion: eventlog.Any, Message: &eventpb.CancelCompleted{WebinarId: state.Data["webinar"]},
	})
}
