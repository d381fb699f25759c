package livewebinar

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

const keepEvery = time.Second

// keep is the heart of the rooms: once a second it takes up rooms that were opened, lets each do what is due, and closes
// those whose end was asked for. It asks the database each time, so it needs no memory of what it did before a crash.
func (s *server) keep(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		if err := s.keepOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("rooms", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.wake:
		}
	}
}

func (s *server) keepOnce(ctx context.Context) error {
	for _, l := range s.rooms.all() {
		s.tick(l)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	running, err := store.New(s.rooms.pool).RoomsRunning(ctx)
	if err != nil {
		return fmt.Errorf("list rooms: %w", err)
	}
	open := map[uuid.UUID]time.Time{}
	var alive []uuid.UUID
	for _, r := range running {
		if r.State == stateClosing {
			if err := s.close(ctx, r.WebinarID); err != nil {
				s.log.Error("close a room", "webinar", r.WebinarID, "error", err)
			}
			continue
		}
		open[r.WebinarID] = r.OpenedAt
		if _, err := s.rooms.get(ctx, r.WebinarID); err == nil {
			alive = append(alive, r.WebinarID)
		}
	}
	s.letGo(open)
	if err := store.New(s.rooms.pool).RoomsAlive(ctx, store.RoomsAliveParams{Now: s.now(), WebinarIds: alive}); err != nil {
		return fmt.Errorf("keep rooms alive: %w", err)
	}
	return nil
}

// letGo says goodbye in rooms that are open no more: closed by another instance, or by a start that was undone, even
// when the next start has come already.
func (s *server) letGo(open map[uuid.UUID]time.Time) {
	for _, l := range s.rooms.all() {
		if !open[l.Webinar].Equal(l.Opened) {
			s.goodbye(l)
			s.rooms.forget(l.Webinar)
		}
	}
}

// close ends a room for all, then freezes what everybody watched.
func (s *server) close(ctx context.Context, webinar uuid.UUID) error {
	closed := s.now()
	if l := s.rooms.holding(webinar); l != nil {
		closed = s.goodbye(l)
	}
	if err := s.recorder.flush(ctx); err != nil {
		return err
	}
	if err := s.freeze(ctx, webinar, closed); err != nil {
		return err
	}
	s.rooms.forget(webinar)
	s.log.Info("room closed", "webinar", webinar, "at", closed)
	return nil
}

// goodbye closes a room in memory and tells everybody why. It may be called again.
func (s *server) goodbye(l *live) time.Time {
	closed, last := l.Close(s.now())
	s.recorder.beat(last...)
	if len(last) > 0 {
		s.publish(roomChannel(l.Webinar), &livewebinarpb.RoomPush{Closed: &livewebinarpb.Closed{Reason: "ended"}})
	}
	return closed
}

// tick lets a room do what is due, and passes on what came of it.
func (s *server) tick(l *live) {
	t := l.Tick(s.now())
	s.recorder.check(t.Rows...)
	for _, send := range t.Send {
		s.publish(personChannel(send.Account), &livewebinarpb.PersonPush{WebinarId: l.Webinar.String(), Check: askedPB(&send.Asked)})
	}
	for _, over := range t.Settled {
		if over.Missed {
			s.recorder.act(s.activity.checkMissed(s.now(), l, over.Person, over.Number))
		}
		s.publish(personChannel(over.Person.Account), &livewebinarpb.PersonPush{WebinarId: l.Webinar.String(), CheckOver: number(over.Number)})
	}
	if t.Changed {
		viewers := number(t.Viewers)
		s.publish(roomChannel(l.Webinar), &livewebinarpb.RoomPush{Viewers: &viewers})
	}
}
