package record

import (
	"context"
	"strconv"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// course is how a room was in figures.
type course struct {
	most, checks, answered int
	chart                  part.Chart
}

// course draws how many were there, minute by minute.
func (v View) course(ctx context.Context) course {
	var c course
	people := part.Series{Name: i18n.Say(ctx, "record.people")}
	for _, s := range v.Outcome.GetSamples() {
		c.most = max(c.most, int(s.GetViewers()))
		c.checks, c.answered = c.checks+int(s.GetChecks()), c.answered+int(s.GetAnswered())
		c.chart.Labels = append(c.chart.Labels, clock(ctx, s.GetAt()))
		people.Values = append(people.Values, float64(s.GetViewers()))
	}
	c.chart.ID, c.chart.Title, c.chart.LabelsTitle = "people", i18n.Say(ctx, "record.course"), i18n.Say(ctx, "record.time")
	c.chart.Description = i18n.Say(ctx, "record.course_text", "most", c.most, "minutes", len(people.Values))
	c.chart.Series = []part.Series{people}
	return c
}

// share is how many of the checks were answered.
func (c course) share(ctx context.Context) string {
	if c.checks == 0 {
		return i18n.Say(ctx, "record.no_checks")
	}
	return i18n.Say(ctx, "record.checks_share", "n", c.answered, "of", c.checks, "percent", strconv.Itoa((c.answered*100+c.checks/2)/c.checks))
}

// trouble is why a time is held against nobody.
func trouble(ctx context.Context, reason string) string {
	if reason == "not_served" {
		return i18n.Say(ctx, "console.js_incident_not_served")
	}
	return i18n.Say(ctx, "console.js_incident_connections_lost")
}
