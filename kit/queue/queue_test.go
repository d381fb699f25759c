package queue_test

import (
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/queue"
)

// FuzzMessage decodes payloads that nobody of ours may have written: it is the named type or an error, and what was read can be
// written and read again.
func FuzzMessage(f *testing.F) {
	for _, m := range []proto.Message{
		&eventpb.Notification{DedupeKey: "k", Channel: eventpb.Channel_CHANNEL_EMAIL, Data: map[string]string{"title": "Asthma"}},
		&eventpb.ConfirmEmail{AccountId: uuid.Nil.String(), Secret: "s"}, &eventpb.Activity{},
	} {
		body, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(proto.MessageName(m)), body)
	}
	f.Add("google.protobuf.Any", []byte("\x0a\x01x"))
	f.Add("", []byte(nil))
	f.Add("rounds.event.v1.Channel", []byte{0xff, 0xff})
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		d := &queue.Delivery{ID: uuid.Nil, Queue: "test", Type: kind, Body: body}
		n := &eventpb.Notification{}
		if err := d.Into(n); err == nil && kind != string(proto.MessageName(n)) {
			t.Fatalf("a %q was taken for a notification", kind)
		}
		m, err := d.Message()
		if err != nil {
			return
		}
		if is := string(proto.MessageName(m)); is != kind {
			t.Fatalf("a %q was read as %q", kind, is)
		}
		written, err := proto.Marshal(m)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again := &queue.Delivery{Type: kind, Body: written}
		same, err := again.Message()
		if err != nil {
			t.Fatalf("read again: %v", err)
		}
		if twice, err := proto.Marshal(same); err != nil || len(twice) != len(written) {
			t.Fatalf("%d bytes became %d: %v", len(written), len(twice), err)
		}
	})
}
