package notificationcenter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

// mailTo is a message as the task runner would put it.
func mailTo(address, kind string, priority int16) queue.Message {
	n := message(eventpb.Channel_CHANNEL_EMAIL, uuid.New())
	n.Kind, n.Address = kind, address
	return queue.Message{Payload: n, Priority: priority}
}

// TestResetOvertakesTenThousandReminders: while every connection is busy with one of ten thousand reminders, and more are in hand, a
// new password goes out over a connection of its own.
func TestResetOvertakesTenThousandReminders(t *testing.T) {
	t.Parallel()
	s := &sink{gate: make(chan struct{})}
	w := newWorld(t, notificationcenter.Config{SMTP: s.serve(t), SMTPTLS: "none", SMTPTimeout: time.Minute})
	reminders := make([]queue.Message, 10_000)
	for i := range reminders {
		reminders[i] = mailTo(fmt.Sprintf("person%d@rounds.example", i), "webinar.reminder", 5)
	}
	w.put(reminders...)
	w.until("every worker to be busy", func() bool { return s.connections() == 2 })
	w.put(mailTo("ana@rounds.example", "account.reset", 9))
	if waiting := w.number("SELECT count(*) FROM queue.message"); waiting != 10_001 {
		t.Errorf("only %d messages are waiting: this would prove nothing", waiting)
	}
	w.until("the reset to be at the mail server, while it answers nobody", func() bool { return s.connections() == 3 })
	close(s.gate)
	isReset := func(mail string) bool { return strings.HasPrefix(mail, "ana@") }
	w.until("the reset", func() bool { return slices.ContainsFunc(s.sent(), isReset) })
	// The server answers in what order it likes, for as long as the machine is busy with something else.
	if before := slices.IndexFunc(s.sent(), isReset); before > len(reminders)/10 {
		t.Errorf("%d reminders went before it", before)
	}
}

// TestOneThatHangsHarmsNoOther: mail to a recipient whose server never answers is put in twice as often as there are workers.
func TestOneThatHangsHarmsNoOther(t *testing.T) {
	t.Parallel()
	s := &sink{hang: "hangs@rounds.example"}
	w := newWorld(t, notificationcenter.Config{SMTP: s.serve(t), SMTPTLS: "none", SMTPTimeout: time.Second})
	for range 4 {
		w.put(mailTo(s.hang, "account.reset", 9))
	}
	for i := range 20 {
		w.put(mailTo(fmt.Sprintf("person%d@rounds.example", i), "webinar.reminder", 5))
	}
	w.until("all others", func() bool {
		different := map[string]bool{}
		for _, mail := range s.sent() {
			to, _, _ := strings.Cut(mail, "\n")
			different[to] = true
		}
		return len(different) == 20
	})
	if n := w.number("SELECT count(*) FROM queue.message"); n < 1 {
		t.Error("what could not be sent is gone")
	}
	w.until("a word on why it takes so long", func() bool {
		return w.number("SELECT count(*) FROM notificationcenter.delivery WHERE state = 'retry' AND address = $1 AND reason <> ''", s.hang) > 0
	})
}

// TestConnectionsAreUsedAgain: a hundred mails need no more connections than there are workers, also when recipients are refused in between.
func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	s := &sink{fail: map[string][]error{}}
	messages := make([]queue.Message, 100)
	for i := range messages {
		to := fmt.Sprintf("person%d@rounds.example", i)
		messages[i] = mailTo(to, "webinar.reminder", 5)
		if i%10 == 0 {
			s.fail[to] = []error{never()}
		}
	}
	w := newWorld(t, notificationcenter.Config{SMTP: s.serve(t), SMTPTLS: "none"})
	w.put(messages...)
	w.empty()
	if n := len(s.sent()); n != 90 {
		t.Errorf("%d mails, want 90", n)
	}
	if n := s.connections(); n > 4 {
		t.Errorf("%d connections for two workers", n)
	}
}
