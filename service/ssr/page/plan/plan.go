// Package plan is where administrators plan webinars: the list, the form, moving, calling off, and the rules by which a webinar is
// credited.
//
// A webinar is at a time on a wall in a zone. Twice a year that is no moment, or two; the form then offers what can be meant, and nobody
// has to know about clock changes beforehand. What people were told holds: once a webinar is live, what it is worth and by which rule is
// shown and cannot be changed; moving and calling off say how many are told before they happen.
package plan

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/rules/wall"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/article"
	"github.com/rounds-cme/rounds/service/ssr/page/points"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// States that the list can be narrowed to; the empty one is all of them.
var states = []string{"", "planned", "live", "ended", "cancelled"} //nolint:gochecknoglobals // a constant list

// Known tells whether webinars can be in a state.
func Known(state string) bool {
	for _, one := range states {
		if one == state {
			return true
		}
	}
	return false
}

// ListView is a page of webinars.
type ListView struct {
	State string
	List  *bffpb.WebinarPlansResponse
	First bool
}

func (v ListView) tabs(ctx context.Context) []part.Tab {
	var tabs []part.Tab
	for _, state := range states {
		label := i18n.Say(ctx, "plan.all")
		if state != "" {
			label = State(ctx, state)
		}
		tabs = append(tabs, part.Tab{Label: label, Href: part.Query("/backoffice/webinars", "state", state), Current: v.State == state})
	}
	return tabs
}

func (v ListView) next() string {
	return part.Query("/backoffice/webinars", "state", v.State, "page", v.List.GetNextPageToken())
}

func columns(ctx context.Context) []part.Column {
	return []part.Column{
		{Label: i18n.Say(ctx, "desk.title")},
		{Label: i18n.Say(ctx, "desk.state")},
		{Label: i18n.Say(ctx, "plan.start")},
		{Label: i18n.Say(ctx, "plan.lecturer")},
		{Label: i18n.Say(ctx, "article.category")},
		{Label: i18n.Say(ctx, "points.points"), Number: true},
		{Label: i18n.Say(ctx, "plan.rule")},
		{Label: i18n.Say(ctx, "plan.subscribers"), Number: true},
		{Label: i18n.Say(ctx, "plan.actions"), Hidden: true},
	}
}

// State is a state in a word.
func State(ctx context.Context, state string) string {
	if state == "" || !Known(state) {
		return state
	}
	return i18n.Say(ctx, i18n.Key("plan.state_"+state))
}

func tone(state string) part.Tone {
	return map[string]part.Tone{"planned": part.Main, "live": part.Live, "cancelled": part.Bad}[state]
}

// pointsTone of webinars whose points wait for somebody is amber.
func pointsTone(state string) part.Tone {
	return map[string]part.Tone{"due": part.Needs, "accepted": part.Good}[state]
}

func path(id string) string { return "/backoffice/webinars/" + id }

func public(c *bffpb.WebinarCard) string { return "/webinars/" + c.GetSlug() }

// there is a moment on the clocks of the place where a webinar is planned.
func there(ctx context.Context, at time.Time, zone string) string {
	return i18n.From(ctx).In(zone).Moment(at)
}

// elsewhere tells whether the clocks of the reader show something else than those of the place.
func elsewhere(ctx context.Context, at time.Time, zone string) bool {
	place, err := time.LoadLocation(zone)
	return err == nil && !wall.Shown(at, place).Equal(wall.Shown(at, i18n.From(ctx).Zone()))
}

func number(n int32) string { return strconv.Itoa(int(n)) }

func minutes(ctx context.Context, n int32) string {
	return i18n.Say(ctx, "plan.minutes_long", "count", int(n))
}

// told says how many people hear of a change.
func told(ctx context.Context, n int32) string {
	if n == 0 {
		return i18n.Say(ctx, "plan.told_nobody")
	}
	return i18n.Say(ctx, "plan.told", "count", int(n))
}

func ruleName(ctx context.Context, name string, version int32) string {
	return i18n.Say(ctx, "plan.rule_name", "name", name, "version", int(version))
}

