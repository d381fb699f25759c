// Package analyst is the page of figures: three questions, each answered by a chart and a table, and how each figure is counted
// one click away. It is made of numbers and titles of webinars; no person can be on it, because none is in what it is made from.
package analyst

import (
	"context"
	"math"
	"strconv"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// Choice is what is looked at; it stands in the address.
type Choice struct {
	Days    string
	Step    string // day or hour
	Webinar string
	From    time.Time
	To      time.Time
}

// Periods are the lengths of time to choose from, in days. Hours are counted for up to Hourly of them.
func Periods() []string { return []string{"1", "7", "30", "90", "365"} }

// Hourly is the longest period that is shown by the hour: more points than these nobody can read.
const Hourly = 7

// View is what the page shows. A part that is nil is missing right now.
type View struct {
	Choice     Choice
	URL        string
	Overview   *bffpb.OverviewResponse
	Attendance *bffpb.AttendanceResponse
	DropOff    *bffpb.DropOffResponse
}

func (v View) periods(ctx context.Context) []part.Option {
	var all []part.Option
	for _, days := range Periods() {
		n, _ := strconv.Atoi(days) //nolint:errcheck // They stand above.
		all = append(all, part.Option{Value: days, Label: i18n.Say(ctx, "analyst.days", "count", n)})
	}
	return all
}

func steps(ctx context.Context) []part.Option {
	return []part.Option{{Value: "day", Label: i18n.Say(ctx, "analyst.by_day")}, {Value: "hour", Label: i18n.Say(ctx, "analyst.by_hour")}}
}

func (v View) webinars(ctx context.Context) []part.Option {
	all := []part.Option{{Value: "", Label: i18n.Say(ctx, "analyst.latest")}}
	for _, w := range v.Attendance.GetWebinars() {
		all = append(all, part.Option{Value: w.GetWebinarId(), Label: title(ctx, w)})
	}
	return all
}

// title is what a webinar is called; without a title it is told by its time.
func title(ctx context.Context, w *bffpb.AttendedWebinar) string {
	if w.GetTitle() != "" {
		return w.GetTitle()
	}
	return i18n.Say(ctx, "analyst.untitled", "when", i18n.Moment(ctx, w.GetStartsAt().AsTime()))
}

// chosen is the title of the webinar that is looked at.
func (v View) chosen(ctx context.Context) string {
	for _, w := range v.Attendance.GetWebinars() {
		if w.GetWebinarId() == v.Choice.Webinar {
			return title(ctx, w)
		}
	}
	return i18n.Say(ctx, "analyst.webinar")
}

func (v View) csv(file string) string {
	return part.Query("/analyst/"+file, "days", v.Choice.Days, "step", v.Choice.Step, "webinar", v.Choice.Webinar)
}

// activity draws what was done: every step of the period has its place, also when nothing happened in it.
func (v View) activity(ctx context.Context) part.Chart {
	zone := i18n.From(ctx).Zone()
	place, labels := map[int64]int{}, []string{}
	for at := v.Choice.From.In(zone); at.Before(v.Choice.To); at = v.next(at) {
		place[at.Unix()] = len(labels)
		labels = append(labels, v.label(ctx, at))
	}
	series := []part.Series{
		{Name: i18n.Say(ctx, "analyst.read"), Values: make([]float64, len(labels))},
		{Name: i18n.Say(ctx, "analyst.joined"), Values: make([]float64, len(labels))},
		{Name: i18n.Say(ctx, "analyst.written"), Values: make([]float64, len(labels))},
	}
	line := map[string]int{"article_read": 0, "room_joined": 1, "comment_added": 2, "chat_sent": 2}
	for _, p := range v.Overview.GetPoints() {
		i, inside := place[p.GetAt().AsTime().Unix()]
		if s, drawn := line[p.GetKind()]; drawn && inside {
			series[s].Values[i] += float64(p.GetCount())
		}
	}
	return part.Chart{
		ID: "activity", Title: i18n.Say(ctx, "analyst.activity"), Description: i18n.Say(ctx, "analyst.activity_text"),
		LabelsTitle: i18n.Say(ctx, "analyst.when"), Labels: labels, Series: series,
	}
}

// Sum is how often something was done in the whole period.
type Sum struct {
	Label string
	Count int64
}

// others sums up what the chart does not draw: it happens seldom, and seven lines nobody can tell apart.
func (v View) others(ctx context.Context) []Sum {
	counts := map[string]int64{}
	for _, p := range v.Overview.GetPoints() {
		counts[p.GetKind()] += p.GetCount()
	}
	var sums []Sum
	for _, one := range []struct {
		kind  string
		label i18n.Key
	}{
		{"article_searched", "analyst.did_search"},
		{"subscribed", "analyst.did_subscribe"},
		{"unsubscribed", "analyst.did_unsubscribe"},
		{"points_booked", "analyst.did_book"},
		{"registered", "analyst.did_register"},
		{"approved", "analyst.did_approve"},
	} {
		sums = append(sums, Sum{Label: i18n.Say(ctx, one.label), Count: counts[one.kind]})
	}
	return sums
}

func (v View) next(at time.Time) time.Time {
	if v.Choice.Step == "hour" {
		return at.Add(time.Hour)
	}
	return at.AddDate(0, 0, 1)
}

func (v View) label(ctx context.Context, at time.Time) string {
	day := at.Format("2 Jan")
	if i18n.From(ctx).Language() == "sl" {
		day = at.Format("2. 1.")
	}
	if v.Choice.Step == "hour" {
		return day + " " + at.Format("15:04")
	}
	return day
}

// leaving draws how many watched, minute by minute. Where the number is withheld the line has a gap.
func (v View) leaving(ctx context.Context) part.Chart {
	c := part.Chart{
		ID: "leaving", Title: v.chosen(ctx), Description: i18n.Say(ctx, "analyst.leaving_text"), LabelsTitle: i18n.Say(ctx, "analyst.minute"),
	}
	watching := part.Series{Name: i18n.Say(ctx, "analyst.watching")}
	for _, m := range v.DropOff.GetMinutes() {
		c.Labels = append(c.Labels, strconv.Itoa(int(m.GetMinute())))
		value := float64(m.GetPeople())
		if m.GetSuppressed() {
			value = math.NaN()
		}
		watching.Values = append(watching.Values, value)
	}
	c.Series = []part.Series{watching}
	return c
}

// withheld tells whether a minute of the chart has no number.
func (v View) withheld() bool {
	for _, m := range v.DropOff.GetMinutes() {
		if m.GetSuppressed() {
			return true
		}
	}
	return false
}

func each(w *bffpb.AttendedWebinar) string {
	return strconv.FormatInt(w.GetMinutes()/int64(max(1, w.GetPeople())), 10)
}

// answered is the share of checks that were answered.
func answered(ctx context.Context, w *bffpb.AttendedWebinar) string {
	all := w.GetChecksAnswered() + w.GetChecksMissed()
	if all == 0 {
		return i18n.Say(ctx, "analyst.no_checks")
	}
	return strconv.Itoa(int(math.Round(100*float64(w.GetChecksAnswered())/float64(all)))) + " %"
}
