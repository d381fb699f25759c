package livewebinar

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// freezePage is how many viewers are frozen at a time, so that neither memory nor a transaction grows with the room.
const freezePage = 500

// freeze turns the log of a closed room into the evidence of everybody, and tells the world.
//
//	closing ──the frame is fixed──> a page ──> a page ──> … ──nobody is missing──> closed, room.closed
//
// Each step is a short transaction of its own: one that writes and stays open holds back the events of everybody (kit/eventlog). Whoever
// is killed between two of them is followed by whoever keeps then, who goes on with those who are missing. Two at once write the
// same, and it is kept once.
func (s *server) freeze(ctx context.Context, webinar uuid.UUID, closed time.Time) error {
	frame, closing, err := s.frame(ctx, webinar, closed)
	if err != nil || !closing {
		return err
	}
	q := store.New(s.rooms.pool)
	for {
		ids, err := q.Unfrozen(ctx, store.UnfrozenParams{WebinarID: webinar, AtMost: freezePage})
		if err != nil {
			return fmt.Errorf("list viewers: %w", err)
		}
		if len(ids) > 0 {
			err = freezePageOf(ctx, q, webinar, frame, ids)
		} else {
			closing, err = s.seal(ctx, webinar, frame.Programme.Ended)
		}
		if err != nil || !closing {
			return err
		}
	}
}

// frame is what everybody is judged by: evidence without a person. It is fixed by whoever comes first, because a rule may be changed
// between two pages. False when the room is not closing: another instance was faster.
func (s *server) frame(ctx context.Context, webinar uuid.UUID, closed time.Time) (frame credit.Evidence, closing bool, err error) {
	err = db.Tx(ctx, s.rooms.pool, func(tx pgx.Tx) error {
		q := store.New(tx)
		r, err := q.RoomLock(ctx, webinar)
		if err != nil {
			return fmt.Errorf("lock room: %w", err)
		}
		if closing = r.State == stateClosing; !closing {
			return nil
		}
		text, err := q.FrameGet(ctx, webinar)
		if errors.Is(err, pgx.ErrNoRows) {
			text, err = s.fix(ctx, q, r, closed)
		}
		if err != nil {
			return fmt.Errorf("what the room is judged by: %w", err)
		}
		frame = credit.Evidence{}
		return json.Unmarshal(text, &frame)
	})
	return frame, closing, err
}

func (s *server) fix(ctx context.Context, q *store.Queries, r store.LivewebinarRoom, closed time.Time) ([]byte, error) {
	w, err := q.WebinarGet(ctx, r.WebinarID)
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	plan, err := s.rooms.plan(ctx, q, w, r)
	if err != nil {
		return nil, err
	}
	closed = closed.UTC().Truncate(time.Microsecond) // as the database keeps it
	text, err := json.Marshal(credit.Evidence{
		Rule: plan.Rule, Programme: room.Programme(plan.Opened, closed, time.Time{}, plan.Segments), Incidents: plan.Incidents, Offered: plan.Offered,
	})
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return text, q.FrameAdd(ctx, store.FrameAddParams{WebinarID: r.WebinarID, Evidence: text})
}

// seal closes the room and tells it, if nobody is missing: what somebody did may have been written while the others were frozen. A page
// that is being written is waited for.
func (s *server) seal(ctx context.Context, webinar uuid.UUID, closed time.Time) (closing bool, err error) {
	err = db.Tx(ctx, s.rooms.pool, func(tx pgx.Tx) error {
		q := store.New(tx)
		r, err := q.RoomLock(ctx, webinar)
		if err != nil {
			return fmt.Errorf("lock room: %w", err)
		}
		missing, err := q.Unfrozen(ctx, store.UnfrozenParams{WebinarID: webinar, AtMost: 1})
		if err != nil {
			return fmt.Errorf("look who is missing: %w", err)
		}
		if closing = len(missing) > 0; closing || r.State != stateClosing {
			return nil // somebody came late, or another instance was faster
		}
		viewers, err := q.AttendanceCount(ctx, webinar)
		if err != nil {
			return fmt.Errorf("count attendance: %w", err)
		}
		if _, err := q.RoomClosed(ctx, store.RoomClosedParams{WebinarID: webinar, ClosedAt: &closed, Viewers: number(viewers)}); err != nil {
			return fmt.Errorf("close room: %w", err)
		}
		return s.events.Append(ctx, tx, eventlog.Event{
			Stream: stream(webinar), ExpectedVersion: eventlog.Any, Type: "room.closed",
			Message: &eventpb.RoomClosed{WebinarId: webinar.String(), ClosedAt: timestamppb.New(closed), Viewers: number(viewers)},
		})
	})
	return closing, err
}

// freezePageOf reads and computes without a transaction, and writes with one statement.
func freezePageOf(ctx context.Context, q *store.Queries, webinar uuid.UUID, frame credit.Evidence, ids []uuid.UUID) error {
	slices.SortFunc(ids, compareIDs) // two who write the same page do not wait for each other
	past, err := readPasts(ctx, q, webinar, ids)
	if err != nil {
		return err
	}
	add := store.AttendanceAddParams{WebinarID: webinar}
	for _, id := range ids {
		a, err := attendanceOf(frame, id, *past[id])
		if err != nil {
			return err
		}
		add.AccountIds = append(add.AccountIds, id)
		add.FirstJoinedAts = append(add.FirstJoinedAts, a.joined)
		add.Seconds = append(add.Seconds, number(a.seconds))
		add.Evidences = append(add.Evidences, a.evidence)
		add.Hashes = append(add.Hashes, a.hash)
	}
	if err := q.AttendanceAdd(ctx, add); err != nil {
		return fmt.Errorf("write attendance: %w", err)
	}
	return nil
}

type attendance struct {
	joined   time.Time
	seconds  credit.Seconds
	evidence []byte
	hash     []byte
}

// attendanceOf is the evidence of one person within the frame. Checks that were never sent are not in it: nobody was there to see them.
func attendanceOf(e credit.Evidence, id uuid.UUID, past room.Past) (attendance, error) {
	e.Watched, _ = credit.Watch(credit.Session{
		Viewer: id.String(), Opened: e.Programme.Started, Closed: e.Programme.Ended, Silence: credit.DefaultSilence,
	}, past.Beats)
	e.Checks = past.Checks
	text, err := json.Marshal(e)
	if err != nil {
		return attendance{}, fmt.Errorf("encode evidence: %w", err)
	}
	hash := sha256.Sum256(text)
	a := attendance{seconds: credit.Evaluate(e).Watched, evidence: text, hash: hash[:], joined: e.Programme.Ended}
	for _, b := range past.Beats {
		if b.At.Before(a.joined) {
			a.joined = b.At
		}
	}
	return a, nil
}

func stream(webinar uuid.UUID) string { return "webinar/" + webinar.String() }
