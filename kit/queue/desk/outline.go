// Package desk is where operators see the queues: at the command line, and through each service that works on a queue, which answers
// about that one alone, with the rights that it has anyway.
//
// What a message carries may be a link's secret or somebody's name. So of its payload an operator sees which fields are filled, and
// reads only those that say in their .proto that they are open; reasons are shown without addresses and without what looks like a secret.
package desk

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	accesspb "github.com/rounds-cme/rounds/contract/access/v1"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/typed"
)

// Outline is what an operator may see of a message.
type Outline struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"` // name of the message
	State    string    `json:"state"`
	Key      string    `json:"key,omitempty"`
	Priority int       `json:"priority"`
	Attempts int       `json:"attempts"`
	Reason   string    `json:"reason,omitempty"`
	Trace    string    `json:"trace,omitempty"`
	PutAt    time.Time `json:"put_at"`
	DueAt    time.Time `json:"due_at,omitzero"`
	Expires  time.Time `json:"expires_at,omitzero"`
	DiedAt   time.Time `json:"died_at,omitzero"`
	Fields   []Field   `json:"fields,omitempty"`
	Broken   bool      `json:"broken,omitempty"` // the payload cannot be read
}

// Field is a filled field of the payload.
type Field struct {
	Name   string `json:"name"`
	Value  string `json:"value,omitempty"`
	Hidden bool   `json:"hidden,omitempty"`
}

// Of makes the outline of a message.
func Of(l *queue.Letter) Outline {
	kind := protoreflect.FullName(l.Type).Name()
	o := Outline{
		ID: l.ID.String(), Kind: string(kind), State: string(l.State), Key: l.Key, Priority: int(l.Priority), Attempts: l.Attempt,
		Reason: Masked(l.Reason), Trace: l.Trace, PutAt: l.PutAt.UTC(), DueAt: l.DueAt.UTC(), Expires: l.ExpiresAt.UTC(), DiedAt: l.DiedAt.UTC(),
	}
	m, err := l.Message()
	if err != nil {
		o.Broken = true
		return o
	}
	o.Fields = fields(m)
	return o
}

// fields lists the filled fields of a message in the order of its .proto.
func fields(m proto.Message) []Field {
	var all []Field
	r := m.ProtoReflect()
	list := r.Descriptor().Fields()
	for n := range list.Len() {
		d := list.Get(n)
		if !r.Has(d) {
			continue
		}
		f := Field{Name: string(d.Name()), Hidden: true}
		if open, _ := proto.GetExtension(d.Options(), accesspb.E_Open).(bool); open {
			f.Value, f.Hidden = value(d, r.Get(d)), false
		}
		all = append(all, f)
	}
	return all
}

func value(d protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case d.IsList() || d.IsMap():
		return "…"
	case d.Kind() == protoreflect.EnumKind:
		if name := d.Enum().Values().ByNumber(v.Enum()); name != nil {
			return string(name.Name())
		}
	case d.Kind() == protoreflect.MessageKind:
		if at, ok := v.Message().Interface().(*timestamppb.Timestamp); ok {
			return at.AsTime().Format(time.RFC3339)
		}
		return protojson.Format(v.Message().Interface())
	}
	return fmt.Sprint(v.Interface())
}

var (
	address = regexp.MustCompile(`[^\s<>"'(),;:@]+@([\w.-]+)`)
	link    = regexp.MustCompile(`(https?://[^/\s"']+)/[^\s"']*`)
	secret  = regexp.MustCompile(`[A-Za-z0-9_=+-]{33,}`) // longer than an id
	ident   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// Masked is a reason without the addresses of people, the paths of links, and what looks like a secret. Ids stay. It is one line of
// letters that can be seen: a mail server somewhere may have said it, and would else speak to the terminal that it is shown on.
func Masked(reason string) string {
	if line := typed.Line(reason); line != "" || reason == "" {
		reason = line
	} else {
		reason = "…" // no reason at all stands for every one
	}
	reason = address.ReplaceAllString(reason, "…@$1")
	reason = link.ReplaceAllString(reason, "$1/…")
	return secret.ReplaceAllStringFunc(reason, func(s string) string {
		if ident.MatchString(s) && len(strings.ReplaceAll(ident.ReplaceAllString(s, ""), "-", "")) < 33 {
			return s
		}
		return "…"
	})
}

// Aside is the reason of what an operator laid aside.
const Aside = "set aside by hand"

// Reason is how many dead letters have one reason, as it is shown.
type Reason struct {
	Text  string    `json:"reason"`
	Count int       `json:"count"`
	Last  time.Time `json:"last_at"`
}

// Reasons groups dead letters, the most frequent reason first.
func Reasons(letters []queue.Letter) []Reason {
	var all []Reason
	at := map[string]int{}
	for _, l := range letters {
		text := Masked(l.Reason)
		n, known := at[text]
		if !known {
			n = len(all)
			at[text] = n
			all = append(all, Reason{Text: text})
		}
		all[n].Count++
		if l.DiedAt.After(all[n].Last) {
			all[n].Last = l.DiedAt.UTC()
		}
	}
	slices.SortStableFunc(all, func(a, b Reason) int { return b.Count - a.Count })
	return all
}

// mostOfReason is how many dead letters are looked through for those of a reason; what is beyond is found the next time.
const mostOfReason = 10_000

// OfReason picks the dead letters whose reason is shown like that; false: there are none.
func OfReason(ctx context.Context, q queue.Operator, name, reason string) (queue.Pick, bool, error) {
	letters, err := q.Dead(ctx, name, mostOfReason)
	if err != nil {
		return queue.Pick{}, false, err
	}
	var which queue.Pick
	raw := map[string]bool{}
	for _, l := range letters {
		if Masked(l.Reason) == reason {
			which.IDs, raw[l.Reason] = append(which.IDs, l.ID), true
		}
	}
	if len(raw) == 1 && len(letters) < mostOfReason {
		for text := range raw {
			which = queue.Pick{Reason: text}
		}
	}
	return which, len(raw) > 0, nil
}
