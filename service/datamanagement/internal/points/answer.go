package points

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/points/store"
)

const (
	mostReference = 120
	mostAnswer    = 1000
)

// RecordAnswer records what the agency said, once; an acceptance books in the same transaction.
func (s *server) RecordAnswer(ctx context.Context, q *datamanagementpb.RecordAnswerRequest) (*datamanagementpb.RecordAnswerResponse, error) {
	id, err := uuid.Parse(q.GetId())
	if err != nil {
		return nil, errNoRequest()
	}
	p := store.RequestAnswerParams{
		ID: id, State: "refused", AnsweredOn: q.GetDay(), Reference: field.Line(q.GetReference()), Answer: field.Text(q.GetAnswer()),
	}
	if q.GetAccepted() {
		p.State = "accepted"
	}
	if err := answerProblem(p, s.now()); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.RecordAnswerResponse{}
	return answer, s.once(ctx, q, "points.answer", answer, func(tx pgx.Tx, who uuid.UUID, now time.Time) error {
		p.AnsweredBy, p.Now = who, now
		booked, err := s.answer(ctx, tx, p)
		answer.Booked = booked
		return err
	})
}

func answerProblem(p store.RequestAnswerParams, now time.Time) error {
	var f errs.Fields
	day, err := time.Parse(time.DateOnly, p.AnsweredOn)
	switch {
	case err != nil:
		f.Add("day", "points.day", "Enter the day of the answer, such as 2026-11-26.")
	case day.After(now.AddDate(0, 0, 1)) || day.Year() < 2000:
		f.Add("day", "points.day_range", "The day of the answer cannot lie in the future.")
	}
	switch {
	case p.State == "accepted" && p.Reference == "":
		f.Add("reference", "points.reference", "Enter the reference under which the agency accepted the points.")
	case utf8.RuneCountInString(p.Reference) > mostReference:
		f.Add("reference", "points.reference_long", "Enter a reference of at most 120 characters.")
	}
	switch {
	case p.State == "refused" && p.Answer == "":
		f.Add("answer", "points.reason", "Enter why the agency refused.")
	case utf8.RuneCountInString(p.Answer) > mostAnswer:
		f.Add("answer", "points.reason_long", "Enter at most 1000 characters.")
	}
	return f.Err()
}

func (s *server) answer(ctx context.Context, tx pgx.Tx, p store.RequestAnswerParams) (int32, error) {
	q := store.New(tx)
	request, err := q.RequestLock(ctx, p.ID)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, errNoRequest()
	case err != nil:
		return 0, fmt.Errorf("lock request: %w", err)
	case request.State != "sent":
		return 0, errs.New(errs.Conflict, "points.answered", "The answer to this request was recorded already.")
	}
	if err := q.RequestAnswer(ctx, p); err != nil {
		return 0, fmt.Errorf("record answer: %w", err)
	}
	accepted := p.State == "accepted"
	if request.AwaitedAt != nil {
		if err := s.settle(ctx, tx, request, accepted); err != nil {
			return 0, err
		}
	}
	err = s.events.Append(ctx, tx, eventlog.Event{
		Stream: webinarStream(request.WebinarID), ExpectedVersion: eventlog.Any,
		Message: &eventpb.PointsAnswered{RequestId: p.ID.String(), WebinarId: request.WebinarID.String(), Accepted: accepted},
	})
	if err != nil || !accepted {
		return 0, err
	}
	if request.AppealID != nil {
		return s.bookCorrection(ctx, tx, request, p.Now)
	}
	return s.book(ctx, tx, request, p.Now)
}

// book adds a line to the ledger of everybody who qualified, and tells it.
func (s *server) book(ctx context.Context, tx pgx.Tx, request store.RequestLockRow, now time.Time) (int32, error) {
	q := store.New(tx)
	people, err := q.Qualified(ctx, request.WebinarID)
	if err != nil {
		return 0, fmt.Errorf("list who qualified: %w", err)
	}
	var booked int32
	var doings []activity.Doing
	for _, p := range people {
		id := s.newID()
		added, err := q.BookingInsert(ctx, store.BookingInsertParams{
			ID: id, AccountID: p.AccountID, WebinarID: request.WebinarID, Hundredths: p.Hundredths, RequestID: request.ID, Now: now,
		})
		if err != nil {
			return 0, fmt.Errorf("book for %s: %w", p.AccountID, err)
		}
		if added == 0 {
			continue // booked before; nothing is told twice
		}
		booked++
		err = s.events.Append(ctx, tx, eventlog.Event{
			Stream: "account/" + p.AccountID.String(), ExpectedVersion: eventlog.Any,
			Message: &eventpb.PointsBooked{
				BookingId: id.String(), AccountId: p.AccountID.String(), WebinarId: request.WebinarID.String(), Hundredths: p.Hundredths,
			},
		})
		if err != nil {
			return 0, fmt.Errorf("tell of a booking: %w", err)
		}
		doings = append(doings, activity.Doing{
			Kind: eventpb.ActivityKind_ACTIVITY_KIND_POINTS_BOOKED, Account: p.AccountID, At: now, Key: id.String(),
			Webinar: request.WebinarID, Amount: int64(p.Hundredths),
		})
	}
	return booked, s.tell.Tell(ctx, tx, doings...)
}

func errNoRequest() error {
	return errs.New(errs.NotFound, "points.no_request", "There is no such request.")
}
