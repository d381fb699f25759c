package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accesspb "github.com/rounds-cme/rounds/contract/access/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/desk"
)

func letter(t *testing.T, m proto.Message) *queue.Letter {
	t.Helper()
	body, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return &queue.Letter{Delivery: queue.Delivery{ID: uuid.New(), Type: string(proto.MessageName(m)), Body: body, PutAt: time.Now()}, State: queue.Dead}
}

// An operator sees what kind of message it is and for which account, and neither its secret, name, address nor text.
func TestOutlineKeepsSecrets(t *testing.T) {
	t.Parallel()
	const hush = "hush-hush"
	for _, m := range []proto.Message{
		&eventpb.ResetPassword{AccountId: "the-account", Secret: hush},
		&eventpb.ConfirmEmail{AccountId: "the-account", Secret: hush},
		&eventpb.Notification{
			AccountId: "the-account", Channel: eventpb.Channel_CHANNEL_EMAIL, Address: hush, Name: hush,
			Data: map[string]string{"title": hush, hush: "x"}, Path: hush, Kind: "webinar.reminder",
		},
		&eventpb.Activity{Id: "the-account", Pseudonym: hush, Profession: hush, Country: hush},
	} {
		o := desk.Of(letter(t, m))
		text := fmt.Sprintf("%+v", o)
		if strings.Contains(text, hush) {
			t.Errorf("%s", text)
		}
		if !strings.Contains(text, "the-account") || !slices.ContainsFunc(o.Fields, func(f desk.Field) bool { return f.Hidden }) {
			t.Errorf("%s does not say what there is", text)
		}
	}
}

// A new field is hidden until somebody opens it; those that name a person or carry a secret never are.
func TestNothingPersonalIsOpen(t *testing.T) {
	t.Parallel()
	personal := []string{"secret", "address", "name", "data", "pseudonym", "path", "profession", "country"}
	for _, m := range []proto.Message{&eventpb.ResetPassword{}, &eventpb.ConfirmEmail{}, &eventpb.Notification{}, &eventpb.Activity{}} {
		fields := m.ProtoReflect().Descriptor().Fields()
		for n := range fields.Len() {
			f := fields.Get(n)
			open, _ := proto.GetExtension(f.Options(), accesspb.E_Open).(bool)
			if open && slices.ContainsFunc(personal, func(name string) bool { return f.Name() == protoreflect.Name(name) }) {
				t.Errorf("%s is open", f.FullName())
			}
		}
	}
}

func TestBrokenPayload(t *testing.T) {
	t.Parallel()
	l := letter(t, &eventpb.AlreadyRegistered{AccountId: "x"})
	l.Type = "nobody.Knows"
	if o := desk.Of(l); !o.Broken || o.Kind != "Knows" || len(o.Fields) > 0 {
		t.Errorf("%+v", o)
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"":            "",
		"\x1b[2J\x00": "[2J",
		"\x1b\u202e":  "…",
		"550 \x1b]0;root\x07 no\r\nsuch \u202eresu": "550 ]0;root no such resu",
		"no answer": "no answer",
		"550 5.1.1 <ana.novak@example.org>: no such user":                                  "550 5.1.1 <…@example.org>: no such user",
		"post https://push.example.org/wpush/v2/gAAAAABk: 500":                             "post https://push.example.org/… 500",
		"account 0199aaaa-0000-7000-8000-000000000001 is gone":                             "account 0199aaaa-0000-7000-8000-000000000001 is gone",
		"token dGhpcyBpcyBhIHNlY3JldCB0aGF0IG5vYm9keSBtYXkgc2Vl refused":                   "token … refused",
		"account.0199aaaa-0000-7000-8000-000000000001.1.1: gave up after 10 attempts: EOF": "account.0199aaaa-0000-7000-8000-000000000001.1.1: gave up after 10 attempts: EOF",
	} {
		if got := desk.Masked(reason); got != want {
			t.Errorf("%q: %q, want %q", reason, got, want)
		}
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	now := time.Now()
	all := desk.Reasons([]queue.Letter{{Reason: "a", DiedAt: now}, {Reason: "b", DiedAt: now}, {Reason: "b", DiedAt: now.Add(time.Second)}})
	if len(all) != 2 || all[0].Text != "b" || all[0].Count != 2 || !all[0].Last.Equal(now.Add(time.Second)) {
		t.Errorf("%+v", all)
	}
}
