// Package saga is where administrators see the work of several steps that goes on behind the pages, such as the start of a webinar:
// how far it is, everything that happened to it, and how to help one on that stands still.
package saga

import (
	"context"
	"net/url"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// path is where the list is.
const path = "/backoffice/processes"

// tries is how often a step may fail before somebody should look.
const tries = 3

// Stuck tells whether somebody should look at it.
func Stuck(s *bffpb.Saga) bool { return s.GetStep() != "" && s.GetAttempt() >= tries }

// Path is the address of one.
func Path(id string) string { return path + "/" + url.PathEscape(id) }

// ListView is a page of the list.
type ListView struct {
	List  *bffpb.OperationsSagasResponse
	Over  bool
	First bool
}

func (v ListView) tabs(ctx context.Context) []part.Tab {
	return []part.Tab{
		{Label: i18n.Say(ctx, "saga.open"), Href: path, Current: !v.Over},
		{Label: i18n.Say(ctx, "saga.over"), Href: path + "?over=yes", Current: v.Over},
	}
}

func (v ListView) href(after string) string {
	over := ""
	if v.Over {
		over = "yes"
	}
	return part.Query(path, "over", over, "after", after)
}

func columns(ctx context.Context) []part.Column {
	return []part.Column{
		{Label: i18n.Say(ctx, "saga.what")},
		{Label: i18n.Say(ctx, "saga.about")},
		{Label: i18n.Say(ctx, "saga.status")},
		{Label: i18n.Say(ctx, "saga.step")},
		{Label: i18n.Say(ctx, "saga.begun_at")},
	}
}

// View is one of them.
type View struct {
	Saga    *bffpb.Saga
	Moments []*bffpb.SagaMoment
	Form    form.Form
}

func (v View) path() string { return Path(v.Saga.GetId()) }

func (v View) open() bool { return !over(v.Saga.GetStatus()) }

func over(status string) bool { return status == "completed" || status == "cancelled" }

// clock is a time of the day to the second, which is what moments differ by.
func clock(ctx context.Context, t *timestamppb.Timestamp) string {
	return t.AsTime().In(i18n.From(ctx).Location()).Format("15:04:05")
}

// undoable tells whether it can be given up now.
func (v View) undoable() bool {
	return v.open() && !v.Saga.GetForward() && v.Saga.GetStatus() != "compensating" && v.Saga.GetStep() != ""
}

// state tells how far a step is: done, now, undone or later.
func (v View) state(step string) string {
	state := "later"
	for _, m := range v.Moments {
		if m.GetStep() != step {
			continue
		}
		switch m.GetKind() {
		case "done", "compensated":
			state = map[string]string{"done": "done", "compensated": "undone"}[m.GetKind()]
		}
	}
	if step == v.Saga.GetStep() && v.open() {
		state = "now"
	}
	return state
}

func statusTone(s *bffpb.Saga) part.Tone {
	switch {
	case s.GetStatus() == "completed":
		return part.Good
	case Stuck(s):
		return part.Bad
	case s.GetStatus() == "compensating":
		return part.Needs
	default:
		return part.Plain
	}
}

func stateTone(state string) part.Tone {
	switch state {
	case "done":
		return part.Good
	case "now":
		return part.Main
	case "undone":
		return part.Needs
	default:
		return part.Plain
	}
}
