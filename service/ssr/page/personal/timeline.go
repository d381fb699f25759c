package personal

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// The drawing board of a line, in units of its SVG. It is stretched to the width of the page, so only bars are drawn, no text.
const (
	lineLength = 1000.0
	lineHeight = 12.0
	markWidth  = 8.0
)

// line is one line of the timeline: what it shows in words, and its bars.
type line struct {
	name, label string
	bars        []bar
}

// bar is a time on a line. Class is one of the colours of charts; what was missed is also lower, so that nobody needs to see colours.
type bar struct {
	class     string
	x, width  float64
	y, height float64
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// timeline draws the evidence from the beginning of the webinar to its end; nil where it did not happen.
func timeline(ctx context.Context, e *bffpb.PointsEvidenceResponse) []line {
	began, ended := e.GetStartedAt().AsTime(), e.GetEndedAt().AsTime()
	if e.GetStartedAt() == nil || e.GetEndedAt() == nil || !began.Before(ended) {
		return nil
	}
	at := func(t *timestamppb.Timestamp) float64 {
		return min(max(0, float64(t.AsTime().Sub(began))/float64(ended.Sub(began))), 1) * lineLength
	}
	over := func(class string, from, to *timestamppb.Timestamp) bar {
		return bar{class: class, x: at(from), width: max(at(to)-at(from), 1), height: lineHeight}
	}
	programme := line{name: "programme", label: i18n.Say(ctx, "evidence.line_programme", "length", minutes(ctx, int(e.GetCreditable())))}
	for _, s := range e.GetSegments() {
		programme.bars = append(programme.bars, over(map[bool]string{true: "s1", false: "s2"}[s.GetKind() == "talk"], s.GetFrom(), s.GetTo()))
	}
	if len(programme.bars) == 0 {
		programme.bars = []bar{over("s1", e.GetStartedAt(), e.GetEndedAt())}
	}
	seen := line{name: "watched", label: i18n.Say(ctx, "evidence.line_watched")}
	for _, w := range e.GetWatched() {
		seen.bars = append(seen.bars, over("s3", w.GetFrom(), w.GetTo()))
	}
	counts := line{name: "credited", label: i18n.Say(ctx, "evidence.line_credited", "length", minutes(ctx, int(e.GetSeconds())))}
	for _, c := range e.GetCredited() {
		counts.bars = append(counts.bars, over("s1", c.GetFrom(), c.GetTo()))
	}
	all := []line{programme, seen, counts}
	if len(e.GetChecks()) > 0 {
		all = append(all, checks(ctx, e, at))
	}
	if len(e.GetIncidents()) > 0 {
		incidents := line{name: "incidents", label: i18n.Say(ctx, "evidence.incidents")}
		for _, s := range e.GetIncidents() {
			incidents.bars = append(incidents.bars, over("s2", s.GetFrom(), s.GetTo()))
		}
		all = append(all, incidents)
	}
	return all
}

// checks marks each check when it came, or was to come: a full mark was answered, a low one missed, a flat one does not count.
func checks(ctx context.Context, e *bffpb.PointsEvidenceResponse, at func(*timestamppb.Timestamp) float64) line {
	var l line
	n := map[string]int{}
	for _, c := range e.GetChecks() {
		n[c.GetFate()]++
		when := c.GetAskedAt()
		if when == nil {
			when = c.GetDueAt()
		}
		mark := bar{class: "s1", x: min(at(when), lineLength-markWidth), width: markWidth, height: lineHeight}
		switch c.GetFate() {
		case "answered":
		case "missed":
			mark.class, mark.y, mark.height = "s2", lineHeight/2, lineHeight/2
		default:
			mark.class, mark.y, mark.height = "s3", lineHeight*3/4, lineHeight/4
		}
		l.bars = append(l.bars, mark)
	}
	l.name = "checks"
	l.label = i18n.Say(ctx, "evidence.line_checks", "answered", n["answered"], "missed", n["missed"], "void", len(e.GetChecks())-n["answered"]-n["missed"])
	return l
}

// middle is the moment in the middle of the timeline.
func middle(e *bffpb.PointsEvidenceResponse) *timestamppb.Timestamp {
	began, ended := e.GetStartedAt().AsTime(), e.GetEndedAt().AsTime()
	return timestamppb.New(began.Add(ended.Sub(began) / 2).Truncate(time.Second))
}

func checkColumns(ctx context.Context) []part.Column {
	return []part.Column{
		{Label: i18n.Say(ctx, "evidence.number"), Number: true},
		{Label: i18n.Say(ctx, "evidence.fate")},
		{Label: i18n.Say(ctx, "evidence.answered")},
		{Label: i18n.Say(ctx, "evidence.shown")},
		{Label: i18n.Say(ctx, "evidence.asked")},
		{Label: i18n.Say(ctx, "evidence.due")},
	}
}
