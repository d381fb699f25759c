// Package record is what stays of a webinar after its end: questions with their answers, polls with their results, the chat, the
// programme and how many came. Members read what the audience was told; hosts also what only hosts were told.
//
// Each part has an address of its own and is paged, works without a script, and can be missing while the others stand.
package record

import (
	"context"
	"strconv"
	"strings"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// The parts of a record.
const (
	Questions = "questions"
	Polls     = "polls"
	Chat      = "chat"
	Programme = "programme"
	// For hosts alone.
	Numbers    = "numbers"
	Attendance = "attendance"
	Backstage  = "backstage"
)

// OfHosts says that a part is for hosts alone.
func OfHosts(name string) bool { return name == Numbers || name == Attendance || name == Backstage }

// PerPage is how many questions, polls or notes stand on a page.
const PerPage = 50

// ChatPage is how many messages stand on a page, or people on the list of attendance.
const ChatPage = 100

// View is one part of a record, with the figures of the whole.
type View struct {
	Card   *bffpb.WebinarCard
	Part   string
	Number int // of the page, from 1
	Host   bool
	// Outcome and Transcript are nil when they cannot be asked for right now.
	Outcome    *livewebinarpb.OutcomeResponse
	Transcript *livewebinarpb.TranscriptResponse
	// Attendance is asked for where it is shown; nil also when it cannot be had.
	Attendance *livewebinarpb.AttendanceResponse
	// Viewers is how many were there at least once; negative when that cannot be asked for right now.
	Viewers int
}

func (v View) ended() bool { return v.Card.GetState() == webinar.Ended }

func (v View) path() string { return webinar.Path(v.Card.GetSlug()) }

func (v View) href(what string) string {
	if what == Questions {
		what = ""
	}
	return part.Query(v.path()+"/record", "part", what)
}

func (v View) tabs(ctx context.Context) []part.Tab {
	all := []part.Tab{
		{Label: i18n.Say(ctx, "record.questions"), Href: v.href(Questions), Current: v.Part == Questions, Count: len(v.Outcome.GetQuestions())},
		{Label: i18n.Say(ctx, "record.polls"), Href: v.href(Polls), Current: v.Part == Polls, Count: len(v.Outcome.GetPolls())},
		{Label: i18n.Say(ctx, "record.chat"), Href: v.href(Chat), Current: v.Part == Chat, Count: int(v.Transcript.GetLastSequence())},
		{Label: i18n.Say(ctx, "record.programme"), Href: v.href(Programme), Current: v.Part == Programme},
	}
	if v.Host {
		all = append(all,
			part.Tab{Label: i18n.Say(ctx, "record.numbers"), Href: v.href(Numbers), Current: v.Part == Numbers},
			part.Tab{Label: i18n.Say(ctx, "record.attended"), Href: v.href(Attendance), Current: v.Part == Attendance},
			part.Tab{Label: i18n.Say(ctx, "record.backstage"), Href: v.href(Backstage), Current: v.Part == Backstage})
	}
	return all
}

// page is the piece of a list that stands on the page asked for, and how many pages there are.
func page[T any](v View, all []T) (piece []T, last int) {
	last = max(1, (len(all)+PerPage-1)/PerPage)
	from := min(max(0, (v.Number-1)*PerPage), len(all))
	return all[from:min(from+PerPage, len(all))], last
}

// chatPages is how many pages the chat has.
func (v View) chatPages() int {
	return max(1, (int(v.Transcript.GetLastSequence())+ChatPage-1)/ChatPage)
}

// listPages is how many pages the list of attendance has.
func (v View) listPages() int {
	return max(1, (int(v.Attendance.GetTotal())+ChatPage-1)/ChatPage)
}

func clock(ctx context.Context, t interface{ AsTime() time.Time }) string {
	return i18n.From(ctx).Clock(t.AsTime())
}

// segment is a piece of the programme from and to.
type segment struct {
	kind     string
	from, to time.Time
}

func (s segment) minutes() int { return int(s.to.Sub(s.from).Round(time.Minute).Minutes()) }

// programme is what the webinar consisted of; before the first segment everything was talk, and the last one lasted until the end.
func (v View) programme() []segment {
	opened, closed := v.Outcome.GetOpenedAt(), v.Outcome.GetClosedAt()
	if opened == nil {
		return nil
	}
	end := closed.AsTime()
	if closed == nil {
		end = opened.AsTime()
	}
	var all []segment
	at := opened.AsTime()
	for _, s := range v.Outcome.GetProgramme().GetSegments() {
		if from := s.GetFrom().AsTime(); len(all) == 0 && from.Sub(at) >= time.Second {
			all = append(all, segment{"talk", at, from})
		}
		to := end
		if s.GetTo() != nil {
			to = s.GetTo().AsTime()
		}
		all = append(all, segment{s.GetKind(), s.GetFrom().AsTime(), to})
	}
	if len(all) == 0 {
		all = append(all, segment{"talk", at, end})
	}
	return all
}

// creditable is how long the talk was, which is what counts.
func (v View) creditable() int {
	var sum time.Duration
	for _, s := range v.programme() {
		if s.kind == "talk" {
			sum += s.to.Sub(s.from)
		}
	}
	return int(sum.Round(time.Minute).Minutes())
}

func (v View) answered() int {
	n := 0
	for _, q := range v.Outcome.GetQuestions() {
		if q.GetState() == "answered" {
			n++
		}
	}
	return n
}

// share is how many of all voters chose an option, in percent.
func share(p *livewebinarpb.Poll, i int) (count, percent int) {
	if i < len(p.GetCounts()) {
		count = int(p.GetCounts()[i])
	}
	if voters := int(p.GetVoters()); voters > 0 {
		percent = (count*100 + voters/2) / voters
	}
	return count, percent
}

// outcome is what became of a question, in words; those of a host say why.
func outcome(ctx context.Context, q *livewebinarpb.Question) string {
	switch q.GetState() {
	case "answered":
		if q.GetAnswer() == "" {
			return i18n.Say(ctx, "room.js_question_live")
		}
		return strings.ReplaceAll(i18n.Say(ctx, "room.js_question_answered"), "{name}", q.GetAnsweredBy())
	case "dismissed":
		return i18n.Say(ctx, "record.dismissed", "reason", q.GetReason())
	case "merged":
		return i18n.Say(ctx, "record.merged", "n", strconv.Itoa(int(q.GetMergedInto())))
	case "withdrawn":
		return i18n.Say(ctx, "room.js_question_withdrawn")
	}
	return i18n.Say(ctx, "record.unanswered")
}

func tone(q *livewebinarpb.Question) part.Tone {
	if q.GetState() == "answered" {
		return part.Good
	}
	return part.Plain
}

// asker is who asked; hosts see also who did so anonymously.
func asker(ctx context.Context, q *livewebinarpb.Question) string {
	if q.GetName() == "" {
		return i18n.Say(ctx, "record.anonymous")
	}
	return q.GetName()
}

// felt is a kind of reaction in words.
func felt(ctx context.Context, kind string) string {
	switch kind {
	case "agree":
		return i18n.Say(ctx, "room.js_react_agree")
	case "thanks":
		return i18n.Say(ctx, "room.js_react_thanks")
	case "applause":
		return i18n.Say(ctx, "room.js_react_applause")
	case "funny":
		return i18n.Say(ctx, "room.js_react_funny")
	case "unsure":
		return i18n.Say(ctx, "room.js_react_unsure")
	}
	return kind
}

func kind(ctx context.Context, s segment) string {
	switch s.kind {
	case "break":
		return i18n.Say(ctx, "console.js_segment_break")
	case "sponsor":
		return i18n.Say(ctx, "console.js_segment_sponsor")
	}
	return i18n.Say(ctx, "console.js_segment_talk")
}
