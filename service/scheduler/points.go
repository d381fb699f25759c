package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/saga"
)

const pointsSaga = "points.request"

// pointsSaga takes a request for points to the agency and waits for what becomes of it. What was reported to an agency cannot be unsaid
// from here, so it goes to its end, which may be a refusal: by the agency, or recorded by an administrator where it never answers.
// Being asked again costs whoever is asked nothing.
func (s *server) pointsSaga() saga.Definition {
	patience := saga.Retry{Attempts: forever, Pause: time.Second}
	return saga.Definition{Name: pointsSaga, Forward: true, Steps: []saga.Step{
		{
			Name: "submit",
			Request: func(state *saga.State) eventlog.Event {
				return aboutRequest(state, &eventpb.PointsSubmit{RequestId: state.Data["request"], WebinarId: state.Data["webinar"]})
			},
			Reply:   saga.Reply{Done: "points.submitted", ID: requestID},
			Timeout: s.config.SubmitTimeout,
			Retry:   patience,
		},
		{
			Name: "answer",
			Request: func(state *saga.State) eventlog.Event {
				return aboutRequest(state, &eventpb.PointsAwaited{RequestId: state.Data["request"], WebinarId: state.Data["webinar"]})
			},
			Reply:   saga.Reply{Done: "points.settled", ID: requestID, Keep: keepAccepted},
			Timeout: s.config.AnswerTimeout,
			Retry:   patience,
		},
	}}
}

func aboutRequest(state *saga.State, m proto.Message) eventlog.Event {
	return eventlog.Event{Stream: "webinar/" + state.Data["webinar"], ExpectedVersion: eventlog.Any, Message: m}
}

// requestID names the saga: a request has one.
func requestID(m proto.Message) string {
	if about, ok := m.(interface{ GetRequestId() string }); ok {
		return about.GetRequestId()
	}
	return ""
}

func keepAccepted(m proto.Message, state *saga.State) {
	if settled, ok := m.(*eventpb.PointsSettled); ok {
		state.Data["accepted"] = fmt.Sprint(settled.GetAccepted())
	}
}

// wished begins the sagas that others ask for.
func (s *server) wished(ctx context.Context) error {
	return s.Events.Follow(ctx, "scheduler", []string{"cancel.requested", "points.requested"}, func(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
		m, err := r.Message()
		if err != nil {
			return err
		}
		switch wish := m.(type) {
		case *eventpb.CancelRequested:
			_, err = s.sagas.Start(ctx, tx, cancelSaga, wish.GetWebinarId(), map[string]string{"webinar": wish.GetWebinarId()})
		case *eventpb.PointsRequested:
			_, err = s.sagas.Start(ctx, tx, pointsSaga, wish.GetRequestId(), map[string]string{"webinar": wish.GetWebinarId(), "request": wish.GetRequestId()})
		default:
			err = fmt.Errorf("no handler for event %s", r.Type)
		}
		return err
	})
}
