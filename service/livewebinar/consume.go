package livewebinar

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/rules/presence"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

const group = "livewebinar"

// listens is what this service hears of, as the catalogue says.
func listens() []string {
	return []string{"start.requested", "webinar.live", "start.failed", "end.requested", "webinar.ended", "webinar.cancelled"}
}

func (s *server) follow(ctx context.Context) error {
	return s.events.Follow(ctx, group, listens(), s.hear)
}

// hear only touches the database: whatever takes time is done by the keeper afterwards. All of it may happen again.
func (s *server) hear(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
	m, err := r.Message()
	if err != nil {
		return err
	}
	about, ok := m.(interface{ GetWebinarId() string })
	if !ok {
		return fmt.Errorf("no handler for event %s", r.Type)
	}
	webinar, err := uuid.Parse(about.GetWebinarId())
	if err != nil {
		// A wrong fact stays wrong; waiting for it would stop the news of all other webinars.
		s.log.Error("an event without a webinar was passed over", "type", r.Type, "pos", r.Pos, "error", err)
		return nil
	}
	defer s.stir()
	switch m := m.(type) {
	case *eventpb.StartRequested:
		return s.open(ctx, tx, webinar, m.GetSagaId())
	case *eventpb.StartFailed:
		return s.move(ctx, tx, webinar, stateAbandoned)
	case *eventpb.EndRequested:
		return s.endRequested(ctx, tx, webinar)
	case *eventpb.WebinarLive:
		return s.front(ctx, tx, webinar, "live")
	case *eventpb.WebinarEnded:
		return s.front(ctx, tx, webinar, "ended")
	case *eventpb.WebinarCancelled:
		if err := s.move(ctx, tx, webinar, stateClosing); err != nil {
			return err
		}
		return s.front(ctx, tx, webinar, "cancelled")
	default:
		return fmt.Errorf("no handler for event %s", r.Type)
	}
}

// open makes the room, with the secret of its presence checks. A room that is there already is answered for again: the
// saga may ask twice.
func (s *server) open(ctx context.Context, tx pgx.Tx, webinar uuid.UUID, saga string) error {
	seed, err := presence.NewSeed(s.rand)
	if err != nil {
		return err
	}
	if err := s.clock.sure(ctx); err != nil {
		return err
	}
	q := store.New(tx)
	now := s.now()
	_, err = q.RoomOpen(ctx, store.RoomOpenParams{WebinarID: webinar, Now: now, Seed: seed[:], Commitment: seed.Commitment()})
	if err != nil {
		return fmt.Errorf("open room: %w", err)
	}
	r, err := q.RoomGet(ctx, webinar)
	if err != nil {
		return fmt.Errorf("read room: %w", err)
	}
	if r.State != stateOpen {
		return nil // it was closed long ago; a replayed request opens nothing
	}
	return s.events.Append(ctx, tx, eventlog.Event{
		Stream: stream(webinar), ExpectedVersion: eventlog.Any, Type: "room.opened",
		Message: &eventpb.RoomOpened{WebinarId: webinar.String(), OpenedAt: timestamppb.New(r.OpenedAt), SagaId: saga},
	})
}

func (s *server) move(ctx context.Context, tx pgx.Tx, webinar uuid.UUID, state string) error {
	if _, err := store.New(tx).RoomMove(ctx, store.RoomMoveParams{WebinarID: webinar, State: state}); err != nil {
		return fmt.Errorf("move room to %s: %w", state, err)
	}
	return nil
}

// endRequested marks the room; the keeper closes it. If it has been closed before, the answer may have been lost on
// a saga that began anew, so it is given again.
func (s *server) endRequested(ctx context.Context, tx pgx.Tx, webinar uuid.UUID) error {
	if err := s.move(ctx, tx, webinar, stateClosing); err != nil {
		return err
	}
	r, err := store.New(tx).RoomGet(ctx, webinar)
	closed := &eventpb.RoomClosed{WebinarId: webinar.String(), ClosedAt: timestamppb.New(s.now())}
	switch {
	case errors.Is(err, pgx.ErrNoRows): // there never was a room, so nobody was in it
	case err != nil:
		return fmt.Errorf("read room: %w", err)
	case r.State == stateClosing:
		return nil
	case r.State == stateClosed:
		closed.ClosedAt, closed.Viewers = timestamppb.New(*r.ClosedAt), r.Viewers
	}
	return s.events.Append(ctx, tx, eventlog.Event{
		Stream: stream(webinar), ExpectedVersion: eventlog.Any, Type: "room.closed", Message: closed,
	})
}

// front tells every open page that a webinar is live or has ended. It is news, not truth: a page that misses it shows
// the right thing when it is loaded.
func (s *server) front(ctx context.Context, tx pgx.Tx, webinar uuid.UUID, state string) error {
	w, err := store.New(tx).WebinarGet(ctx, webinar)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read webinar: %w", err)
	}
	s.headlines.told(webinar, state == webinarLive)
	s.publish(frontChannel, &livewebinarpb.FrontPush{WebinarId: webinar.String(), State: state, Slug: w.Slug, Title: w.Title})
	return nil
}
