package points

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/points/store"
)

// serve does what saga points.request asks for. It may ask again, and is answered again.
func (s *server) serve(ctx context.Context) error {
	return s.events.Follow(ctx, "agency", []string{"points.submit", "points.awaited"}, s.asked)
}

func (s *server) asked(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
	m, err := r.Message()
	if err != nil {
		return fmt.Errorf("read %s: %w", r.Type, err)
	}
	about, ok := m.(interface{ GetRequestId() string })
	if !ok {
		return fmt.Errorf("no handler for event %s", r.Type)
	}
	id, err := uuid.Parse(about.GetRequestId())
	if err != nil {
		obs.Event(ctx).Set("ignored", "no request id")
		return nil //nolint:nilerr // It would never be read, and must not stop those after it.
	}
	request, err := store.New(tx).RequestLock(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		obs.Event(ctx).Set("ignored", "no such request")
		return nil
	}
	if err != nil {
		return fmt.Errorf("lock request: %w", err)
	}
	if _, submit := m.(*eventpb.PointsSubmit); submit {
		return s.submit(ctx, tx, request)
	}
	return s.await(ctx, tx, request)
}

// submit hands the request over. A portal has no door for programs: administrators have the list that it wants, and take it there.
func (s *server) submit(ctx context.Context, tx pgx.Tx, request store.RequestLockRow) error {
	if err := store.New(tx).RequestSubmitted(ctx, store.RequestSubmittedParams{ID: request.ID, Now: s.now()}); err != nil {
		return fmt.Errorf("note that it is submitted: %w", err)
	}
	return s.say(ctx, tx, request, &eventpb.PointsSubmitted{RequestId: request.ID.String(), WebinarId: request.WebinarID.String()})
}

// await answers at once when it was settled meanwhile; otherwise settle does, when the answer comes.
func (s *server) await(ctx context.Context, tx pgx.Tx, request store.RequestLockRow) error {
	if request.State != "sent" {
		return s.settle(ctx, tx, request, request.State == "accepted")
	}
	if err := store.New(tx).RequestAwaited(ctx, store.RequestAwaitedParams{ID: request.ID, Now: s.now()}); err != nil {
		return fmt.Errorf("note that it is awaited: %w", err)
	}
	return nil
}

// settle tells that the answer is there and what followed is done.
func (s *server) settle(ctx context.Context, tx pgx.Tx, request store.RequestLockRow, accepted bool) error {
	return s.say(ctx, tx, request, &eventpb.PointsSettled{RequestId: request.ID.String(), WebinarId: request.WebinarID.String(), Accepted: accepted})
}

func (s *server) say(ctx context.Context, tx pgx.Tx, request store.RequestLockRow, m proto.Message) error {
	return s.events.Append(ctx, tx, eventlog.Event{Stream: webinarStream(request.WebinarID), ExpectedVersion: eventlog.Any, Message: m})
}
