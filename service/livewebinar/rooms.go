package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/singleflight"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// The states of a room in the database.
const (
	stateOpen      = "open"
	stateClosing   = "closing"
	stateClosed    = "closed"
	stateAbandoned = "abandoned"
	webinarLive    = "live"
)

// outage is how long a room may be without a sign of life before it is written down as our failure.
const outage = 10 * time.Second

// loadWithin is how long those who enter wait for a room that has to be read first.
const loadWithin = 10 * time.Second

// live is a room in this process.
type live struct {
	*room.Room

	commitment string
	// The account of the lecturer, nil without one. Another one may be named while the room is open.
	lecturer atomic.Pointer[uuid.UUID]
	chat     *chat
	board    *board
	// Held by whoever changes the room and has not yet handed to the recorder what must be written down of it; the goodbye
	// waits for them.
	noting sync.RWMutex
	sample sampled // of the keeper
}

// note lets do change the room and record what came of it.
func (l *live) note(do func()) {
	l.noting.RLock()
	defer l.noting.RUnlock()
	do()
}

// rooms holds the open rooms of this process. What it holds can always be made again from the database.
type rooms struct {
	me    uuid.UUID // this instance
	pool  *pgxpool.Pool
	log   *slog.Logger
	clock *clock
	now   func() time.Time
	proof time.Duration
	say   func(webinar uuid.UUID, messages []*livewebinarpb.ChatMessage)
	board *boards
	// outage is when so many lost their connection that it is held against nobody.
	outage   room.Outage
	sure     func(context.Context) error // that the other instances know of this one
	pasts    gather[seatKey, room.Past]
	deeds    gather[seatKey, store.MineOfManyRow]
	accounts gather[uuid.UUID, *store.DatamanagementLivewebinarAccount]

	loading singleflight.Group // by room: one that is slow to load holds up no other
	mu      sync.RWMutex
	held    map[uuid.UUID]*live
}

func newRooms(me uuid.UUID, clock *clock, boards *boards) *rooms {
	s := &rooms{
		me: me, pool: boards.pool, log: boards.log, clock: clock, now: clock.now, proof: proof, board: boards, held: map[uuid.UUID]*live{},
	}
	s.pasts.most, s.pasts.read = pastsMost, s.readPasts
	s.deeds.most, s.deeds.read = introduceMost, s.readDeeds
	s.accounts.most, s.accounts.read = introduceMost, s.readAccounts
	return s
}

func errNone() error {
	return errs.New(errs.NotFound, "room.none", "There is no such room.")
}

func errOpening() error {
	return errs.New(errs.Unavailable, "room.opening", "The room is opening. Please wait a moment.")
}

func errClosed() error {
	return errs.New(errs.Conflict, "room.closed", "This webinar has ended.")
}

// get is the open room of a webinar, or why there is none.
func (s *rooms) get(ctx context.Context, webinar uuid.UUID) (*live, error) {
	if l := s.holding(webinar); l != nil {
		if l.Closed() {
			return nil, errClosed()
		}
		return l, nil
	}
	loaded, err, _ := s.loading.Do(webinar.String(), func() (any, error) {
		// Others wait for this as well, who have not gone away.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadWithin)
		defer cancel()
		return s.hold(ctx, webinar)
	})
	if err != nil {
		return nil, err
	}
	return loaded.(*live), nil //nolint:forcetypeassert // It is what hold gives.
}

// hold loads a room, once.
func (s *rooms) hold(ctx context.Context, webinar uuid.UUID) (*live, error) {
	if l := s.holding(webinar); l != nil {
		return l, nil
	}
	l, err := s.load(ctx, webinar)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[webinar] = l
	return l, nil
}

func (s *rooms) holding(webinar uuid.UUID) *live {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.held[webinar]
}

func (s *rooms) all() []*live {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]*live, 0, len(s.held))
	for _, l := range s.held {
		list = append(list, l)
	}
	return list
}

func (s *rooms) forget(webinar uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, webinar)
}

