package webinar

import (
	"context"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/page/points"
)

// Rule puts the rule of a webinar into plain sentences, with its numbers. A condition that does not apply is not mentioned.
func Rule(ctx context.Context, r *bffpb.CreditRule, c *bffpb.WebinarCard) []string {
	if c.GetHundredths() == 0 {
		return []string{i18n.Say(ctx, "webinar.rule_none")}
	}
	said := []string{
		i18n.Say(ctx, "webinar.rule_minutes", "percent", r.GetMinPercent(), "need", needed(c.GetMinutes(), r.GetMinPercent()), "count", int(c.GetMinutes())),
	}
	said = append(said, checks(ctx, r)...)
	if r.GetReconnectGrace() > 0 {
		said = append(said, grace(ctx, r))
	}
	said = append(said, award(ctx, r, c))
	if r.GetDailyCap() > 0 {
		said = append(said, i18n.Say(ctx, "webinar.rule_cap", amount(ctx, r.GetDailyCap())...))
	}
	return append(said, i18n.Say(ctx, "webinar.rule_once"))
}

// grace is what a lost connection costs, and how much of them is forgiven in all.
func grace(ctx context.Context, r *bffpb.CreditRule) string {
	said := i18n.Say(ctx, "webinar.rule_grace", "count", int(r.GetReconnectGrace()))
	if r.GetReconnectPercent() > 0 {
		said += " " + i18n.Say(ctx, "webinar.rule_forgiven", "percent", r.GetReconnectPercent())
	}
	return said
}

func checks(ctx context.Context, r *bffpb.CreditRule) []string {
	if r.GetChecksPerHour() == 0 {
		return []string{i18n.Say(ctx, "webinar.rule_unchecked")}
	}
	asked := i18n.Say(ctx, "webinar.rule_checks", "count", int(r.GetChecksPerHour()))
	if r.GetMinChecksPercent() == 0 {
		return []string{asked + " " + i18n.Say(ctx, "webinar.rule_answers_free")}
	}
	return []string{asked + " " + i18n.Say(ctx, "webinar.rule_answers", "percent", r.GetMinChecksPercent(), "count", int(r.GetCheckWindow()))}
}

func award(ctx context.Context, r *bffpb.CreditRule, c *bffpb.WebinarCard) string {
	if r.GetAward() == "time" {
		return i18n.Say(ctx, "webinar.rule_time", "count", int(r.GetMinutesPerPoint()), "step", points.Amount(ctx, r.GetCreditStep()),
			"most", points.Amount(ctx, c.GetHundredths()))
	}
	return i18n.Say(ctx, "webinar.rule_event", amount(ctx, c.GetHundredths())...)
}

// needed is how many whole minutes fulfil a share.
func needed(minutes, percent int32) int { return (int(minutes)*int(percent) + 99) / 100 }
