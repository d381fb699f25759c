package points

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/points/store"
)

// How much one person may write about one webinar.
const (
	mostWords   = 1000
	mostAppeals = 5
)

// Appeal takes down what a person finds wrong with the own credit.
func (s *server) Appeal(ctx context.Context, q *datamanagementpb.AppealRequest) (*datamanagementpb.AppealResponse, error) {
	webinar, err := uuid.Parse(q.GetWebinarId())
	if err != nil {
		return nil, errNoWebinar()
	}
	words := field.Text(q.GetWords())
	if err := appealProblem(q.GetReason(), words); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.AppealResponse{}
	return answer, s.once(ctx, q, "points.appeal", answer, func(tx pgx.Tx, who uuid.UUID, now time.Time) error {
		id := s.newID()
		answer.Id = id.String()
		p := store.AppealInsertParams{ID: id, WebinarID: webinar, AccountID: who, Reason: q.GetReason(), Words: words, Now: now}
		if span := q.GetConcerns(); span != nil {
			from, to := instant(span.GetFrom()), instant(span.GetTo())
			p.ConcernsFrom, p.ConcernsTo = &from, &to
		}
		return appeal(ctx, store.New(tx), p)
	})
}

func appealProblem(reason, words string) error {
	var f errs.Fields
	if !slices.Contains([]string{"connection", "check", "device", "other"}, reason) {
		f.Add("reason", "appeal.reason", "Choose what went wrong.")
	}
	switch n := utf8.RuneCountInString(words); {
	case reason == "other" && n == 0:
		f.Add("words", "appeal.words", "Write in a sentence or two what went wrong.")
	case n > mostWords:
		f.Add("words", "appeal.words_long", "Enter at most 1000 characters.")
	}
	return f.Err()
}

func appeal(ctx context.Context, q *store.Queries, p store.AppealInsertParams) error {
	target, err := q.AppealTarget(ctx, store.AppealTargetParams{WebinarID: p.WebinarID, AccountID: p.AccountID})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errs.New(errs.NotFound, "evidence.none", "We have no attendance of yours for this webinar.")
	case err != nil:
		return fmt.Errorf("read result: %w", err)
	case target.Whole:
		return errs.New(errs.Conflict, "appeal.whole", "You have all the points of this webinar.")
	case target.EndedAt == nil || p.Now.After(target.EndedAt.Add(credit.AppealTime)):
		return errs.New(errs.Conflict, "appeal.late", "An appeal is possible within 30 days of the end of a webinar.")
	}
	if p.ConcernsFrom != nil && (target.StartedAt == nil || p.ConcernsFrom.Before(*target.StartedAt) || p.ConcernsTo.After(*target.EndedAt) ||
		!p.ConcernsFrom.Before(*p.ConcernsTo)) {
		return errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("concerns_from", "appeal.span", "Enter a time within the webinar, from and to.")
	}
	made, err := q.AppealCount(ctx, store.AppealCountParams{WebinarID: p.WebinarID, AccountID: p.AccountID})
	if err != nil {
		return fmt.Errorf("count appeals: %w", err)
	}
	if made >= mostAppeals {
		return errs.New(errs.Conflict, "appeal.many", "You have appealed five times already. Please write to the organiser.")
	}
	added, err := q.AppealInsert(ctx, p)
	if err != nil {
		return fmt.Errorf("insert appeal: %w", err)
	}
	if added == 0 {
		return errs.New(errs.Conflict, "appeal.open", "You have appealed already. The answer comes to your e-mail and stands here.")
	}
	return nil
}

// WithdrawAppeal takes an own appeal back. One that is withdrawn stays so.
func (s *server) WithdrawAppeal(ctx context.Context, q *datamanagementpb.WithdrawAppealRequest) (*datamanagementpb.WithdrawAppealResponse, error) {
	answer := &datamanagementpb.WithdrawAppealResponse{}
	return answer, s.once(ctx, q, "points.withdraw_appeal", answer, func(tx pgx.Tx, who uuid.UUID, now time.Time) error {
		rows := store.New(tx)
		a, err := lockAppeal(ctx, rows, q.GetId())
		switch {
		case err != nil:
			return err
		case a.AccountID != who:
			return errNoAppeal()
		case a.State == "withdrawn":
			return nil
		case a.State != "open":
			return errDecided()
		}
		if err := rows.AppealWithdraw(ctx, store.AppealWithdrawParams{ID: a.ID, Now: now}); err != nil {
			return fmt.Errorf("withdraw appeal: %w", err)
		}
		return nil
	})
}

func lockAppeal(ctx context.Context, q *store.Queries, name string) (store.AppealLockRow, error) {
	id, err := uuid.Parse(name)
	if err != nil {
		return store.AppealLockRow{}, errNoAppeal()
	}
	a, err := q.AppealLock(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, errNoAppeal()
	}
	if err != nil {
		return a, fmt.Errorf("lock appeal: %w", err)
	}
	return a, nil
}

func errNoAppeal() error {
	return errs.New(errs.NotFound, "appeal.none", "There is no such appeal.")
}

func errDecided() error {
	return errs.New(errs.Conflict, "appeal.decided", "This appeal was decided already. Load the page again.")
}
