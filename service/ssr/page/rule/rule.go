// Package rule is what administrators look at before a rule is used: the dry run, in which invented viewers watch a webinar under
// it; the comparison of a next version with what was held under the older ones; and all versions with what each was compared with.
//
// None of these pages changes anything, so each has an address: what was typed stands in it, pages of a list and the way back to the
// form keep it, and it works without a script. Only the button of the comparison saves.
package rule

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/simulation"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/plan"
	"github.com/rounds-cme/rounds/service/ssr/page/points"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// Terms are the fields of a rule, in the order in which the form asks for them.
func Terms() []string {
	return []string{
		"min_percent", "checks_per_hour", "min_checks_percent", "check_window", "reconnect_grace", "reconnect_percent", "award", "minutes_per_point", "credit_step", "daily_cap",
	}
}

// Honest are the behaviours that have a share of their own in the form; all cheats share one.
func Honest() []simulation.Behaviour {
	var all []simulation.Behaviour
	for _, b := range simulation.Behaviours() {
		if !b.Cheat() {
			all = append(all, b)
		}
	}
	return append(all, simulation.Cheats)
}

// ShareField is the name of the field for the share of a behaviour.
func ShareField(b simulation.Behaviour) string { return "share_" + string(b) }

// Segments are the kinds of parts that are not creditable and have fields of their own in the form.
func Segments() []credit.Kind { return []credit.Kind{credit.Break, credit.Sponsor} }

// SegmentFields are the names of the fields of such a part.
func SegmentFields(kind credit.Kind) (after, minutes string) {
	return string(kind) + "_after", string(kind) + "_minutes"
}

// Address is a page with what was typed of a rule.
func Address(path string, f form.Form, more ...string) string {
	q := url.Values{}
	for _, name := range append([]string{"id", "name"}, Terms()...) {
		if value := f.Get(name); value != "" {
			q.Set(name, value)
		}
	}
	return part.Query(path+"?"+q.Encode(), more...)
}

// ComparePath is the page on which the next version of a rule is compared.
func ComparePath(r *bffpb.CreditRule) string { return "/backoffice/rules/" + r.GetId() + "/compare" }

// DryRunView is a rule, and what became of the viewers.
type DryRunView struct {
	Form    form.Form
	Name    string // empty for a new rule
	Version int32  // that it would become
	Rule    *bffpb.CreditRule
	Setup   simulation.Setup
	Report  *bffpb.SimulateWebinarResponse // nil when it could not be played
}

func title(ctx context.Context, name string, version int32) string {
	if name == "" {
		return i18n.Say(ctx, "plan.rule_new")
	}
	return i18n.Say(ctx, "plan.rule_name", "name", name, "version", int(version))
}

func (v DryRunView) groups(cheats bool) []*bffpb.SimulatedGroup {
	var some []*bffpb.SimulatedGroup
	for _, g := range v.Report.GetGroups() {
		if g.GetCheat() == cheats {
			some = append(some, g)
		}
	}
	return some
}

// beware are the groups to whom the rule gives what is not theirs.
func (v DryRunView) beware() []*bffpb.SimulatedGroup {
	var some []*bffpb.SimulatedGroup
	for _, g := range v.Report.GetGroups() {
		if g.GetExcess() > 0 || g.GetUnasked() > 0 {
			some = append(some, g)
		}
	}
	return some
}

func warning(ctx context.Context, v DryRunView, g *bffpb.SimulatedGroup) string {
	var said []string
	if g.GetExcess() > 0 {
		said = append(said, i18n.Say(ctx, "rule.excess", "time", clock(g.GetExcess()), "grace", int(v.Rule.GetReconnectGrace()), "bound", bound(ctx, v.Rule)))
	}
	if g.GetUnasked() > 0 {
		said = append(said, i18n.Say(ctx, "rule.unasked", "count", int(g.GetUnasked())))
	}
	return strings.Join(said, " ")
}

// bound says how much of it there can be in all.
func bound(ctx context.Context, r *bffpb.CreditRule) string {
	if r.GetReconnectPercent() == 0 {
		return i18n.Say(ctx, "rule.excess_any")
	}
	return i18n.Say(ctx, "rule.excess_bound", "percent", int(r.GetReconnectPercent()))
}

func behaviour(ctx context.Context, b string) string { return i18n.Say(ctx, i18n.Key("rule.does_"+b)) }

func explained(ctx context.Context, b string) string { return i18n.Say(ctx, i18n.Key("rule.text_"+b)) }

