package webinar

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/webinar/store"
)

// CancelWebinar calls a webinar off. What is planned is called off at once; of what is live the scheduler makes sure first that it is not
// ending already (saga webinar.cancel), which also closes the room.
func (s *server) CancelWebinar(ctx context.Context, q *datamanagementpb.CancelWebinarRequest) (*datamanagementpb.CancelWebinarResponse, error) {
	reason := field.Line(q.GetReason())
	var f errs.Fields
	field.Between(&f, "reason", reason, 1, mostReason)
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.CancelWebinarResponse{}
	return answer, s.once(ctx, q, "webinar.cancel", answer, func(w command.Wish) error {
		row, err := lock(ctx, w, q.GetId(), 0)
		switch {
		case err != nil:
			return err
		case row.State == cancelled:
			return nil
		case row.State == live && row.CancelReason != "":
			return nil // It is under way.
		case row.State != live:
			if err := stillPlanned(row); err != nil {
				return err
			}
		}
		err = store.New(w.Tx).WebinarCancelAsk(ctx, store.WebinarCancelAskParams{ID: row.ID, Reason: reason, Now: w.Now})
		if err != nil {
			return fmt.Errorf("note the wish: %w", err)
		}
		if row.State == planned {
			if err := s.callOff(ctx, w, row); err != nil {
				return err
			}
		}
		return s.append(ctx, w, row.ID, &eventpb.CancelRequested{WebinarId: row.ID.String()})
	})
}

// callOff is the moment from which on a webinar is cancelled, its timers are, and everybody is told.
func (s *server) callOff(ctx context.Context, w command.Wish, row store.WebinarLockRow) error {
	rows := store.New(w.Tx)
	sequence, err := rows.WebinarCancel(ctx, store.WebinarCancelParams{ID: row.ID, Now: w.Now})
	if err != nil {
		return fmt.Errorf("cancel webinar: %w", err)
	}
	err = rows.PlanWebinar(ctx, store.PlanWebinarParams{
		Webinar: row.ID, StartsAt: row.StartsAt, Minutes: row.Minutes, Sequence: sequence, Cancelled: true,
	})
	if err != nil {
		return fmt.Errorf("tell the scheduler: %w", err)
	}
	return s.append(ctx, w, row.ID, &eventpb.WebinarCancelled{
		WebinarId: row.ID.String(), StartsAt: timestamppb.New(row.StartsAt), Sequence: sequence,
	})
}

// follow answers the saga that calls a webinar off.
func (s *server) follow(ctx context.Context) error {
	return s.events.Follow(ctx, "webinar", []string{"cancel.prepared", "cancel.failed"}, s.hear)
}

func (s *server) hear(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
	m, err := r.Message()
	if err != nil {
		return fmt.Errorf("read %s: %w", r.Type, err)
	}
	about, _ := m.(interface{ GetWebinarId() string })
	w := command.Wish{Tx: tx, Now: s.now()}
	row, err := lock(ctx, w, about.GetWebinarId(), 0)
	if err != nil && errs.Of(err).Kind == errs.NotFound {
		obs.Event(ctx).Set("ignored", "no such webinar") // It would stay so, and must not stop those after it.
		return nil
	}
	if err != nil {
		return err
	}
	if _, failed := m.(*eventpb.CancelFailed); failed {
		return store.New(tx).WebinarCancelForget(ctx, row.ID)
	}
	answer, err := s.prepared(ctx, w, row)
	if err != nil {
		return err
	}
	return s.append(ctx, w, row.ID, answer)
}

// prepared calls off what is live; a repeated question is answered as the first was.
func (s *server) prepared(ctx context.Context, w command.Wish, row store.WebinarLockRow) (proto.Message, error) {
	switch {
	case row.State == live && row.CancelReason != "":
		if err := s.callOff(ctx, w, row); err != nil {
			return nil, err
		}
	case row.State != cancelled:
		return &eventpb.CancelRefused{WebinarId: row.ID.String(), Reason: "webinar." + row.State}, nil
	}
	return &eventpb.CancelAccepted{WebinarId: row.ID.String()}, nil
}
