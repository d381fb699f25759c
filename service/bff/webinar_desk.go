package bff

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// WebinarPlans lists webinars of every state, for those who plan them.
func (s *webinars) WebinarPlans(ctx context.Context, q *bffpb.WebinarPlansRequest) (*bffpb.WebinarPlansResponse, error) {
	size, at, id, err := page(q.GetPageSize(), 50, q.GetPageToken())
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"", "planned", "live", "ended", "cancelled"}, q.GetState()) {
		return nil, errFilter()
	}
	if at.IsZero() {
		at = s.now().AddDate(10, 0, 0)
	}
	rows, err := s.views.WebinarPlans(ctx, store.WebinarPlansParams{State: q.GetState(), Before: at, BeforeID: id, Most: size + 1})
	if err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	answer := &bffpb.WebinarPlansResponse{}
	if len(rows) > int(size) {
		rows = rows[:size]
		last := rows[size-1].DatamanagementBffWebinar
		answer.NextPageToken = pageToken(last.StartsAt, last.WebinarID)
	}
	for _, r := range rows {
		answer.Plans = append(answer.Plans, &bffpb.WebinarPlanCard{
			Card: webinarCardPB(r.DatamanagementBffWebinar, false), Subscribers: r.Subscribers, Rule: r.RuleName, RuleVersion: r.RuleVersion,
			Points: pointsState(r),
		})
	}
	return answer, nil
}

// WebinarPlan is one webinar as its form shows it.
func (s *webinars) WebinarPlan(ctx context.Context, q *bffpb.WebinarPlanRequest) (*bffpb.WebinarPlanResponse, error) {
	id, err := uuid.Parse(q.GetId())
	if err != nil {
		return nil, missing(pgx.ErrNoRows, "plan")
	}
	r, err := s.views.WebinarPlan(ctx, id)
	if err != nil {
		return nil, missing(err, "plan")
	}
	w, p := r.DatamanagementBffWebinar, r.DatamanagementBffWebinarPage
	told, err := s.views.Followers(ctx, store.FollowersParams{Webinar: w.WebinarID, Category: w.CategoryID, Lecturer: w.LecturerID})
	if err != nil {
		return nil, fmt.Errorf("count followers: %w", err)
	}
	rule, err := rulePB(p.CreditRuleID, p.RuleName, p.RuleVersion, p.Rule)
	if err != nil {
		return nil, err
	}
	return &bffpb.WebinarPlanResponse{
		Plan: &bffpb.WebinarPlanCard{Card: webinarCardPB(w, false)}, Told: told, Description: p.Description,
		Start: localStart(w.StartsAt, w.Zone), VideoUrl: p.VideoUrl, Rule: rule, Version: p.Version, CancelReason: p.CancelReason,
	}, nil
}

// CreditRules lists the newest version of each.
func (s *webinars) CreditRules(ctx context.Context, _ *bffpb.CreditRulesRequest) (*bffpb.CreditRulesResponse, error) {
	rows, err := s.views.CreditRules(ctx)
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	answer := &bffpb.CreditRulesResponse{}
	for _, r := range rows {
		rule, err := rulePB(r.CreditRuleID, r.Name, r.Version, r.Rule)
		if err != nil {
			return nil, err
		}
		answer.Rules = append(answer.Rules, rule)
	}
	return answer, nil
}

// pointsState tells how far the points of a webinar have come.
func pointsState(r store.WebinarPlansRow) string {
	switch {
	case r.RequestState == "sent" || r.RequestState == "accepted":
		return r.RequestState
	case !r.Evaluated:
		return ""
	case r.Deserved:
		return "due"
	}
	return "none"
}