// reasons are why people of a group failed.
func reasons(ctx context.Context, g *bffpb.SimulatedGroup) []string {
	var said []string
	for _, w := range g.GetReasons() {
		said = append(said, i18n.Say(ctx, i18n.Key("rule.why_"+w.GetCode()), "people", int(w.GetPeople()), "have", int(w.GetHave()), "need", int(w.GetNeed())))
	}
	for _, why := range []credit.Refusal{
		credit.Foreign, credit.NotJoined, credit.Replayed, credit.Backwards, credit.TooEarly, credit.TooLate, credit.Unknown,
	} {
		if n := g.GetRefused()[string(why)]; n > 0 {
			said = append(said, i18n.Say(ctx, i18n.Key("rule.refused_"+string(why)), "beats", int(n)))
		}
	}
	return said
}

func clock(seconds int32) string { return fmt.Sprintf("%d:%02d", seconds/60, seconds%60) }

func number(n int32) string { return strconv.Itoa(int(n)) }

func groupColumns(ctx context.Context) []part.Column {
	return []part.Column{
		{Label: i18n.Say(ctx, "rule.behaviour")},
		{Label: i18n.Say(ctx, "rule.people"), Number: true},
		{Label: i18n.Say(ctx, "rule.pass"), Number: true},
		{Label: i18n.Say(ctx, "rule.credited"), Number: true},
		{Label: i18n.Say(ctx, "rule.truth"), Number: true},
		{Label: i18n.Say(ctx, "rule.why_not")},
	}
}

// SayBounds puts the bounds of a dry run into the reader's words; those of the rule itself the form of the rule knows.
func SayBounds(ctx context.Context, s simulation.Setup, err error) error {
	failed := errs.Of(plan.SayBounds(ctx, err))
	faults := s.Faults()
	for i, field := range failed.Fields {
		for _, fault := range faults {
			if label := label(ctx, field.Name); fault.Field == field.Name && label != "" {
				failed.Fields[i].Message = i18n.Say(ctx, "plan.range", "least", int(fault.Min), "most", int(fault.Max), "label", label)
			}
		}
		if field.Name == "shares" {
			failed.Fields[i].Name, failed.Fields[i].Message = ShareField(simulation.Honest), i18n.Say(ctx, "rule.shares_none")
		}
	}
	return failed
}

// label is what a field of the dry run is called; empty for those of the rule.
func label(ctx context.Context, name string) string {
	switch b, share := strings.CutPrefix(name, "share_"); {
	case share:
		return behaviour(ctx, b)
	case name == "viewers", name == "minutes", name == "outage_after", name == "outage_minutes",
		name == "break_after", name == "break_minutes", name == "sponsor_after", name == "sponsor_minutes":
		return i18n.Say(ctx, i18n.Key("rule.field_"+name))
	}
	return ""
}

func whole(ctx context.Context, name string) part.Field {
	return part.Field{Name: name, Label: label(ctx, name), InputMode: "numeric"}
}

func shareField(ctx context.Context, b simulation.Behaviour) part.Field {
	return part.Field{Name: ShareField(b), Label: behaviour(ctx, string(b)), Hint: explained(ctx, string(b)), InputMode: "numeric"}
}

// CompareView is a next version beside what was held under the older ones.
type CompareView struct {
	Form form.Form
	Was  *bffpb.CreditRule // the newest version
	Rule *bffpb.CreditRule // as it was typed
	Held string            // what is compared: a number of webinars, or the id of one
	Find *bffpb.CompareCreditRuleResponse
}

func (v CompareView) next() int32 { return v.Was.GetVersion() + 1 }

// difference is a condition that changes.
type difference struct{ label, before, after string }

func (v CompareView) differences(ctx context.Context) []difference {
	var all []difference
	add := func(name, before, after string) {
		if before != after {
			all = append(all, difference{i18n.Say(ctx, i18n.Key("plan."+name)), before, after})
		}
	}
	was, is := v.Was, v.Rule
	add("min_percent", number(was.GetMinPercent()), number(is.GetMinPercent()))
	add("checks_per_hour", number(was.GetChecksPerHour()), number(is.GetChecksPerHour()))
	add("min_checks_percent", number(was.GetMinChecksPercent()), number(is.GetMinChecksPercent()))
	add("check_window", number(was.GetCheckWindow()), number(is.GetCheckWindow()))
	add("reconnect_grace", number(was.GetReconnectGrace()), number(is.GetReconnectGrace()))
	add("reconnect_percent", number(was.GetReconnectPercent()), number(is.GetReconnectPercent()))
	add("award", award(ctx, was), award(ctx, is))
	add("minutes_per_point", number(was.GetMinutesPerPoint()), number(is.GetMinutesPerPoint()))
	add("credit_step", points.Amount(ctx, was.GetCreditStep()), points.Amount(ctx, is.GetCreditStep()))
	add("daily_cap", points.Amount(ctx, was.GetDailyCap()), points.Amount(ctx, is.GetDailyCap()))
	return all
}

