// Package appeal is where administrators decide what members found wrong with their credit: the queue, and each case with the
// evidence beside it. What would come out is computed before anything is decided.
package appeal

import (
	"context"
	"strconv"
	"strings"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// Spans is how many times of each kind one decision can amend on the page.
const Spans = 2

// ListView is a page of the queue, or of what was closed.
type ListView struct {
	List   *bffpb.PointsAppealsResponse
	Closed bool
	First  bool
}

func (v ListView) tabs(ctx context.Context) []part.Tab {
	return []part.Tab{
		{Label: i18n.Say(ctx, "appeal.waiting"), Href: "/backoffice/appeals", Current: !v.Closed, Count: int(v.List.GetWaiting())},
		{Label: i18n.Say(ctx, "appeal.closed"), Href: "/backoffice/appeals?closed=yes", Current: v.Closed},
	}
}

func (v ListView) first() string {
	if v.Closed {
		return "/backoffice/appeals?closed=yes"
	}
	return "/backoffice/appeals"
}

func (v ListView) next() string {
	closed := ""
	if v.Closed {
		closed = "yes"
	}
	return part.Query("/backoffice/appeals", "closed", closed, "after", v.List.GetNextPageToken())
}

func columns(ctx context.Context) []part.Column {
	return []part.Column{
		{Label: i18n.Say(ctx, "register.name")},
		{Label: i18n.Say(ctx, "appeal.webinar")},
		{Label: i18n.Say(ctx, "appeal.what")},
		{Label: i18n.Say(ctx, "appeal.state")},
		{Label: i18n.Say(ctx, "appeal.made")},
	}
}

// CaseView is one appeal.
type CaseView struct {
	Case *bffpb.PointsAppealCaseResponse
	Form form.Form
	// Weighed is what would come out; nil before somebody asked.
	Weighed *bffpb.PointsWeighAppealResponse
	Zone    *time.Location
}

func (v CaseView) path() string { return "/backoffice/appeals/" + v.Case.GetAppeal().GetId() }

// missed are the checks that a decision can make void.
func (v CaseView) missed() []*bffpb.EvidenceCheck {
	var all []*bffpb.EvidenceCheck
	for _, c := range v.Case.GetEvidence().GetChecks() {
		if c.GetFate() == "missed" {
			all = append(all, c)
		}
	}
	return all
}

// period says between which times of the day the webinar was.
func (v CaseView) period(ctx context.Context) string {
	e := v.Case.GetEvidence()
	clock := func(t time.Time) string { return t.In(v.Zone).Format("15:04:05") }
	return i18n.Say(ctx, "appeal.period", "from", clock(e.GetStartedAt().AsTime()), "to", clock(e.GetEndedAt().AsTime()))
}

// open is the correction that waits for an answer of the agency.
func (v CaseView) open() *bffpb.AgencyRequest {
	for _, r := range v.Case.GetRequests() {
		if r.GetState() == "sent" {
			return r
		}
	}
	return nil
}

// again says that the agency refused the correction and may be asked again.
func (v CaseView) again() bool {
	all := v.Case.GetRequests()
	return len(all) > 0 && all[0].GetState() == "refused"
}

// CheckField, FromField and ToField name the fields of an amendment.
func CheckField(number int32) string { return "void_" + strconv.Itoa(int(number)) }

// FromField is the name of the beginning of a time that is amended: watched or incidents, counted from 1.
func FromField(kind string, n int) string { return kind + "_from_" + strconv.Itoa(n) }

// ToField is the name of its end.
func ToField(kind string, n int) string { return kind + "_to_" + strconv.Itoa(n) }

func numbers(checks []int32) string {
	all := make([]string, len(checks))
	for i, n := range checks {
		all[i] = strconv.Itoa(int(n))
	}
	return strings.Join(all, ", ")
}
