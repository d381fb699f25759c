package points

import (
	"context"
	"encoding/json"
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

// DecideAppeal decides once: of two administrators at the same time, the second is told that it is decided.
func (s *server) DecideAppeal(ctx context.Context, q *datamanagementpb.DecideAppealRequest) (*datamanagementpb.DecideAppealResponse, error) {
	words := field.Text(q.GetAnswer())
	var f errs.Fields
	switch n := utf8.RuneCountInString(words); {
	case n == 0:
		f.Add("answer", "appeal.answer", "Write what the person is told.")
	case n > mostAnswer:
		f.Add("answer", "appeal.answer_long", "Enter at most 1000 characters.")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.DecideAppealResponse{}
	return answer, s.once(ctx, q, "points.decide_appeal", answer, func(tx pgx.Tx, who uuid.UUID, now time.Time) error {
		rows := store.New(tx)
		a, err := lockAppeal(ctx, rows, q.GetId())
		switch {
		case err != nil:
			return err
		case a.State != "open":
			return errDecided()
		case a.AccountID == who:
			return errs.New(errs.Forbidden, "appeal.own", "Nobody decides an own appeal. Ask another administrator.")
		}
		if !q.GetGrant() {
			err = rows.AppealRefuse(ctx, store.AppealRefuseParams{ID: a.ID, Now: now, DecidedBy: who, Answer: words})
		} else {
			answer.More, err = s.grant(ctx, tx, a, q, store.AppealGrantParams{ID: a.ID, Now: now, DecidedBy: who, Answer: words})
		}
		if err != nil {
			return fmt.Errorf("decide appeal: %w", err)
		}
		return s.events.Append(ctx, tx, eventlog.Event{
			Stream: "account/" + a.AccountID.String(), ExpectedVersion: eventlog.Any,
			Message: &eventpb.AppealDecided{
				AppealId: a.ID.String(), AccountId: a.AccountID.String(), WebinarId: a.WebinarID.String(), Granted: q.GetGrant(), Hundredths: answer.GetMore(),
			},
		})
	})
}

// grant keeps the amended evidence and asks the agency for the difference.
func (s *server) grant(ctx context.Context, tx pgx.Tx, a store.AppealLockRow, q *datamanagementpb.DecideAppealRequest, p store.AppealGrantParams) (int32, error) {
	rows := store.New(tx)
	if err := rows.DecisionLock(ctx); err != nil {
		return 0, fmt.Errorf("wait for evaluations: %w", err)
	}
	if err := rows.PersonLock(ctx, a.AccountID.String()); err != nil {
		return 0, fmt.Errorf("lock person: %w", err)
	}
	w, err := weigh(ctx, rows, a.WebinarID, a.AccountID, q.GetAmendment())
	if err != nil {
		return 0, err
	}
	if w.more <= 0 {
		return 0, errs.New(errs.Conflict, "appeal.nothing", "Granted like this, the person gets no more points. Amend more, or refuse the appeal and say why.")
	}
	for to, from := range map[*[]byte]any{&p.Amendment: w.amendment, &p.Evidence: w.evidence, &p.Credit: w.credit} {
		if *to, err = json.Marshal(from); err != nil {
			return 0, fmt.Errorf("write what was granted: %w", err)
		}
	}
	p.Hundredths = whole(int64(w.more))
	if err := rows.AppealGrant(ctx, p); err != nil {
		return 0, fmt.Errorf("grant: %w", err)
	}
	_, err = s.correct(ctx, tx, a, p.DecidedBy, p.Now)
	return p.Hundredths, err
}

// correct asks the agency for the correction of one person.
func (s *server) correct(ctx context.Context, tx pgx.Tx, a store.AppealLockRow, who uuid.UUID, now time.Time) (uuid.UUID, error) {
	rows, id := store.New(tx), s.newID()
	added, err := rows.CorrectionInsert(ctx, store.CorrectionInsertParams{ID: id, RequestedBy: who, Now: now, AppealID: a.ID})
	if err != nil {
		return id, fmt.Errorf("insert correction: %w", err)
	}
	if added == 0 {
		return id, errs.New(errs.Conflict, "appeal.requested", "This correction was requested from the agency already.")
	}
	granted, err := rows.CorrectionOf(ctx, a.ID)
	if err != nil {
		return id, fmt.Errorf("read correction: %w", err)
	}
	return id, s.events.Append(ctx, tx, eventlog.Event{
		Stream: webinarStream(a.WebinarID), ExpectedVersion: eventlog.Any,
		Message: &eventpb.PointsRequested{RequestId: id.String(), WebinarId: a.WebinarID.String(), Hundredths: granted.Hundredths, Viewers: 1},
	})
}

// RequestCorrection asks again for a correction that the agency refused.
func (s *server) RequestCorrection(ctx context.Context, q *datamanagementpb.RequestCorrectionRequest) (*datamanagementpb.RequestCorrectionResponse, error) {
	answer := &datamanagementpb.RequestCorrectionResponse{}
	return answer, s.once(ctx, q, "points.request_correction", answer, func(tx pgx.Tx, who uuid.UUID, now time.Time) error {
		a, err := lockAppeal(ctx, store.New(tx), q.GetAppealId())
		if err != nil {
			return err
		}
		if a.State != "granted" {
			return errs.New(errs.Conflict, "appeal.not_granted", "Only a granted appeal has a correction.")
		}
		id, err := s.correct(ctx, tx, a, who, now)
		answer.Id = id.String()
		return err
	})
}

// bookCorrection adds the correction to the ledger of the one person that it is for, and tells it.
func (s *server) bookCorrection(ctx context.Context, tx pgx.Tx, request store.RequestLockRow, now time.Time) (int32, error) {
	rows := store.New(tx)
	granted, err := rows.CorrectionOf(ctx, *request.AppealID)
	if err != nil {
		return 0, fmt.Errorf("read correction: %w", err)
	}
	id := s.newID()
	added, err := rows.CorrectionBook(ctx, store.CorrectionBookParams{
		ID: id, AccountID: granted.AccountID, WebinarID: request.WebinarID, Hundredths: granted.Hundredths, RequestID: request.ID,
		Note: "Granted on appeal", Now: now,
	})
	if err != nil || added == 0 {
		return 0, err
	}
	err = s.events.Append(ctx, tx, eventlog.Event{
		Stream: "account/" + granted.AccountID.String(), ExpectedVersion: eventlog.Any,
		Message: &eventpb.PointsBooked{
			BookingId: id.String(), AccountId: granted.AccountID.String(), WebinarId: request.WebinarID.String(), Hundredths: granted.Hundredths,
		},
	})
	if err != nil {
		return 0, fmt.Errorf("tell of a correction: %w", err)
	}
	return 1, s.tell.Tell(ctx, tx, activity.Doing{
		Kind: eventpb.ActivityKind_ACTIVITY_KIND_POINTS_BOOKED, Account: granted.AccountID, At: now, Key: id.String(),
		Webinar: request.WebinarID, Amount: int64(granted.Hundredths),
	})
}