func award(ctx context.Context, r *bffpb.CreditRule) string {
	if r.GetAward() == string(credit.AwardTime) {
		return i18n.Say(ctx, "plan.award_time")
	}
	return i18n.Say(ctx, "plan.award_event")
}

// choices are what can be compared: the last ones, or a single one.
func (v CompareView) choices(ctx context.Context) []part.Option {
	var all []part.Option
	for _, n := range []int{1, 3, 5, 10} {
		all = append(all, part.Option{Value: strconv.Itoa(n), Label: i18n.Say(ctx, "rule.last", "count", n)})
	}
	for _, w := range v.Find.GetChoices() {
		all = append(all, part.Option{Value: w.GetId(), Label: w.GetTitle() + ", " + i18n.Day(ctx, w.GetStartedAt().AsTime())})
	}
	return all
}

func (v CompareView) sum(of func(*bffpb.RuleEffect) int32) int {
	sum := 0
	for _, e := range v.Find.GetEffects() {
		sum += int(of(e))
	}
	return sum
}

func (v CompareView) webinar(id string) string {
	for _, e := range v.Find.GetEffects() {
		if e.GetWebinar().GetId() == id {
			return e.GetWebinar().GetTitle()
		}
	}
	return ""
}

// save are the fields that the button sends.
func (v CompareView) save() map[string]string {
	values := map[string]string{"sure": "yes", "id": v.Was.GetId(), "base": number(v.Was.GetVersion()), "held": v.Held}
	for _, name := range Terms() {
		values[name] = v.Form.Get(name)
	}
	return values
}

func (v CompareView) path() string { return ComparePath(v.Was) }

func (v CompareView) address() string { return Address(v.path(), v.Form, "held", v.Held) }

func effectColumns(ctx context.Context) []part.Column {
	return []part.Column{
		{Label: i18n.Say(ctx, "rule.webinar")},
		{Label: i18n.Say(ctx, "rule.frozen")},
		{Label: i18n.Say(ctx, "rule.people"), Number: true},
		{Label: i18n.Say(ctx, "rule.passed_then"), Number: true},
		{Label: i18n.Say(ctx, "rule.passed_now"), Number: true},
		{Label: i18n.Say(ctx, "rule.gain"), Number: true},
		{Label: i18n.Say(ctx, "rule.lose"), Number: true},
		{Label: i18n.Say(ctx, "rule.points_change"), Number: true},
	}
}

func changeColumns(ctx context.Context) []part.Column {
	return []part.Column{
		{Label: i18n.Say(ctx, "register.name")},
		{Label: i18n.Say(ctx, "rule.change")},
		{Label: i18n.Say(ctx, "rule.webinar")},
		{Label: i18n.Say(ctx, "rule.points_then"), Number: true},
		{Label: i18n.Say(ctx, "rule.points_now"), Number: true},
		{Label: i18n.Say(ctx, "points.why")},
	}
}

func signed(ctx context.Context, before, after int32) string {
	switch {
	case after > before:
		return "+" + points.Amount(ctx, after-before)
	case after < before:
		return "−" + points.Amount(ctx, before-after)
	}
	return "0"
}

// why says which condition makes the difference; where both versions are fulfilled, it is only the amount.
func why(ctx context.Context, c *bffpb.RuleChange) []string {
	key := i18n.Key("rule.fails")
	if c.GetGains() {
		key = "rule.failed"
	}
	var said []string
	for _, r := range c.GetReasons() {
		text := points.Reason(ctx, &bffpb.PointsReason{Code: r.GetCode(), State: r.GetState(), Have: r.GetHave(), Of: r.GetOf(), More: r.GetMore()})
		if text != "" {
			said = append(said, i18n.Say(ctx, key, "reason", text))
		}
	}
	if len(said) == 0 {
		return []string{i18n.Say(ctx, "rule.amount_only")}
	}
	return said
}

// VersionsView are all versions of a rule.
type VersionsView struct {
	Versions *bffpb.CreditRuleVersionsResponse
}
