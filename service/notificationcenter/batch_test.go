package notificationcenter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

// page is the same news for some people.
func page(channel eventpb.Channel, names ...string) []*eventpb.Notification {
	var all []*eventpb.Notification
	for _, name := range names {
		n := message(channel, uuid.New())
		id := uuid.New()
		n.Id, n.Name, n.Address = id[:], name, name+"@rounds.example"
		all = append(all, n)
	}
	return all
}

func idOf(n *eventpb.Notification) uuid.UUID { return uuid.UUID(n.GetId()) }

func batch(all []*eventpb.Notification) queue.Message {
	return queue.Message{ID: uuid.New(), Payload: event.Pack(all)}
}

func (w *world) exec(statement string, arguments ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(context.Background(), statement, arguments...); err != nil {
		w.t.Fatal(err)
	}
}

// got is who got a mail, by the address, in order of the alphabet.
func (s *sink) got() []string {
	var all []string
	for _, mail := range s.sent() {
		to, _, _ := strings.Cut(mail, "@")
		all = append(all, to)
	}
	slices.Sort(all)
	return all
}

func (w *world) dead(reason string) int {
	w.t.Helper()
	return w.number("SELECT count(*) FROM queue.dead WHERE reason LIKE $1", "%"+reason+"%")
}

// TestBatchOneThatFailsHarmsNoOther: of a page of people, one is refused for now, one for good, one by us, and one has the mail already.
// Each is told once, under the id that a message of their own would have had.
func TestBatchOneThatFailsHarmsNoOther(t *testing.T) {
	t.Parallel()
	later := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "greylisted"}
	s := &sink{fail: map[string][]error{
		"busy@rounds.example": {later, later},
		"gone@rounds.example": {never(), never(), errors.New("asked for ever")},
	}}
	w := newWorld(t, notificationcenter.Config{SMTP: s.serve(t), SMTPTLS: "none"})
	all := page(eventpb.Channel_CHANNEL_EMAIL, "ana", "busy", "cene", "gone", "has", "nobody")
	all[5].AccountId = "nobody"
	w.put(queue.Message{ID: idOf(all[4]), Payload: proto.CloneOf(all[4])})
	w.empty()
	w.put(batch(all))
	w.empty()
	if got := s.got(); !slices.Equal(got, []string{"ana", "busy", "cene", "has"}) {
		t.Errorf("mails went to %v", got)
	}
	for i, state := range []string{"sent", "sent", "sent", "failed", "sent", ""} {
		if got := w.became(idOf(all[i])); got != state {
			t.Errorf("%s: %q, want %q", all[i].GetName(), got, state)
		}
	}
	if w.dead("no such user") != 1 || w.dead("cannot be put into words") != 1 || w.dead("") != 2 {
		t.Errorf("%d dead letters, want one of who is refused and one of what is about nobody", w.dead(""))
	}
	mails := strings.Join(s.sent(), "\n")
	for _, n := range all[:3] {
		if want := sealed(idOf(n), optoutKey); strings.Count(mails, "Message-ID: <"+want+">") != 1 {
			t.Errorf("no mail, or more than one, has the Message-ID %s of %s", want, n.GetName())
		}
	}
}

// TestBatchThatComesAgain was in the hands of somebody who died: some were told and noted. All others are told by messages of their
// own, and once, also when it comes a third time.
func TestBatchThatComesAgain(t *testing.T) {
	t.Parallel()
	s := &sink{}
	w := newWorld(t, notificationcenter.Config{SMTP: s.serve(t), SMTPTLS: "none"})
	all := page(eventpb.Channel_CHANNEL_EMAIL, "ana", "bor", "cene")
	w.put(queue.Message{ID: idOf(all[0]), Payload: proto.CloneOf(all[0])})
	w.empty()
	for range 2 {
		m := batch(all)
		m.DueAt = time.Now().Add(time.Hour)
		w.put(m)
		w.exec("UPDATE queue.message SET attempts = 1, visible_at = now() WHERE type LIKE '%NotificationBatch'")
		w.empty()
		w.exec("DELETE FROM queue.seen WHERE id = $1", m.ID)
	}
	if got := s.got(); !slices.Equal(got, []string{"ana", "bor", "cene"}) {
		t.Errorf("mails went to %v", got)
	}
	if n := w.number("SELECT count(*) FROM queue.seen WHERE id = ANY ($1)", []uuid.UUID{idOf(all[1]), idOf(all[2])}); n != 2 {
		t.Errorf("%d of 2 got a message of their own", n)
	}
}

// TestBatchOnTheSite stands there once for each, whatever becomes of one of them.
func TestBatchOnTheSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{})
	var names []string
	for i := range 250 { // more than go into one statement
		names = append(names, fmt.Sprint(i))
	}
	all := page(eventpb.Channel_CHANNEL_SITE, names...)
	all[7].AccountId = "nobody"
	all[11].Zone = "no database keeps \x00"
	late := page(eventpb.Channel_CHANNEL_SITE, "ana", "bor")
	for _, n := range late {
		n.ExpiresAt = timestamppb.New(time.Now().Add(-time.Second))
	}
	put := []queue.Message{batch(late)}
	for i := range 5 {
		put = append(put, batch(all[50*i:50*(i+1)]))
	}
	w.put(put...)
	w.until("all that can be told", func() bool { return w.number("SELECT count(*) FROM notificationcenter.notification") >= 248 })
	w.until("what is about nobody", func() bool { return w.dead("cannot be put into words") == 1 })
	w.until("what cannot be written to be tried", func() bool {
		return w.number("SELECT count(*) FROM queue.message WHERE id = $1 AND reason <> ''", idOf(all[11])) == 1
	})
	if n := w.number("SELECT count(*) FROM notificationcenter.notification"); n != 248 {
		t.Errorf("%d lines for 248 people", n)
	}
	if n := w.number("SELECT count(*) FROM queue.message"); n != 1 {
		t.Errorf("%d messages wait beside the one", n)
	}
	for _, n := range late {
		if state := w.became(idOf(n)); state != "expired" {
			t.Errorf("too late for %s: %q", n.GetName(), state)
		}
	}
}

// TestWhatDiesTwice takes the place of what died before, and is not tried for ever.
func TestWhatDiesTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{})
	nobody := page(eventpb.Channel_CHANNEL_EMAIL, "ana")[0]
	nobody.AccountId = "nobody"
	for range 2 {
		w.put(queue.Message{ID: idOf(nobody), Payload: nobody})
		w.empty()
		w.exec("DELETE FROM queue.seen") // a week has passed
	}
	if n := w.dead(""); n != 1 {
		t.Errorf("%d dead letters", n)
	}
}
