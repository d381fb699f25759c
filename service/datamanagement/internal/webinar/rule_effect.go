package webinar

import (
	"context"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/types/known/timestamppb"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/effect"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/effect/store"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	webinarstore "github.com/rounds-cme/rounds/service/datamanagement/internal/webinar/store"
)

const changesPerPage = 50

// CompareCreditRule tells whom a next version would have helped and whom not. Each page computes all of it again: that is bounded, and
// nothing has to be remembered of a version that may never be saved.
func (s *server) CompareCreditRule(ctx context.Context, q *datamanagementpb.CompareCreditRuleRequest) (*datamanagementpb.CompareCreditRuleResponse, error) {
	name := field.Line(q.GetName())
	var f errs.Fields
	field.Between(&f, "name", name, 1, 120)
	rule := termsOf(q.GetRule())
	checkRule(&f, rule)
	question := heldOf(&f, q.GetHeld())
	if err := f.Err(); err != nil {
		return nil, err
	}
	next, err := webinarstore.New(s.db).CreditRuleNext(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("count versions: %w", err)
	}
	if next == 1 {
		return nil, field.None()
	}
	rule.Version = int(next)
	question.Name, question.Rule = name, rule
	ctx, cancel := context.WithTimeout(ctx, thinking)
	defer cancel()
	found, err := effect.Of(ctx, s.db, question)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, busy()
	}
	if err != nil {
		return nil, err
	}
	return comparedPB(found, next-1, int(q.GetPage())), nil
}

func comparedPB(found effect.Answer, newest int32, page int) *datamanagementpb.CompareCreditRuleResponse {
	pages := max(1, (len(found.Changes)+changesPerPage-1)/changesPerPage)
	page = min(max(page, 1), pages)
	answer := &datamanagementpb.CompareCreditRuleResponse{Version: newest, Page: small(page), Pages: small(pages)}
	for _, w := range found.Webinars {
		answer.Effects = append(answer.Effects, &datamanagementpb.RuleEffect{
			Webinar: heldPB(w.HeldRow), Gained: w.Gained, Lost: w.Lost, PassedBefore: w.PassedBefore, PassedAfter: w.PassedAfter,
			HundredthsBefore: w.HundredthsBefore, HundredthsAfter: w.HundredthsAfter,
		})
	}
	for _, c := range found.Changes[(page-1)*changesPerPage : min(page*changesPerPage, len(found.Changes))] {
		answer.Changes = append(answer.Changes, &datamanagementpb.RuleChange{
			WebinarId: c.Webinar.String(), AccountId: c.Account.String(), Name: c.Name, Gains: c.Gains,
			PassedBefore: c.Before.Passed, PassedAfter: c.After.Passed,
			HundredthsBefore: small(c.Before.Points), HundredthsAfter: small(c.After.Points), Reasons: reasonsPB(c.Reasons),
		})
	}
	for _, one := range found.Choices {
		answer.Choices = append(answer.Choices, heldPB(one))
	}
	return answer
}

func heldPB(h store.HeldRow) *datamanagementpb.HeldWebinar {
	return &datamanagementpb.HeldWebinar{
		Id: h.ID.String(), Slug: h.Slug, Title: h.Title, StartedAt: timestamppb.New(h.StartedAt), RuleVersion: h.FrozenVersion, People: h.People,
	}
}

func reasonsPB(reasons []credit.Reason) []*datamanagementpb.RuleReason {
	var all []*datamanagementpb.RuleReason
	for _, r := range reasons {
		all = append(all, &datamanagementpb.RuleReason{
			Code: string(r.Code), State: string(r.State), Have: small(r.Have), Of: small(r.Of), More: small(r.More),
		})
	}
	return all
}

func small[N ~int | ~int64](n N) int32 {
	return int32(min(max(n, 0), math.MaxInt32)) //nolint:gosec // bounded
}
