// Package points is the page of the backoffice on which the points of a webinar are requested and the agency's answer is
// recorded.
// Both cannot be undone, so each is asked about once more, with the numbers; and these come back with the answer, so that nobody
// approves what has changed meanwhile.
package points

import (
	"context"
	"strconv"
	"strings"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// View is what the page shows.
type View struct {
	Webinar *bffpb.PointsWebinarResponse
	First   bool
	Form    form.Form
}

func (v View) path() string { return "/backoffice/webinars/" + v.Webinar.GetSlug() + "/points" }

func (v View) next() string { return v.path() + "?after=" + v.Webinar.GetNextPageToken() }

// open is the request that waits for an answer, or nil.
func (v View) open() *bffpb.AgencyRequest {
	for _, r := range v.Webinar.GetRequests() {
		if r.GetState() == "sent" {
			return r
		}
	}
	return nil
}

// askable tells whether points may be requested now.
func (v View) askable() bool {
	for _, r := range v.Webinar.GetRequests() {
		if r.GetState() != "refused" {
			return false
		}
	}
	return v.Webinar.GetEvaluatedAt() != nil && v.Webinar.GetHundredths() > 0
}

// numbers are what somebody approves; they come back with the form, so that a change meanwhile is noticed.
func (v View) numbers() map[string]string {
	return map[string]string{
		"webinar_id": v.Webinar.GetWebinarId(), "viewers": number(v.Webinar.GetViewers()),
		"qualified": number(v.Webinar.GetQualified()), "hundredths": number(v.Webinar.GetHundredths()),
	}
}

func number(n int32) string { return strconv.Itoa(int(n)) }

// Amount writes hundredths with the reader's decimal sign.
func Amount(ctx context.Context, hundredths int32) string {
	text := credit.Points(hundredths).String()
	if i18n.Say(ctx, "points.decimal") == "comma" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// Reason puts a reason into words; a code that this page does not know is left out.
func Reason(ctx context.Context, r *bffpb.PointsReason) string {
	numbers := []any{"have", int(r.GetHave()), "of", int(r.GetOf()), "more", int(r.GetMore())}
	if r.GetCode() == "checks" && r.GetOf() == 0 {
		return i18n.Say(ctx, "points.reason_checks_none")
	}
	switch r.GetCode() {
	case "bridged":
		if r.GetOf() == 0 { // its rule bounds nothing
			return i18n.Say(ctx, "points.reason_bridged_any", numbers...)
		}
		return i18n.Say(ctx, "points.reason_bridged", numbers...)
	case "minutes", "checks", "evaluation", "quiz", "reached", "incident", "elsewhere", "void":
		return i18n.Say(ctx, i18n.Key("points.reason_"+r.GetCode()), numbers...)
	case "capped":
		return i18n.Say(ctx, "points.reason_capped", "have", Amount(ctx, r.GetHave()), "of", Amount(ctx, r.GetOf()))
	}
	return ""
}

// Tone is the colour that a state of a request goes with.
func Tone(state string) part.Tone {
	return map[string]part.Tone{"sent": part.Needs, "accepted": part.Good, "refused": part.Bad}[state]
}

func columns(ctx context.Context) []part.Column {
	return []part.Column{
		{Label: i18n.Say(ctx, "register.name")},
		{Label: i18n.Say(ctx, "register.licence")},
		{Label: i18n.Say(ctx, "points.qualified")},
		{Label: i18n.Say(ctx, "points.why")},
		{Label: i18n.Say(ctx, "points.points"), Number: true},
	}
}
