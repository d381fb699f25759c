package livewebinar

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

const keepEvery = time.Second

// keep is the heart of the rooms: once a second it takes up rooms that were opened, lets each do what is due, and closes
// those whose end was asked for. It asks the database each time, so it needs no memory of what it did before a crash.
func (s *server) keep(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	defer s.freezers.Wait()
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
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	running, err := store.New(s.rooms.pool).RoomsRunning(ctx)
	if err != nil {
		return fmt.Errorf("list rooms: %w", err)
	}
	open := map[uuid.UUID]time.Time{}
	for _, r := range running {
		if r.State == stateOpen {
			open[r.WebinarID] = r.OpenedAt
		}
	}
	if err := s.tellFront(ctx, open); err != nil {
		s.log.Error("news of webinars", "error", err)
	}
	var alive []uuid.UUID
	for _, r := range running {
		if r.State == stateClosing {
			closed, drained, err := s.close(ctx, r)
			if err != nil {
				s.log.Error("close a room", "webinar", r.WebinarID, "error", err)
			}
			if drained {
				s.freezeApart(whole, r.WebinarID, closed)
			}
			continue
		}
		l, err := s.rooms.get(ctx, r.WebinarID)
		if err != nil {
			if !errs.HasCode(err, "room.opening") {
				s.log.Error("take up a room", "webinar", r.WebinarID, "error", err)
			}
			continue
		}
		alive = append(alive, r.WebinarID)
		if s.peers.keeper() {
			if err := s.watchOver(ctx, l); err != nil {
				s.log.Error("watch over a room", "webinar", r.WebinarID, "error", err)
			}
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
			s.goodbye(l, s.now())
			s.rooms.forget(l.Webinar)
		}
	}
}

// close ends a room in two steps. Each instance says goodbye in it and writes down what its viewers did; when all living ones
// have, the keeper freezes what everybody watched. An instance that dies in between is not waited for longer than its lease.
func (s *server) close(ctx context.Context, r store.RoomsRunningRow) (closed time.Time, drained bool, err error) {
	closed = moment(r.ClosingAt)
	if closed.IsZero() {
		closed = s.now()
	}
	if l := s.rooms.holding(r.WebinarID); l != nil {
		closed = s.goodbye(l, closed)
	}
	if err := s.recorder.flush(ctx); err != nil {
		return closed, false, err
	}
	q := store.New(s.rooms.pool)
	if err := q.DrainAdd(ctx, store.DrainAddParams{WebinarID: r.WebinarID, Instance: s.peers.me}); err != nil {
		return closed, false, fmt.Errorf("tell that the room is drained: %w", err)
	}
	// Looked up now, not a second ago: who has just begun may have let somebody in.
	if err := s.peers.sign(ctx); err != nil {
		return closed, false, err
	}
	living := s.peers.all()
	if len(living) == 0 || living[0] != s.peers.me {
		return closed, false, nil
	}
	count, err := q.DrainCount(ctx, store.DrainCountParams{WebinarID: r.WebinarID, Instances: living})
	if err != nil {
		return closed, false, fmt.Errorf("count drained instances: %w", err)
	}
	return closed, int(count) >= len(living), nil // else the next round looks again
}

// freezeWithin is how long it may take to freeze what ten thousand people watched in a day, with all patience.
const freezeWithin = 10 * time.Minute

// freezeApart freezes beside the heart of the rooms: with thousands of viewers it takes longer than other rooms may wait for their
// next beat. What fails is tried again in the next round.
func (s *server) freezeApart(ctx context.Context, webinar uuid.UUID, closed time.Time) {
	if _, busy := s.freezing.LoadOrStore(webinar, true); busy {
		return
	}
	s.freezers.Go(func() {
		defer s.freezing.Delete(webinar)
		ctx, cancel := context.WithTimeout(ctx, freezeWithin)
		defer cancel()
		if err := s.freeze(ctx, webinar, closed); err != nil {
			s.log.Error("freeze a room", "webinar", webinar, "error", err)
			return
		}
		s.rooms.forget(webinar)
		s.log.Info("room closed", "webinar", webinar, "at", closed)
	})
}

// goodbye closes a room in memory and tells everybody why. It may be called again.
func (s *server) goodbye(l *live, at time.Time) time.Time {
	l.noting.Lock()
	closed, last := l.Close(at)
	s.recorder.beat(last...)
	l.noting.Unlock()
	if len(last) > 0 {
		s.hand(roomChannel(l.Webinar), &livewebinarpb.RoomPush{Closed: &livewebinarpb.Closed{Reason: "ended"}})
	}
	return closed
}

// tick lets a room do what is due, and passes on what came of it.
func (s *server) tick(l *live) {
	var t room.Ticked
	l.note(func() {
		t = l.Tick(s.now())
		s.recorder.check(t.Rows...)
	})
	for _, send := range t.Send {
		s.hand(personChannel(send.Account), &livewebinarpb.PersonPush{WebinarId: l.Webinar.String(), Check: askedPB(&send.Asked)})
	}
	for _, over := range t.Settled {
		s.recorder.act(s.activity.checkMissed(s.now(), l, over.Person, over.Number))
		s.hand(personChannel(over.Person.Account), &livewebinarpb.PersonPush{WebinarId: l.Webinar.String(), CheckOver: number(over.Number)})
	}
	if t.Changed {
		viewers := number(t.Viewers)
		s.hand(roomChannel(l.Webinar), &livewebinarpb.RoomPush{Viewers: &viewers})
	}
}
