package scheduler

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/service/scheduler/internal/store"
)

// forever is for the end, which cannot be undone: what people have watched must be counted, however long a service is
// down. An operator sees a saga that waits long.
const forever = math.MaxInt32

// endSaga closes the room, freezes attendance, ends the webinar and has everybody's credit computed.
func (s *server) endSaga() saga.Definition {
	patience := saga.Retry{Attempts: forever, Pause: time.Second}
	return saga.Definition{Name: endSaga, Forward: true, Steps: []saga.Step{
		{
			Name:    "room",
			Request: requestEnd,
			Reply:   saga.Reply{Done: "room.closed", ID: aboutWebinar, Keep: keepViewers},
			Timeout: s.config.EndTimeout,
			Retry:   patience,
		},
		{
			Name:    "credit",
			Do:      s.setEnded,
			Request: s.tellEnded,
			Reply:   saga.Reply{Done: "attendance.evaluated", ID: aboutWebinar},
			Timeout: s.config.EndTimeout,
			Retry:   patience,
		},
		{Name: "complete", Do: s.complete},
	}}
}

// endWaits puts the end timer off while the start is under way, or the webinar is not live yet but may become so.
func (s *server) endWaits(ctx context.Context, tx pgx.Tx, plan store.SchedulerPlan, timer store.TimerClaimRow) (bool, error) {
	q := store.New(tx)
	state, err := q.WebinarState(ctx, timer.WebinarID)
	if err != nil {
		return false, fmt.Errorf("read webinar: %w", err)
	}
	starting, err := s.starting(ctx, tx, plan)
	if err != nil || (state == "live" && !starting) {
		return false, err
	}
	// Once the longest start has had its time, a webinar that is not live will not be: nobody came in, nothing to end.
	longest := time.Duration(s.config.StartAttempts) * (s.config.StartTimeout + time.Minute)
	possible := state == "planned" && !plan.Cancelled && s.Now().Before(ends(plan).Add(longest))
	if !starting && !possible {
		_, err := q.TimerDone(ctx, store.TimerDoneParams{ID: timer.ID, Token: timer.Token})
		return true, err
	}
	_, err = q.TimerLater(ctx, store.TimerLaterParams{
		ID: timer.ID, Token: timer.Token, DueAt: s.Now().Add(time.Second), Error: "waits for the start",
	})
	return true, err
}

// starting tells whether the saga of the latest start still runs.
func (s *server) starting(ctx context.Context, tx pgx.Tx, plan store.SchedulerPlan) (bool, error) {
	try, err := store.New(tx).TimerStartTry(ctx, store.TimerStartTryParams{WebinarID: plan.WebinarID, Sequence: plan.Sequence})
	if err != nil || try == 0 {
		return false, err
	}
	state, err := s.sagas.Load(ctx, tx, startSaga, startID(plan, try))
	if err != nil {
		return false, fmt.Errorf("read the start's saga: %w", err)
	}
	return state.Status != "" && !state.Over(), nil
}

func requestEnd(state *saga.State) eventlog.Event {
	return eventlog.Event{
		Stream: "webinar/" + state.Data["webinar"], ExpectedVersion: eventlog.Any, Type: "end.requested",
		Message: &eventpb.EndRequested{WebinarId: state.Data["webinar"]},
	}
}

func keepViewers(m proto.Message, state *saga.State) {
	if closed, ok := m.(*eventpb.RoomClosed); ok {
		state.Data["viewers"] = fmt.Sprint(closed.GetViewers())
	}
}

// aboutWebinar names the end saga, which a webinar has once.
func aboutWebinar(m proto.Message) string {
	if about, ok := m.(interface{ GetWebinarId() string }); ok {
		return about.GetWebinarId()
	}
	return ""
}

func (s *server) setEnded(ctx context.Context, tx pgx.Tx, state *saga.State) error {
	id, err := webinarOf(state)
	if err != nil {
		return err
	}
	// It is false when the step is repeated; the status is right then.
	_, err = store.New(tx).WebinarSetEnded(ctx, store.WebinarSetEndedParams{WebinarID: id, At: s.Now()})
	return err
}

func (s *server) tellEnded(state *saga.State) eventlog.Event {
	return eventlog.Event{
		Stream: "webinar/" + state.Data["webinar"], ExpectedVersion: eventlog.Any, Type: "webinar.ended",
		Message: &eventpb.WebinarEnded{WebinarId: state.Data["webinar"], EndedAt: timestamppb.New(s.Now())},
	}
}

// complete also plans the warnings before the agency takes the points no longer: from now on they can be requested.
func (s *server) complete(ctx context.Context, tx pgx.Tx, state *saga.State) error {
	id, err := webinarOf(state)
	if err != nil {
		return err
	}
	sequence, _, err := numbers(state)
	if err != nil {
		return err
	}
	if err := s.addPointsTimers(ctx, tx, id, sequence); err != nil {
		return err
	}
	return s.Events.Append(ctx, tx, eventlog.Event{
		Stream: "webinar/" + state.Data["webinar"], ExpectedVersion: eventlog.Any, Type: "end.completed",
		Message: &eventpb.EndCompleted{WebinarId: state.Data["webinar"]},
	})
}