// load makes a room from the database.
func (s *rooms) load(ctx context.Context, webinar uuid.UUID) (*live, error) {
	if err := errors.Join(s.clock.sure(ctx), s.sure(ctx)); err != nil {
		return nil, err
	}
	q := store.New(s.pool)
	w, err := q.WebinarGet(ctx, webinar)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNone()
	}
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	r, err := q.RoomGet(ctx, webinar)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && r.State == stateAbandoned:
		if w.State == webinarLive {
			return nil, errOpening()
		}
		return nil, errNone()
	case err != nil:
		return nil, fmt.Errorf("read room: %w", err)
	case r.State != stateOpen:
		return nil, errClosed()
	case w.State != webinarLive || w.FrozenRule == nil:
		return nil, errOpening() // the rule is frozen in the same moment in which the webinar becomes live
	}
	plan, err := s.plan(ctx, q, w, r)
	if err != nil {
		return nil, err
	}
	l := &live{Room: room.New(plan), commitment: r.Commitment}
	l.lecturer.Store(w.HostID)
	if l.board, err = s.board.get(ctx, webinar); err != nil {
		return nil, err
	}
	l.chat = &chat{
		webinar: webinar, pool: s.pool, board: l.board, viewers: l.Viewers,
		publish: func(messages []*livewebinarpb.ChatMessage) { s.say(webinar, messages) },
	}
	return l, s.whoElse(ctx, q, l)
}

func (s *rooms) plan(ctx context.Context, q *store.Queries, w store.WebinarGetRow, r store.LivewebinarRoom) (room.Plan, error) {
	rule, err := credit.ParseRule(w.FrozenRule)
	if err != nil {
		return room.Plan{}, fmt.Errorf("rule of webinar %s: %w", r.WebinarID, err)
	}
	incidents, err := s.incidents(ctx, q, r)
	if err != nil {
		return room.Plan{}, err
	}
	marks, err := readMarks(ctx, q, r.WebinarID)
	if err != nil {
		return room.Plan{}, err
	}
	return room.Plan{
		Webinar: r.WebinarID, Title: w.Title, VideoURL: w.VideoUrl, Opened: r.OpenedAt.UTC(),
		PlannedEnd: presence.PlannedEnd(w.StartsAt, r.OpenedAt, time.Duration(w.Minutes)*time.Minute),
		Rule:       rule, Offered: credit.Points(w.Hundredths), Seed: presence.Seed(r.Seed), Proof: s.proof, Incidents: incidents,
		Segments: marks, Outage: s.outage,
	}, nil
}

// incidents are the known ones; if nobody kept this room alive for a while, that is one more.
func (s *rooms) incidents(ctx context.Context, q *store.Queries, r store.LivewebinarRoom) ([]credit.Span, error) {
	if now := s.now(); r.State == stateOpen && now.Sub(r.AliveAt) > outage {
		err := q.IncidentAdd(ctx, store.IncidentAddParams{WebinarID: r.WebinarID, FromAt: r.AliveAt, ToAt: now, Reason: reasonNotServed})
		if err != nil {
			return nil, fmt.Errorf("write incident: %w", err)
		}
		err = q.RoomsAlive(ctx, store.RoomsAliveParams{Now: now, WebinarIds: []uuid.UUID{r.WebinarID}})
		if err != nil {
			return nil, fmt.Errorf("keep room alive: %w", err)
		}
		s.log.Warn("a room was not served", "webinar", r.WebinarID, "from", r.AliveAt, "to", now)
	}
	rows, err := q.IncidentList(ctx, r.WebinarID)
	if err != nil {
		return nil, fmt.Errorf("read incidents: %w", err)
	}
	spans := make([]credit.Span, len(rows))
	for i, row := range rows {
		spans[i] = credit.Span{From: row.FromAt.UTC(), To: row.ToAt.UTC()}
	}
	return spans, nil
}

// person is who wants to enter: only members may, as the accounts say now and not as a token said a while ago.
func (s *rooms) person(ctx context.Context, l *live, account uuid.UUID) (room.Person, error) {
	mine, err := s.rights(ctx, l.lecturer.Load(), account)
	return mine.person, err
}
