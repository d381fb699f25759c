package bff

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

func termsPB(r *bffpb.CreditRule) *datamanagementpb.RuleTerms {
	if r == nil {
		return nil
	}
	return &datamanagementpb.RuleTerms{
		MinPercent: r.GetMinPercent(), MinChecksPercent: r.GetMinChecksPercent(), ChecksPerHour: r.GetChecksPerHour(), CheckWindow: r.GetCheckWindow(),
		ReconnectGrace: r.GetReconnectGrace(), Award: r.GetAward(), MinutesPerPoint: r.GetMinutesPerPoint(), CreditStep: r.GetCreditStep(), DailyCap: r.GetDailyCap(),
		ReconnectPercent: r.ReconnectPercent,
	}
}

// heldPB keeps apart what was asked to be compared and what was not.
func heldPB(h *bffpb.HeldWebinars) *datamanagementpb.HeldWebinars {
	if h == nil {
		return nil
	}
	return &datamanagementpb.HeldWebinars{WebinarId: h.GetWebinarId(), Last: h.GetLast()}
}

// SimulateWebinar plays a webinar against a rule.
func (s *webinars) SimulateWebinar(ctx context.Context, q *bffpb.SimulateWebinarRequest) (*bffpb.SimulateWebinarResponse, error) {
	in := &datamanagementpb.SimulateWebinarRequest{
		Rule: termsPB(q.GetRule()), Viewers: q.GetViewers(), Minutes: q.GetMinutes(), Seed: q.GetSeed(), Shares: q.GetShares(),
		OutageAfter: q.GetOutageAfter(), OutageMinutes: q.GetOutageMinutes(),
	}
	for _, part := range q.GetSegments() {
		in.Segments = append(in.Segments, &datamanagementpb.SimulatedSegment{Kind: part.GetKind(), After: part.GetAfter(), Minutes: part.GetMinutes()})
	}
	report, err := s.plans.SimulateWebinar(ctx, in)
	if err != nil {
		return nil, err
	}
	answer := &bffpb.SimulateWebinarResponse{Creditable: report.GetCreditable(), LeftOut: report.GetLeftOut(), Passed: report.GetPassed(), Uncreditable: report.GetUncreditable()}
	for _, g := range report.GetGroups() {
		one := &bffpb.SimulatedGroup{
			Behaviour: g.GetBehaviour(), Cheat: g.GetCheat(), People: g.GetPeople(), Passed: g.GetPassed(), Credited: g.GetCredited(), Truth: g.GetTruth(),
			Excess: g.GetExcess(), Unasked: g.GetUnasked(), Refused: g.GetRefused(),
		}
		for _, w := range g.GetReasons() {
			one.Reasons = append(one.Reasons, &bffpb.SimulatedReason{Code: w.GetCode(), People: w.GetPeople(), Have: w.GetHave(), Need: w.GetNeed()})
		}
		answer.Groups = append(answer.Groups, one)
	}
	return answer, nil
}

// CompareCreditRule tells whom a next version would have helped and whom not.
func (s *webinars) CompareCreditRule(ctx context.Context, q *bffpb.CompareCreditRuleRequest) (*bffpb.CompareCreditRuleResponse, error) {
	found, err := s.plans.CompareCreditRule(ctx, &datamanagementpb.CompareCreditRuleRequest{
		Name: q.GetName(), Rule: termsPB(q.GetRule()), Held: heldPB(q.GetHeld()), Page: q.GetPage(),
	})
	if err != nil {
		return nil, err
	}
	answer := &bffpb.CompareCreditRuleResponse{Version: found.GetVersion(), Page: found.GetPage(), Pages: found.GetPages()}
	for _, e := range found.GetEffects() {
		answer.Effects = append(answer.Effects, &bffpb.RuleEffect{
			Webinar: heldWebinarPB(e.GetWebinar()), Gained: e.GetGained(), Lost: e.GetLost(), PassedBefore: e.GetPassedBefore(),
			PassedAfter: e.GetPassedAfter(), HundredthsBefore: e.GetHundredthsBefore(), HundredthsAfter: e.GetHundredthsAfter(),
		})
	}
	for _, c := range found.GetChanges() {
		one := &bffpb.RuleChange{
			WebinarId: c.GetWebinarId(), AccountId: c.GetAccountId(), Name: c.GetName(), Gains: c.GetGains(), PassedBefore: c.GetPassedBefore(),
			PassedAfter: c.GetPassedAfter(), HundredthsBefore: c.GetHundredthsBefore(), HundredthsAfter: c.GetHundredthsAfter(),
		}
		for _, r := range c.GetReasons() {
			one.Reasons = append(one.Reasons, &bffpb.RuleReason{Code: r.GetCode(), State: r.GetState(), Have: r.GetHave(), Of: r.GetOf(), More: r.GetMore()})
		}
		answer.Changes = append(answer.Changes, one)
	}
	for _, c := range found.GetChoices() {
		answer.Choices = append(answer.Choices, heldWebinarPB(c))
	}
	return answer, nil
}

func heldWebinarPB(h *datamanagementpb.HeldWebinar) *bffpb.HeldWebinar {
	return &bffpb.HeldWebinar{
		Id: h.GetId(), Slug: h.GetSlug(), Title: h.GetTitle(), StartedAt: h.GetStartedAt(), RuleVersion: h.GetRuleVersion(), People: h.GetPeople(),
	}
}

// CreditRuleVersions lists all versions of a rule.
func (s *webinars) CreditRuleVersions(ctx context.Context, q *bffpb.CreditRuleVersionsRequest) (*bffpb.CreditRuleVersionsResponse, error) {
	id, err := uuid.Parse(q.GetId())
	if err != nil {
		return nil, missing(pgx.ErrNoRows, "rule")
	}
	rows, err := s.views.CreditRuleVersions(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	if len(rows) == 0 {
		return nil, missing(pgx.ErrNoRows, "rule")
	}
	answer := &bffpb.CreditRuleVersionsResponse{Name: rows[0].Name}
	ids, versions := make([]uuid.UUID, len(rows)), map[uuid.UUID]*bffpb.CreditRuleVersion{}
	for i, r := range rows {
		rule, err := rulePB(r.CreditRuleID, r.Name, r.Version, r.Rule)
		if err != nil {
			return nil, err
		}
		one := &bffpb.CreditRuleVersion{Rule: rule, SavedAt: timestamppb.New(r.CreatedAt), SavedBy: r.SavedBy, Webinars: r.Webinars}
		ids[i], versions[r.CreditRuleID] = r.CreditRuleID, one
		answer.Versions = append(answer.Versions, one)
	}
	effects, err := s.views.CreditRuleEffects(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read what versions were compared with: %w", err)
	}
	for _, e := range effects {
		one := versions[e.CreditRuleID]
		one.Effects = append(one.Effects, effectPB(e))
	}
	return answer, nil
}

func effectPB(e store.DatamanagementBffCreditRuleEffect) *bffpb.RuleEffect {
	return &bffpb.RuleEffect{
		Webinar: &bffpb.HeldWebinar{
			Id: e.WebinarID.String(), Slug: e.Slug, Title: e.Title, StartedAt: stamp(e.StartedAt), RuleVersion: e.FrozenVersion, People: e.People,
		},
		Gained: e.Gained, Lost: e.Lost, PassedBefore: e.PassedBefore, PassedAfter: e.PassedAfter,
		HundredthsBefore: e.HundredthsBefore, HundredthsAfter: e.HundredthsAfter,
	}
}
