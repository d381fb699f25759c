package points

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/points/store"
)

// mostAmended bounds what one decision may change.
const mostAmended = 20

// weighed is what an amendment leads to.
type weighed struct {
	amendment credit.Amendment
	evidence  credit.Evidence
	credit    credit.Credit
	booked    credit.Points // after the cap of the day
	more      credit.Points // than the result has
}

// weigh computes the credit of a person with an amendment, by the same rule and the same function as the result. Whoever decides by it
// has locked the person, because other webinars of the day count.
func weigh(ctx context.Context, q *store.Queries, webinar, account uuid.UUID, asked *datamanagementpb.Amendment) (weighed, error) {
	row, err := q.ResultGet(ctx, store.ResultGetParams{WebinarID: webinar, AccountID: account})
	if errors.Is(err, pgx.ErrNoRows) {
		return weighed{}, errNoAppeal()
	}
	if err != nil {
		return weighed{}, fmt.Errorf("read result: %w", err)
	}
	var e credit.Evidence
	if err := json.Unmarshal(row.Evidence, &e); err != nil {
		return weighed{}, fmt.Errorf("read evidence: %w", err)
	}
	w := weighed{}
	if w.amendment, err = amendmentOf(asked, e); err != nil {
		return weighed{}, err
	}
	earlier, err := readEarlier(ctx, q, webinar, []uuid.UUID{account})
	if err != nil {
		return weighed{}, err
	}
	// What another webinar was credited with since this one was evaluated counts there. The two never overlap in what was credited here
	// already, because that webinar looked at this one.
	e.Elsewhere = earlier.spans[account]
	w.evidence = e.Amended(w.amendment)
	w.credit = credit.Evaluate(w.evidence)
	w.booked = credit.CapDay(w.credit.Points, earlier.day[account], e.Rule.DailyCap)
	w.more = max(0, w.booked-credit.Points(row.Hundredths))
	return w, nil
}

// amendmentOf reads what an administrator found: missed checks by their numbers, and times within the webinar.
func amendmentOf(asked *datamanagementpb.Amendment, e credit.Evidence) (credit.Amendment, error) {
	var a credit.Amendment
	if len(asked.GetVoidChecks())+len(asked.GetWatched())+len(asked.GetIncidents()) > mostAmended {
		return a, errs.New(errs.Invalid, "appeal.amendment", "At most 20 checks and times can be amended.")
	}
	var f errs.Fields
	missed := []int{}
	for _, told := range credit.Fates(e) {
		if told.Fate == credit.Missed {
			missed = append(missed, told.Number)
		}
	}
	for _, number := range asked.GetVoidChecks() {
		if !slices.Contains(missed, int(number)) {
			f.Add("void_checks", "appeal.check", "Choose from the checks that were missed.")
		}
		a.VoidChecks = append(a.VoidChecks, int(number))
	}
	a.Watched = spansOf(&f, "watched", asked.GetWatched(), e.Programme)
	a.Incidents = spansOf(&f, "incidents", asked.GetIncidents(), e.Programme)
	return a, f.Err()
}

func spansOf(f *errs.Fields, name string, asked []*datamanagementpb.AmendedSpan, p credit.Programme) []credit.Span {
	var spans []credit.Span
	for _, s := range asked {
		from, to := instant(s.GetFrom()), instant(s.GetTo())
		if from.Before(p.Started) || to.After(p.Ended) || !from.Before(to) {
			f.Add(name, "appeal.span", "Enter a time within the webinar, from and to.")
		}
		spans = append(spans, credit.Span{From: from, To: to})
	}
	return spans
}

func instant(t *timestamppb.Timestamp) time.Time {
	if !t.IsValid() {
		return time.Time{}
	}
	return t.AsTime()
}

// WeighAppeal tells what would come out.
func (s *server) WeighAppeal(ctx context.Context, q *datamanagementpb.WeighAppealRequest) (*datamanagementpb.WeighAppealResponse, error) {
	id, err := uuid.Parse(q.GetId())
	if err != nil {
		return nil, errNoAppeal()
	}
	rows := store.New(s.db)
	a, err := rows.AppealGet(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoAppeal()
	}
	if err != nil {
		return nil, fmt.Errorf("read appeal: %w", err)
	}
	w, err := weigh(ctx, rows, a.WebinarID, a.AccountID, q.GetAmendment())
	if err != nil {
		return nil, err
	}
	return &datamanagementpb.WeighAppealResponse{
		Qualified: w.credit.Verdict == credit.VerdictPassed, Seconds: whole(int64(w.credit.Watched)), Creditable: whole(int64(w.credit.Creditable)),
		Percent: whole(int64(w.credit.Percent)), ChecksAnswered: whole(int64(w.credit.Checks.Answered)), ChecksCounted: whole(int64(w.credit.Checks.Asked())),
		Hundredths: whole(int64(w.booked)), More: whole(int64(w.more)),
	}, nil
}
