package plan

import (
	"context"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// RuleWords is a rule in sentences.
func RuleWords(ctx context.Context, r *bffpb.CreditRule) []string {
	words := []string{i18n.Say(ctx, "plan.words_minutes", "percent", int(r.GetMinPercent()))}
	switch {
	case r.GetChecksPerHour() == 0:
		words = append(words, i18n.Say(ctx, "plan.words_no_checks"))
	case r.GetMinChecksPercent() == 0:
		words = append(words, i18n.Say(ctx, "plan.words_free_checks", "count", int(r.GetChecksPerHour()), "window", int(r.GetCheckWindow())))
	default:
		words = append(words, i18n.Say(ctx, "plan.words_checks", "percent", int(r.GetMinChecksPercent()), "count", int(r.GetChecksPerHour()),
			"window", int(r.GetCheckWindow())))
	}
	if r.GetReconnectGrace() > 0 {
		words = append(words, i18n.Say(ctx, "plan.words_grace", "count", int(r.GetReconnectGrace()))+" "+forgiven(ctx, r))
	}
	if r.GetAward() == string(credit.AwardTime) {
		words = append(words, i18n.Say(ctx, "plan.words_time", "count", int(r.GetMinutesPerPoint()), "step", Points(ctx, r.GetCreditStep())))
	} else {
		words = append(words, i18n.Say(ctx, "plan.words_event"))
	}
	if r.GetDailyCap() > 0 {
		words = append(words, i18n.Say(ctx, "plan.words_cap", "points", Points(ctx, r.GetDailyCap())))
	}
	return words
}

// forgiven says how much lost connections may make up in all.
func forgiven(ctx context.Context, r *bffpb.CreditRule) string {
	if r.GetReconnectPercent() == 0 {
		return i18n.Say(ctx, "plan.words_forgiven_any")
	}
	return i18n.Say(ctx, "plan.words_forgiven", "percent", int(r.GetReconnectPercent()))
}

// RulesView are the rules, and the form for a new one or for the next version of one.
type RulesView struct {
	Form  form.Form
	Rules []*bffpb.CreditRule
	Next  *bffpb.CreditRule // whose next version is made; nil for a new rule
}

func awards(ctx context.Context) []part.Option {
	return []part.Option{
		{Value: string(credit.AwardEvent), Label: i18n.Say(ctx, "plan.award_event"), Hint: i18n.Say(ctx, "plan.award_event_hint")},
		{Value: string(credit.AwardTime), Label: i18n.Say(ctx, "plan.award_time"), Hint: i18n.Say(ctx, "plan.award_time_hint")},
	}
}

// hint explains a field of a rule and says its bounds.
func hint(ctx context.Context, key i18n.Key, field string) string {
	return i18n.Say(ctx, key) + " " + bounds(ctx, "plan.between", field)
}

// bounds says the bounds of a field as it is typed; empty for a field that has none.
func bounds(ctx context.Context, key i18n.Key, field string) string {
	impossible := credit.Rule{
		MinPercent: -1, MinChecksPercent: -1, ChecksPerHour: -1, CheckWindow: -1, ReconnectGrace: -1, ReconnectPercent: -1, QuizPassPercent: -1, MinutesPerPoint: -1,
		CreditStep: -1, DailyCap: -1,
	}
	for _, fault := range impossible.Faults() {
		if fault.Field != field {
			continue
		}
		least, most := any(fault.Min), any(fault.Max)
		if field == "credit_step" || field == "daily_cap" {
			if key == "plan.range" {
				key = "plan.range_points"
			}
			least, most = Points(ctx, int32(fault.Min)), Points(ctx, int32(fault.Max)) //nolint:gosec // bounds of a rule, a hundred points at most
		}
		return i18n.Say(ctx, key, "least", least, "most", most, "label", i18n.Say(ctx, i18n.Key("plan."+field)))
	}
	return ""
}

// SayBounds puts bounds into the reader's words and units: services know them as numbers of what is stored.
func SayBounds(ctx context.Context, err error) error {
	failed := errs.Of(err)
	for i, field := range failed.Fields {
		if said := bounds(ctx, "plan.range", field.Name); field.Code == "rule.range" && said != "" {
			failed.Fields[i].Message = said
		}
	}
	return failed
}

func decimal(name, label, hint string) part.Field {
	return part.Field{Name: name, Label: label, Hint: hint, InputMode: "decimal"}
}

func whole(name, label, hint string) part.Field {
	return part.Field{Name: name, Label: label, Hint: hint, InputMode: "numeric"}
}

func ruleFormTitle(ctx context.Context, v RulesView) string {
	if v.Next == nil {
		return i18n.Say(ctx, "plan.rule_new")
	}
	return i18n.Say(ctx, "plan.rule_next_of", "name", v.Next.GetName(), "version", int(v.Next.GetVersion())+1)
}