// Choices are what the form offers.
type Choices struct {
	Lecturers  []*bffpb.Lecturer
	Categories []*bffpb.Category
	Rules      []*bffpb.CreditRule
}

func (c Choices) lecturers(ctx context.Context) []part.Option {
	options := []part.Option{{Label: i18n.Say(ctx, "desk.choose")}}
	for _, l := range c.Lecturers {
		options = append(options, part.Option{Value: l.GetId(), Label: l.GetName()})
	}
	return options
}

func (c Choices) categories(ctx context.Context) []part.Option {
	options := []part.Option{{Label: i18n.Say(ctx, "desk.choose")}}
	for _, one := range c.Categories {
		options = append(options, part.Option{Value: one.GetId(), Label: article.Category(ctx, one)})
	}
	return options
}

func (c Choices) rules(ctx context.Context) []part.Option {
	options := make([]part.Option, 0, len(c.Rules))
	for _, r := range c.Rules {
		options = append(options, part.Option{
			Value: r.GetId(), Label: ruleName(ctx, r.GetName(), r.GetVersion()), Hint: strings.Join(RuleWords(ctx, r), " "),
		})
	}
	return options
}

// EditorView is a webinar while somebody plans it.
type EditorView struct {
	Choices

	Form    form.Form
	Plan    *bffpb.WebinarPlanResponse // nil for a new one
	Preview string                     // sanitised
	Theirs  bool                       // somebody else saved meanwhile: Plan is what they saved
}

func (v EditorView) card() *bffpb.WebinarCard { return v.Plan.GetPlan().GetCard() }

// fixed tells whether points and rule cannot be changed any more.
func (v EditorView) fixed() bool { return v.Plan != nil && v.card().GetState() != "planned" }

func (v EditorView) cancelled() bool { return v.card().GetState() == "cancelled" }

func (v EditorView) action() string {
	if v.Plan == nil {
		return "/backoffice/webinars/new"
	}
	return path(v.card().GetId())
}

func (v EditorView) title(ctx context.Context) string {
	if v.Plan == nil {
		return i18n.Say(ctx, "plan.new")
	}
	return v.card().GetTitle()
}

// InOrder puts what is wrong into the order in which the form asks for it.
func InOrder(err error) error {
	order := []string{
		"title", "description", "lecturer_id", "category_id", "start", "zone", "minutes", "hundredths", "credit_rule_id", "video_url",
		"name", "min_percent", "checks_per_hour", "min_checks_percent", "check_window", "reconnect_grace", "reconnect_percent", "award", "minutes_per_point",
		"credit_step", "daily_cap",
	}
	failed := errs.Of(err)
	slices.SortStableFunc(failed.Fields, func(a, b errs.Field) int { return slices.Index(order, a.Name) - slices.Index(order, b.Name) })
	return failed
}

// labels are what the fields of all forms about webinars and rules are called in the summary of what is wrong.
func labels() map[string]i18n.Key {
	return map[string]i18n.Key{
		"title": "desk.title", "description": "plan.description", "lecturer_id": "plan.lecturer", "category_id": "article.category",
		"credit_rule_id": "plan.rule", "video_url": "plan.video", "name": "desk.name", "award": "plan.award", "reason": "plan.reason",
	}
}

// MoveView is a webinar that is about to be moved.
type MoveView struct {
	Form form.Form
	Plan *bffpb.WebinarPlanResponse
	At   time.Time // what the form says, on the page that asks once more
}

func (v MoveView) card() *bffpb.WebinarCard { return v.Plan.GetPlan().GetCard() }

// again are the fields that the page which asks once more sends.
func (v MoveView) again() map[string]string {
	values := map[string]string{"sure": "yes"}
	for _, name := range []string{"version", "start", "zone", "occurrence", "minutes"} {
		values[name] = v.Form.Get(name)
	}
	return values
}

// CancelView is a webinar that is about to be called off.
type CancelView struct {
	Form form.Form
	Plan *bffpb.WebinarPlanResponse
}

func (v CancelView) card() *bffpb.WebinarCard { return v.Plan.GetPlan().GetCard() }

// Points is a number of points as it is typed into a field.
func Points(ctx context.Context, hundredths int32) string { return points.Amount(ctx, hundredths) }
