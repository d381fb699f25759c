package scheduler

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/service/scheduler/internal/store"
)

// Names of the sagas.
const (
	startSaga = "webinar.start"
	endSaga   = "webinar.end"
)

// begin starts the saga for a webinar whose time has come. One whose time is over, because nothing ran meanwhile, is
// not started any more: nobody could watch it.
func (s *server) begin(ctx context.Context, tx pgx.Tx, plan store.SchedulerPlan, timer store.TimerClaimRow) error {
	if !s.Now().Before(ends(plan)) {
		obs.Event(ctx).Set("skipped", "its time is over")
		return nil
	}
	_, err := s.sagas.Start(ctx, tx, startSaga, startID(plan, timer.Try), sagaData(plan, timer.Try))
	return err
}

// startID names one try of a start: a webinar that was moved, or whose start was undone, starts anew.
func startID(plan store.SchedulerPlan, try int32) string {
	return fmt.Sprintf("%s.%d.%d", plan.WebinarID, plan.Sequence, try)
}

func sagaData(plan store.SchedulerPlan, try int32) map[string]string {
	return map[string]string{
		"webinar":  plan.WebinarID.String(),
		"sequence": strconv.Itoa(int(plan.Sequence)),
		"try":      strconv.Itoa(int(try)),
	}
}

// startSaga makes a webinar live. The status comes first and freezes the rule; browsers are told last, when there is a
// room to enter.
func (s *server) startSaga() saga.Definition {
	return saga.Definition{Name: startSaga, Steps: []saga.Step{
		{Name: "status", Do: s.setLive, Compensate: s.setPlanned},
		{
			Name:       "room",
			Request:    requestRoom,
			Reply:      saga.Reply{Done: "room.opened", ID: roomOpenedSaga},
			Timeout:    s.config.StartTimeout,
			Retry:      saga.Retry{Attempts: s.config.StartAttempts, Pause: time.Second},
			Compensate: s.abandonRoom,
		},
		{Name: "announce", Do: s.announce},
	}}
}

func (s *server) setLive(ctx context.Context, tx pgx.Tx, state *saga.State) error {
	id, err := webinarOf(state)
	if err != nil {
		return err
	}
	sequence, _, err := numbers(state)
	if err != nil {
		return err
	}
	changed, err := store.New(tx).WebinarSetLive(ctx, store.WebinarSetLiveParams{WebinarID: id, Plan: sequence, At: s.Now()})
	if err != nil {
		return fmt.Errorf("set live: %w", err)
	}
	if !changed {
		return saga.Fatal(errors.New("the webinar is not planned any more, or for another time"))
	}
	return nil
}

// setPlanned undoes setLive and has the start tried again a little later.
func (s *server) setPlanned(ctx context.Context, tx pgx.Tx, state *saga.State) error {
	id, err := webinarOf(state)
	if err != nil {
		return err
	}
	q := store.New(tx)
	changed, err := q.WebinarSetPlanned(ctx, store.WebinarSetPlannedParams{WebinarID: id, At: s.Now()})
	if err != nil || !changed {
		return err
	}
	sequence, try, err := numbers(state)
	if err != nil {
		return err
	}
	return q.TimerTryAgain(ctx, store.TimerTryAgainParams{
		WebinarID: id, Sequence: sequence, Try: try + 1, DueAt: s.Now().Add(s.config.StartPause),
	})
}

func requestRoom(state *saga.State) eventlog.Event {
	return eventlog.Event{
		Stream: "webinar/" + state.Data["webinar"], ExpectedVersion: eventlog.Any, Type: "start.requested",
		Message: &eventpb.StartRequested{WebinarId: state.Data["webinar"], SagaId: state.ID},
	}
}

func roomOpenedSaga(m proto.Message) string {
	opened, ok := m.(*eventpb.RoomOpened)
	if !ok {
		return ""
	}
	return opened.GetSagaId()
}

func (s *server) abandonRoom(ctx context.Context, tx pgx.Tx, state *saga.State) error {
	return s.Events.Append(ctx, tx, eventlog.Event{
		Stream: "webinar/" + state.Data["webinar"], ExpectedVersion: eventlog.Any, Type: "start.failed",
		Message: &eventpb.StartFailed{WebinarId: state.Data["webinar"], Reason: state.Reason},
	})
}

func (s *server) announce(ctx context.Context, tx pgx.Tx, state *saga.State) error {
	about := "webinar/" + state.Data["webinar"]
	return s.Events.Append(ctx, tx,
		eventlog.Event{
			Stream: about, ExpectedVersion: eventlog.Any, Type: "webinar.live",
			Message: &eventpb.WebinarLive{WebinarId: state.Data["webinar"], StartedAt: timestamppb.New(s.Now())},
		},
		eventlog.Event{
			Stream: about, ExpectedVersion: eventlog.Any, Type: "start.completed",
			Message: &eventpb.StartCompleted{WebinarId: state.Data["webinar"]},
		},
	)
}

func webinarOf(state *saga.State) (uuid.UUID, error) {
	id, err := uuid.Parse(state.Data["webinar"])
	if err != nil {
		return uuid.Nil, saga.Fatal(fmt.Errorf("the saga names no webinar: %w", err))
	}
	return id, nil
}

func numbers(state *saga.State) (sequence, try int32, err error) {
	if _, err := fmt.Sscan(state.Data["sequence"]+" "+state.Data["try"], &sequence, &try); err != nil {
		return 0, 0, saga.Fatal(fmt.Errorf("the saga's numbers cannot be read: %w", err))
	}
	return sequence, try, nil
}
