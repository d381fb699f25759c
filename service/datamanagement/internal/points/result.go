package points

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/points/store"
)

// terms are what is the same for everybody in a webinar.
type terms struct {
	webinar uuid.UUID
	rule    credit.Rule
	offered credit.Points
}

// capped is the reason that this package adds to those of rules/credit: "{Have} of {Of} hundredths fit into the day".
const capped credit.Code = "capped"

// result applies the frozen rule to the evidence of one person.
func (t terms) result(p store.AttendanceRow, before earlier) (store.ResultInsertParams, error) {
	var e credit.Evidence
	if err := json.Unmarshal(p.Evidence, &e); err != nil {
		return store.ResultInsertParams{}, fmt.Errorf("read evidence: %w", err)
	}
	// Rule and worth are ours to say; what happened in the room is not.
	e.Rule, e.Offered, e.Elsewhere = t.rule, t.offered, before.spans[p.AccountID]
	c := credit.Evaluate(e)
	booked := credit.CapDay(c.Points, before.day[p.AccountID], t.rule.DailyCap)
	reasons := c.Reasons
	if booked < c.Points {
		reasons = append(append([]credit.Reason{}, reasons...), credit.Reason{Code: capped, Have: int(booked), Of: int(c.Points)})
	}
	row := store.ResultInsertParams{
		WebinarID: t.webinar, AccountID: p.AccountID, EvidenceSha256: p.Sha256,
		Seconds: whole(int64(c.Watched)), Creditable: whole(int64(c.Creditable)),
		ChecksAnswered: whole(int64(c.Checks.Answered)), ChecksCounted: whole(int64(c.Checks.Asked())),
		Qualified: c.Verdict == credit.VerdictPassed, Hundredths: whole(int64(booked)),
	}
	for to, from := range map[*[]byte]any{&row.Evidence: e, &row.Credit: c, &row.Reasons: reasons} {
		text, err := json.Marshal(from)
		if err != nil {
			return row, fmt.Errorf("write result: %w", err)
		}
		*to = text
	}
	return row, nil
}

// earlier is what people already got credit for: time in webinars that ran meanwhile, and points on the same day.
type earlier struct {
	spans map[uuid.UUID][]credit.Span
	day   map[uuid.UUID]credit.Points
}

func readEarlier(ctx context.Context, q *store.Queries, webinar uuid.UUID, accounts []uuid.UUID) (earlier, error) {
	before := earlier{spans: map[uuid.UUID][]credit.Span{}, day: map[uuid.UUID]credit.Points{}}
	elsewhere, err := q.CreditedElsewhere(ctx, store.CreditedElsewhereParams{Accounts: accounts, WebinarID: webinar})
	if err != nil {
		return before, fmt.Errorf("read what was credited elsewhere: %w", err)
	}
	for _, row := range elsewhere {
		var spans []credit.Span
		if err := json.Unmarshal(row.Spans, &spans); err != nil {
			return before, fmt.Errorf("read what was credited elsewhere: %w", err)
		}
		before.spans[row.AccountID] = append(before.spans[row.AccountID], spans...)
	}
	day, err := q.EarnedOnDay(ctx, store.EarnedOnDayParams{Accounts: accounts, WebinarID: webinar})
	if err != nil {
		return before, fmt.Errorf("read what was earned on the day: %w", err)
	}
	for _, row := range day {
		before.day[row.AccountID] = credit.Points(row.Hundredths)
	}
	return before, nil
}

func whole(n int64) int32 {
	return int32(min(max(n, 0), math.MaxInt32)) //nolint:gosec // bounded
}
