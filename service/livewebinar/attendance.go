package livewebinar

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
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

// freezePage is how many viewers are read at a time, so that memory does not grow with the room.
const freezePage = 200

// freeze turns the log of a closed room into the evidence of everybody, and tells the world. All of it is one
// transaction: after a crash in the middle the room is still "closing" and is frozen again, from the same log.
func (s *server) freeze(ctx context.Context, webinar uuid.UUID, closed time.Time) error {
	return db.Tx(ctx, s.rooms.pool, func(tx pgx.Tx) error {
		q := store.New(tx)
		r, err := q.RoomLock(ctx, webinar)
		if err != nil {
			return fmt.Errorf("lock room: %w", err)
		}
		if r.State != stateClosing {
			return nil // another instance was faster
		}
		w, err := q.WebinarGet(ctx, webinar)
		if err != nil {
			return fmt.Errorf("read webinar: %w", err)
		}
		plan, err := s.rooms.plan(ctx, q, w, r)
		if err != nil {
			return err
		}
		viewers, err := freezeAll(ctx, q, plan, closed)
		if err != nil {
			return err
		}
		if _, err := q.RoomClosed(ctx, store.RoomClosedParams{WebinarID: webinar, ClosedAt: &closed, Viewers: number(viewers)}); err != nil {
			return fmt.Errorf("close room: %w", err)
		}
		return s.events.Append(ctx, tx, eventlog.Event{
			Stream: stream(webinar), ExpectedVersion: eventlog.Any, Type: "room.closed",
			Message: &eventpb.RoomClosed{WebinarId: webinar.String(), ClosedAt: timestamppb.New(closed), Viewers: number(viewers)},
		})
	})
}

func freezeAll(ctx context.Context, q *store.Queries, plan room.Plan, closed time.Time) (int, error) {
	var after uuid.UUID
	total := 0
	for {
		ids, err := q.Viewers(ctx, store.ViewersParams{WebinarID: plan.Webinar, After: after, AtMost: freezePage})
		if err != nil {
			return 0, fmt.Errorf("list viewers: %w", err)
		}
		if len(ids) == 0 {
			return total, nil
		}
		if err := freezePageOf(ctx, q, plan, closed, ids); err != nil {
			return 0, err
		}
		total += len(ids)
		after = ids[len(ids)-1]
	}
}

func freezePageOf(ctx context.Context, q *store.Queries, plan room.Plan, closed time.Time, ids []uuid.UUID) error {
	past, err := readPasts(ctx, q, plan.Webinar, ids)
	if err != nil {
		return err
	}
	add := store.AttendanceAddParams{WebinarID: plan.Webinar}
	for _, id := range ids {
		a, err := attendanceOf(plan, closed, id, *past[id])
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

// attendanceOf is the evidence of one person. Checks that were never sent are not in it: nobody was there to see them.
func attendanceOf(plan room.Plan, closed time.Time, id uuid.UUID, past room.Past) (attendance, error) {
	watched, _ := credit.Watch(credit.Session{
		Viewer: id.String(), Opened: plan.Opened, Closed: closed, Silence: credit.DefaultSilence,
	}, past.Beats)
	e := credit.Evidence{
		Rule: plan.Rule, Programme: room.Programme(plan.Opened, closed, time.Time{}, plan.Segments),
		Watched: watched, Checks: past.Checks, Incidents: plan.Incidents, Offered: plan.Offered,
	}
	text, err := json.Marshal(e)
	if err != nil {
		return attendance{}, fmt.Errorf("encode evidence: %w", err)
	}
	hash := sha256.Sum256(text)
	a := attendance{seconds: credit.Evaluate(e).Watched, evidence: text, hash: hash[:], joined: closed}
	for _, b := range past.Beats {
		if b.At.Before(a.joined) {
			a.joined = b.At
		}
	}
	return a, nil
}

func stream(webinar uuid.UUID) string { return "webinar/" + webinar.String() }
