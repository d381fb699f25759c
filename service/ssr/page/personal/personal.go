// Package personal is the page of a member's own: four blocks, each complete alone, each missing alone; and below it, for each
// webinar, the evidence that the credit was computed from.
package personal

import (
	"context"
	"net/url"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/points"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
	"github.com/rounds-cme/rounds/service/ssr/part"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// View is what the page shows; a part without its source is nil.
type View struct {
	Page    *bffpb.PointsPersonalResponse
	Support string // e-mail address
}

// EvidenceView is what the credit in one webinar was computed from.
type EvidenceView struct {
	Evidence *bffpb.PointsEvidenceResponse
	Support  string
	Form     form.Form // of the appeal
}

func (v EvidenceView) path() string { return "/me/webinars/" + v.Evidence.GetSlug() }

func tone(state string) part.Tone {
	return map[string]part.Tone{
		"earned": part.Main, "sent": part.Main, "accepted": part.Good, "refused": part.Bad, "answered": part.Good, "missed": part.Needs,
	}[state]
}

func zone(ctx context.Context) *time.Location {
	if where, err := time.LoadLocation(reader.From(ctx).Zone); err == nil {
		return where
	}
	return time.UTC
}

// day writes a day such as 2026-11-26 in the reader's language. It is a day on a calendar and no instant, so it is the same in
// every zone.
func day(ctx context.Context, text string) string { return dayAfter(ctx, text, 0) }

func dayAfter(ctx context.Context, text string, days int) string {
	t, err := time.ParseInLocation(time.DateOnly, text, zone(ctx))
	if err != nil {
		return text
	}
	return i18n.From(ctx).ShortDay(t.AddDate(0, 0, days).Add(12 * time.Hour))
}

// clock is a time of the day to the second, in the reader's zone.
func clock(ctx context.Context, t *timestamppb.Timestamp) string {
	if t == nil {
		return "–"
	}
	return t.AsTime().In(zone(ctx)).Format("15:04:05")
}

// length is how long a span was, in minutes and seconds.
func length(ctx context.Context, from, to *timestamppb.Timestamp) string {
	return minutes(ctx, int(to.AsTime().Sub(from.AsTime())/time.Second))
}

// answered is when a check was answered, and how long that took from when it was on the screen.
func answered(ctx context.Context, c *bffpb.EvidenceCheck) string {
	if c.GetAnsweredAt() == nil {
		return "–"
	}
	shown := c.GetDeliveredAt()
	if shown == nil {
		shown = c.GetAskedAt()
	}
	took := c.GetAnsweredAt().AsTime().Sub(shown.AsTime())
	return i18n.Say(ctx, "evidence.after", "time", clock(ctx, c.GetAnsweredAt()), "seconds", max(0, int(took/time.Second)))
}

// formula is how anybody computes the times of the checks again, in the steps and figures of rules/presence.
func (v EvidenceView) formula(ctx context.Context) []string {
	e := v.Evidence
	rule := credit.Rule{ChecksPerHour: int(e.GetRule().GetChecksPerHour()), CheckWindow: credit.Seconds(e.GetRule().GetCheckWindow())}
	plan := presence.For(rule)
	utc := func(t *timestamppb.Timestamp) string { return t.AsTime().UTC().Format("2006-01-02T15:04:05.000Z") }
	return []string{
		i18n.Say(ctx, "evidence.formula_hash"),
		i18n.Say(ctx, "evidence.formula_count", "count", plan.PerHour),
		i18n.Say(ctx, "evidence.formula_room", "from", utc(e.GetDrawnOver().GetFrom()), "to", utc(e.GetDrawnOver().GetTo()),
			"edge", int(plan.Edge), "window", int(plan.Window)),
		i18n.Say(ctx, "evidence.formula_free", "spacing", int(plan.Spacing)),
		i18n.Say(ctx, "evidence.formula_draw"),
		i18n.Say(ctx, "evidence.formula_sort"),
	}
}

func segmentName(ctx context.Context, kind string) string {
	switch kind {
	case "talk":
		return i18n.Say(ctx, "evidence.segment_talk")
	case "break":
		return i18n.Say(ctx, "evidence.segment_break")
	case "sponsor":
		return i18n.Say(ctx, "evidence.segment_sponsor")
	}
	return i18n.Say(ctx, "evidence.segment_lobby")
}

func reasons(ctx context.Context) []part.Option {
	var all []part.Option
	for _, reason := range []string{"connection", "check", "device", "other"} {
		all = append(all, part.Option{Value: reason, Label: AppealReason(ctx, reason)})
	}
	return all
}

// AppealReason is what went wrong, in words.
func AppealReason(ctx context.Context, reason string) string {
	switch reason {
	case "connection":
		return i18n.Say(ctx, "appeal.reason_connection")
	case "check":
		return i18n.Say(ctx, "appeal.reason_check")
	case "device":
		return i18n.Say(ctx, "appeal.reason_device")
	}
	return i18n.Say(ctx, "appeal.reason_other")
}

// AppealState is how an appeal stands, in words.
func AppealState(ctx context.Context, state string) string {
	switch state {
	case "granted":
		return i18n.Say(ctx, "appeal.state_granted")
	case "refused":
		return i18n.Say(ctx, "appeal.state_refused")
	case "withdrawn":
		return i18n.Say(ctx, "appeal.state_withdrawn")
	}
	return i18n.Say(ctx, "appeal.state_open")
}

// AppealTone is the colour that goes with it.
func AppealTone(state string) part.Tone {
	return map[string]part.Tone{"open": part.Main, "granted": part.Good, "refused": part.Bad}[state]
}

func minutes(ctx context.Context, seconds int) string {
	return i18n.Say(ctx, "evidence.length", "minutes", seconds/60, "seconds", seconds%60)
}

// toTheEnd says that somebody watched until there was nothing more to see.
func toTheEnd(e *bffpb.PointsEvidenceResponse, w *bffpb.EvidenceInterval) bool {
	return e.GetEndedAt() != nil && e.GetEndedAt().AsTime().Sub(w.GetTo().AsTime()) < time.Second
}

// rule is the frozen rule in sentences; its first speaks of the time that really counted and not of the one that was planned.
func (v EvidenceView) rule(ctx context.Context) []string {
	e := v.Evidence
	said := webinar.Rule(ctx, e.GetRule(), &bffpb.WebinarCard{Minutes: e.GetCreditable() / 60, Hundredths: e.GetOffered()})
	if e.GetOffered() > 0 {
		percent := e.GetRule().GetMinPercent()
		said[0] = i18n.Say(ctx, "evidence.rule_minutes", "percent", percent, "need", (e.GetCreditable()*percent+5999)/6000, "of", (e.GetCreditable()+30)/60)
	}
	return said
}

// write is a letter to people who can put it right, with what they need to find the case and nothing that names the reader.
func (v EvidenceView) write(ctx context.Context) string {
	e := v.Evidence
	subject := i18n.Say(ctx, "evidence.mail", "title", e.GetTitle(), "fingerprint", e.GetSha256()[:min(12, len(e.GetSha256()))])
	return "mailto:" + v.Support + "?subject=" + url.PathEscape(subject)
}

// partName says what kind of points a part of the plan is about; one that nobody has a word for is called by its code.
func partName(ctx context.Context, p *bffpb.PlanPart) string {
	switch p.GetCode() {
	case "speciality":
		return i18n.Say(ctx, "personal.part_speciality", "points", points.Amount(ctx, p.GetMinimum()))
	case "ethics":
		return i18n.Say(ctx, "personal.part_ethics", "points", points.Amount(ctx, p.GetMinimum()))
	}
	return points.Amount(ctx, p.GetMinimum()) + " " + p.GetCode()
}

// counted is a sentence with points in it, whose plural form follows their number.
func counted(ctx context.Context, key i18n.Key, hundredths int32, pairs ...any) string {
	return i18n.Say(ctx, key, append([]any{"count", credit.Points(hundredths).String(), "points", points.Amount(ctx, hundredths)}, pairs...)...)
}

// Missing says how much is missing in the period of the licence, and until when it is to be had.
func Missing(ctx context.Context, p *bffpb.PersonalPoints) string {
	return counted(ctx, "personal.missing_by", p.GetMissing(), "day", dayAfter(ctx, p.GetCycleTo(), -1))
}
