// Package queue is where administrators see the queues that work waits in: how much and how long, what could not be done and why. They may
// put dead letters back, delete them, and lay aside what waits; what a message carries is not shown but for what its contract opens.
package queue

import (
	"context"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	queuepb "github.com/rounds-cme/rounds/contract/queue/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// ListPath is where the list is.
const ListPath = "/backoffice/queues"

// Aside is the reason of what an operator laid aside.
const Aside = "set aside by hand"

// Path is the address of one.
func Path(name string) string { return ListPath + "/" + url.PathEscape(name) }

// View is one queue with all about it.
type View struct {
	*bffpb.OperationsQueueResponse

	Form  form.Form
	NewID func() uuid.UUID
}

// form is one of several on the page: each is a wish of its own.
func (v View) form() form.Form { return form.New(v.NewID()) }

func (v View) path() string { return Path(v.GetQueue().GetName()) }

// named is what a queue is called; its name in the program stands beside it.
func named(ctx context.Context, name string) string {
	return word(ctx, name, map[string]i18n.Key{
		"notification.task": "queue.task", "notification.send": "queue.send", "notification.site": "queue.site", "activity": "queue.activity",
	})
}

func state(ctx context.Context, m *queuepb.QueueMessage) string {
	return word(ctx, m.GetState(), map[string]i18n.Key{
		"ready": "queue.ready", "delayed": "queue.delayed", "taken": "queue.taken", "dead": "queue.dead",
	})
}

func did(ctx context.Context, o *queuepb.QueueOperation) string {
	if o.Count == nil {
		return word(ctx, o.GetWhat(), map[string]i18n.Key{
			"replay": "queue.began_replay", "discard": "queue.began_discard", "set aside": "queue.began_aside", "purge": "queue.began_purge",
		}, "name", o.GetActor())
	}
	return word(ctx, o.GetWhat(), map[string]i18n.Key{
		"replay": "queue.did_replay", "discard": "queue.did_discard", "set aside": "queue.did_aside", "purge": "queue.did_purge",
	}, "name", o.GetActor(), "count", int(o.GetCount()))
}

// why is a reason in the reader's words, where the words are ours.
func why(ctx context.Context, reason string) string {
	return word(ctx, reason, map[string]i18n.Key{Aside: "queue.aside_reason"})
}

func problem(ctx context.Context, q *queuepb.Queue) string {
	return word(ctx, q.GetProblem(), map[string]i18n.Key{"broker": "queue.broker", "service": "queue.service"})
}

// word falls back to the name in the program, for what is newer than this page.
func word(ctx context.Context, name string, words map[string]i18n.Key, pairs ...any) string {
	if key, known := words[name]; known {
		return i18n.Say(ctx, key, pairs...)
	}
	return name
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// rate is messages a minute: whole ones, but for what is rare.
func rate(ctx context.Context, n float64) string {
	if n <= 0 || n >= 10 {
		return strconv.FormatFloat(math.Round(n), 'f', -1, 64)
	}
	text := strconv.FormatFloat(n, 'f', 1, 64)
	if i18n.Say(ctx, "points.decimal") == "comma" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// age says how long the oldest has waited.
func age(ctx context.Context, q *queuepb.Queue) string {
	if q.GetReady() == 0 {
		return "–"
	}
	d := time.Duration(q.GetOldestSeconds() * float64(time.Second))
	switch {
	case d < time.Minute:
		return i18n.Say(ctx, "queue.seconds", "count", int(d.Seconds()))
	case d < 2*time.Hour:
		return i18n.Say(ctx, "queue.minutes", "count", int(d.Minutes()))
	}
	return i18n.Say(ctx, "queue.hours", "count", int(d.Hours()))
}

func tone(q *queuepb.Queue) part.Tone {
	if q.GetDead() > 0 {
		return part.Bad
	}
	return part.Plain
}

// hidden names the fields that are there and not shown.
func hidden(m *queuepb.QueueMessage) string {
	var names []string
	for _, f := range m.GetFields() {
		if f.GetHidden() {
			names = append(names, f.GetName())
		}
	}
	return strings.Join(names, ", ")
}

// at is nil when there is no such time.
func at(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	moment := t.AsTime()
	return &moment
}

func columns(ctx context.Context) []part.Column {
	return []part.Column{
		{Label: i18n.Say(ctx, "queue.what")},
		{Label: i18n.Say(ctx, "queue.waiting"), Number: true},
		{Label: i18n.Say(ctx, "queue.oldest"), Number: true},
		{Label: i18n.Say(ctx, "queue.in"), Number: true},
		{Label: i18n.Say(ctx, "queue.out"), Number: true},
		{Label: i18n.Say(ctx, "queue.again"), Number: true},
		{Label: i18n.Say(ctx, "queue.dead"), Number: true},
	}
}
