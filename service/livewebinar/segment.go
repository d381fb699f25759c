package livewebinar

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// segment marks what the webinar is from now on. Only talk is creditable; a presence check that falls into anything else is
// void. What was marked stays as it is, because credit follows from it.
func (s *server) segment(ctx context.Context, at stage, q *livewebinarpb.SegmentRequest) (proto.Message, error) {
	kind := credit.Kind(q.GetKind())
	if kind != credit.Talk && kind != credit.Break && kind != credit.Sponsor {
		return nil, errs.New(errs.Invalid, "segment.kind", "Choose talk, break or sponsor.")
	}
	revision, err := s.boards.change(ctx, at.webinar, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		q := store.New(tx)
		marks, err := readMarks(ctx, q, at.webinar)
		if err != nil {
			return err
		}
		now, is := s.now(), credit.Talk
		if len(marks) > 0 {
			last := marks[len(marks)-1]
			is = last.Kind
			if now = later(now, last.From.Add(time.Millisecond)); is == kind {
				return errUnchanged
			}
		}
		if is == kind {
			return errUnchanged
		}
		return q.SegmentAdd(ctx, store.SegmentAddParams{
			WebinarID: at.webinar, FromAt: now, Kind: string(kind), AccountID: at.account, Revision: revision,
		})
	})
	if err != nil {
		return nil, err
	}
	if err := s.learn(ctx, store.New(s.rooms.pool), map[uuid.UUID]*live{at.webinar: at.live}, []uuid.UUID{at.webinar}); err != nil {
		s.log.Warn("the programme is known a moment later", "webinar", at.webinar, "error", err)
	}
	return &livewebinarpb.Done{Revision: revision}, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func readMarks(ctx context.Context, q *store.Queries, webinar uuid.UUID) ([]room.Mark, error) {
	rows, err := q.SegmentsOf(ctx, []uuid.UUID{webinar})
	if err != nil {
		return nil, fmt.Errorf("read the programme: %w", err)
	}
	marks := make([]room.Mark, len(rows))
	for i, row := range rows {
		marks[i] = room.Mark{Kind: credit.Kind(row.Kind), From: row.FromAt.UTC()}
	}
	return marks, nil
}

// programme is what the board shows of it, if it changed after a revision.
func programme(ctx context.Context, q *store.Queries, webinar uuid.UUID, after int32) (*livewebinarpb.Programme, int32, error) {
	rows, err := q.SegmentsOf(ctx, []uuid.UUID{webinar})
	if err != nil {
		return nil, 0, fmt.Errorf("read the programme: %w", err)
	}
	if len(rows) == 0 || rows[len(rows)-1].Revision <= after {
		return nil, 0, nil
	}
	p := &livewebinarpb.Programme{}
	for i, row := range rows {
		segment := &livewebinarpb.Segment{Kind: row.Kind, From: stamp(row.FromAt)}
		if i+1 < len(rows) {
			segment.To = stamp(rows[i+1].FromAt)
		}
		p.Segments = append(p.Segments, segment)
	}
	return p, rows[len(rows)-1].Revision, nil
}
