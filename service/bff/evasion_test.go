package bff_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
)

// Somebody whose connection broke whenever a check came is shown to administrators, beside the other results and beside an appeal; the credit
// stays what it is.
func TestEvasionIsShownToAdministrators(t *testing.T) {
	t.Parallel()
	impl, database, ana := earned(t)
	run := func(statement string, arguments ...any) {
		t.Helper()
		if _, err := database.Admin().Exec(context.Background(), statement, arguments...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	begun := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	minute := func(m float64) time.Time { return begun.Add(time.Duration(m * float64(time.Minute))) }
	e := credit.Evidence{Rule: credit.Default(), Programme: credit.Programme{Started: begun, Ended: minute(60)}, Offered: credit.Point}
	for n := range 3 {
		at := float64(20 * n)
		e.Watched = append(e.Watched, credit.Interval{Span: credit.Span{From: minute(at), To: minute(at + 10)}, Device: fmt.Sprint(n), Dropped: true})
		e.Checks = append(e.Checks, credit.Check{Number: n + 1, Due: minute(at + 10.1), Sent: minute(at + 10.1)})
	}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	run(`UPDATE datamanagement.attendance_result SET evidence = $1 WHERE account_id = $2`, text, ana)
	ctx := token.With(t.Context(), token.Claims{Account: uuid.New(), Roles: []string{token.Administrator}})
	answer, err := impl.Webinar(ctx, &bffpb.PointsWebinarRequest{Slug: "w"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range answer.GetResults() {
		is := r.GetEvasion()
		if r.GetAccountId() != ana.String() && is != nil {
			t.Errorf("somebody else: %v", is)
		}
		if r.GetAccountId() == ana.String() && (!slices.Equal(is.GetChecks(), []int32{1, 2}) || is.GetSent() != 3 || !r.GetQualified() || r.GetHundredths() != 150) {
			t.Errorf("the one who evades: %v", r)
		}
	}
	appeal := uuid.New()
	run(`INSERT INTO datamanagement.appeal (id, webinar_id, account_id, reason, words, made_at)
		SELECT $1, webinar_id, account_id, 'check', 'I was there.', now() FROM datamanagement.attendance_result WHERE account_id = $2`, appeal, ana)
	found, err := impl.AppealCase(ctx, &bffpb.PointsAppealCaseRequest{Id: appeal.String()})
	if err != nil || !slices.Equal(found.GetEvasion().GetChecks(), []int32{1, 2}) {
		t.Errorf("beside the appeal: %v %v", found.GetEvasion(), err)
	}
}
