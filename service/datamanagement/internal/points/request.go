package points

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/points/store"
)

// once runs a command of the person asking.
func (s *server) once(ctx context.Context, q command.Request, name string, answer proto.Message, do func(pgx.Tx, uuid.UUID, time.Time) error) error {
	return command.Desk{DB: s.db, Now: s.now}.Once(ctx, q, name, answer, func(w command.Wish) error { return do(w.Tx, w.Who.Account, w.Now) })
}

// RequestPoints records a request with the numbers that somebody approved.
func (s *server) RequestPoints(ctx context.Context, q *datamanagementpb.RequestPointsRequest) (*datamanagementpb.RequestPointsResponse, error) {
	id, err := uuid.Parse(q.GetWebinarId())
	if err != nil {
		return nil, errNoWebinar()
	}
	answer := &datamanagementpb.RequestPointsResponse{}
	return answer, s.once(ctx, q, "points.request", answer, func(tx pgx.Tx, who uuid.UUID, now time.Time) error {
		request, err := s.request(ctx, tx, id, store.RequestInsertParams{
			ID: s.newID(), WebinarID: id, RequestedBy: who, Now: now,
			Viewers: q.GetViewers(), Qualified: q.GetQualified(), Hundredths: q.GetHundredths(),
		})
		answer.Id = request.String()
		return err
	})
}

func (s *server) request(ctx context.Context, tx pgx.Tx, id uuid.UUID, p store.RequestInsertParams) (uuid.UUID, error) {
	q := store.New(tx)
	w, err := q.WebinarLock(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return p.ID, errNoWebinar()
	}
	if err != nil {
		return p.ID, fmt.Errorf("lock webinar: %w", err)
	}
	totals, err := q.Totals(ctx, id)
	switch {
	case err != nil:
		return p.ID, fmt.Errorf("count results: %w", err)
	case w.EvaluatedAt == nil:
		return p.ID, errs.New(errs.Conflict, "points.not_evaluated", "Points can be requested when the webinar has ended and attendance was evaluated.")
	case totals.Hundredths == 0:
		return p.ID, errs.New(errs.Conflict, "points.nobody", "Nobody qualified, so there are no points to request.")
	case totals != store.TotalsRow{Viewers: p.Viewers, Qualified: p.Qualified, Hundredths: p.Hundredths}:
		return p.ID, errs.New(errs.Conflict, "points.changed", "The numbers are not those of the results. Load the page again and check them.")
	}
	added, err := q.RequestInsert(ctx, p)
	if err != nil {
		return p.ID, fmt.Errorf("insert request: %w", err)
	}
	if added == 0 {
		return p.ID, errs.New(errs.Conflict, "points.requested", "The points of this webinar were requested already.")
	}
	return p.ID, s.events.Append(ctx, tx, eventlog.Event{
		Stream: webinarStream(id), ExpectedVersion: eventlog.Any,
		Message: &eventpb.PointsRequested{RequestId: p.ID.String(), WebinarId: id.String(), Hundredths: p.Hundredths, Viewers: p.Viewers},
	})
}

func errNoWebinar() error {
	return errs.New(errs.NotFound, "webinar.none", "There is no such webinar.")
}
