package notificationcenter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

const secret = "of-the-mail-server"

// report is what comes back for a mail.
func report(id uuid.UUID, status, said string) string {
	return "From: MAILER-DAEMON@hospital.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; hospital.example\r\n\r\n" +
		"Final-Recipient: rfc822; ana@rounds.example\r\nAction: failed\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; " + said + "\r\n\r\n" +
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + sealed(id, optoutKey) + ">\r\n\r\n--b--\r\n"
}

func complaint(id uuid.UUID) string {
	return "Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n\r\n" +
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + sealed(id, optoutKey) + ">\r\n\r\n--b--\r\n"
}

// comesBack hands a mail over as the pipe of a mail server does.
func (w *world) comesBack(raw, password string) (int, string) {
	w.t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/mail/bounce", strings.NewReader(raw))
	request.SetBasicAuth("pipe", password)
	recorder := httptest.NewRecorder()
	w.service.HTTP.ServeHTTP(recorder, request)
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}

// tell sends one mail to Ana and waits until it is concluded.
func (w *world) tell(account uuid.UUID, kind, topic string) (id uuid.UUID, state string) {
	w.t.Helper()
	id = uuid.New()
	n := message(eventpb.Channel_CHANNEL_EMAIL, account)
	n.Kind, n.Topic = kind, topic
	w.put(queue.Message{ID: id, Payload: n})
	w.empty()
	return id, w.state(id)
}

func (w *world) state(id uuid.UUID) (state string) {
	w.t.Helper()
	if err := w.admin.QueryRow(w.t.Context(), "SELECT state FROM notificationcenter.delivery WHERE id = $1", id).Scan(&state); err != nil {
		w.t.Fatal(err)
	}
	return state
}

func TestBounceStopsMailAndTellsOnTheSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{BounceSecret: secret})
	ana := uuid.New()
	id, state := w.tell(ana, "article.published", "article")
	if state != "sent" {
		t.Fatal(state)
	}
	bounced := report(id, "5.1.1", "550 5.1.1 <ana@rounds.example> unknown")
	for _, want := range []string{"bounced", "known already"} {
		if code, said := w.comesBack(bounced, secret); code != http.StatusOK || said != want {
			t.Errorf("%d %q, want %q", code, said, want)
		}
	}
	if got := w.state(id); got != "bounced" {
		t.Errorf("the delivery is %s", got)
	}
	// Also what one cannot choose: there is nobody to read it.
	for _, kind := range []string{"article.published", "account.reset"} {
		if _, state := w.tell(ana, kind, ""); state != "suppressed" {
			t.Errorf("%s is %s", kind, state)
		}
	}
	if n := w.number("SELECT count(*) FROM notificationcenter.mail"); n != 1 {
		t.Errorf("%d mails were sent, want the first alone", n)
	}
	if n := w.number(`SELECT count(*) FROM notificationcenter.notification WHERE account_id = $1 AND kind = 'address.bounced'
		AND text LIKE '%ana@rounds.example%' AND path = '/me/notifications/deliveries'`, ana); n != 1 {
		t.Errorf("told %d times on the site", n)
	}
	if n := w.number("SELECT count(*) FROM notificationcenter.suppression WHERE reason LIKE '%ana@%'"); n != 0 {
		t.Error("the reason holds the address")
	}
}

// TestForgedBounce knows everything of a mail but its seal: the ids of mails are made of whom they tell of what.
func TestForgedBounce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{BounceSecret: secret})
	id, _ := w.tell(uuid.New(), "webinar.reminder", "webinar")
	for _, forged := range []string{
		id.String() + "@rounds", id.String() + ".@rounds", sealed(id, ""), sealed(id, "another key"),
		id.String() + strings.TrimPrefix(sealed(uuid.Nil, optoutKey), uuid.Nil.String()),
	} {
		raw := strings.Replace(report(id, "5.1.1", "unknown"), sealed(id, optoutKey), forged, 1)
		if code, said := w.comesBack(raw, secret); code != http.StatusOK || said == "bounced" {
			t.Errorf("%s: %d %q", forged, code, said)
		}
	}
	if got := w.state(id); got != "sent" {
		t.Errorf("the delivery is %s", got)
	}
	if n := w.number("SELECT count(*) FROM notificationcenter.suppression"); n != 0 {
		t.Error("an address gets no more mail")
	}
}

func TestComplaintStopsWhatOneCanChoose(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{BounceSecret: secret})
	ana := uuid.New()
	id, _ := w.tell(ana, "webinar.reminder", "webinar")
	if code, said := w.comesBack(complaint(id), secret); code != http.StatusOK || said != "complained" {
		t.Fatalf("%d %q", code, said)
	}
	if _, state := w.tell(ana, "article.published", "article"); state != "suppressed" {
		t.Errorf("an article is %s", state)
	}
	if _, state := w.tell(ana, "account.reset", ""); state != "sent" {
		t.Errorf("a new password is %s", state)
	}
}

// TestWhenAnAddressGetsNoMoreMail holds the rules of refusal.go.
func TestWhenAnAddressGetsNoMoreMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statuses []string
		stopped  bool
	}{
		"no such mailbox":            {[]string{"5.1.1"}, true},
		"closed":                     {[]string{"5.2.1"}, true},
		"full, twice":                {[]string{"5.2.2", "5.2.2"}, false},
		"full, three times":          {[]string{"5.2.2", "5.2.2", "5.2.2"}, true},
		"given up after days":        {[]string{"4.4.7"}, false},
		"our content, every time":    {[]string{"5.7.1", "5.7.1", "5.7.1", "5.6.0"}, false},
		"a status that says nothing": {[]string{""}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, notificationcenter.Config{BounceSecret: secret})
			ana := uuid.New()
			for _, status := range c.statuses {
				id, _ := w.tell(ana, "article.published", "article")
				w.comesBack(report(id, status, "no"), secret)
			}
			if got := w.number("SELECT count(*) FROM notificationcenter.suppression") == 1; got != c.stopped {
				t.Errorf("stopped: %v, want %v", got, c.stopped)
			}
		})
	}
}

func TestWhatDoesNotCountAsABounce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{BounceSecret: secret})
	id, _ := w.tell(uuid.New(), "article.published", "article")
	for raw, want := range map[string]string{
		"From: a@b\r\n\r\nI am on holiday.":                                              "no report",
		report(uuid.New(), "5.1.1", "no"):                                                "unknown mail",
		strings.ReplaceAll(report(id, "5.1.1", "no"), "failed", "delayed"):               "nothing to do",
		strings.ReplaceAll(report(id, "5.1.1", "no"), sealed(id, optoutKey), "x@rounds"): "nothing to do",
	} {
		if code, said := w.comesBack(raw, secret); code != http.StatusOK || said != want {
			t.Errorf("%d %q, want %q", code, said, want)
		}
	}
	if code, _ := w.comesBack(report(id, "5.1.1", "no"), "guessed"); code != http.StatusForbidden {
		t.Errorf("a stranger gets %d", code)
	}
	if code, _ := w.comesBack(strings.Repeat("x", 2<<20), secret); code != http.StatusRequestEntityTooLarge {
		t.Errorf("too much is answered with %d", code)
	}
	if got := w.state(id); got != "sent" {
		t.Errorf("the delivery is %s", got)
	}
	closed := newWorld(t, notificationcenter.Config{})
	if code, _ := closed.comesBack(report(id, "5.1.1", "no"), ""); code != http.StatusForbidden {
		t.Errorf("without a secret, everybody gets %d", code)
	}
}

// TestOnlyTheOwnerLifts: mail is sent again to an address that its owner confirmed, and to nobody else's.
func TestOnlyTheOwnerLifts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{BounceSecret: secret})
	ana := uuid.New()
	id, _ := w.tell(ana, "article.published", "article")
	w.comesBack(report(id, "5.1.1", "no"), secret)
	w.comesBack(complaint(id), secret)
	impl := w.service.RPC[1].Impl.(notificationcenterpb.MailsServer)
	for _, c := range []struct {
		who    uuid.UUID
		lifted bool
	}{{uuid.New(), false}, {ana, true}, {ana, false}} {
		ctx := token.With(t.Context(), token.Claims{Account: c.who})
		if out, err := impl.Lift(ctx, &notificationcenterpb.LiftRequest{Address: "ANA@rounds.example"}); err != nil || out.GetLifted() != c.lifted {
			t.Errorf("%v, %v; want %v", out, err, c.lifted)
		}
	}
	if _, err := impl.Lift(t.Context(), &notificationcenterpb.LiftRequest{Address: "ana@rounds.example"}); !errs.HasCode(err, "auth.required") {
		t.Errorf("a visitor gets %v", err)
	}
	if _, state := w.tell(ana, "article.published", "article"); state != "sent" {
		t.Errorf("the next is %s", state)
	}
	w.comesBack(report(id, "5.1.1", "no"), secret) // The same report once more: that mail is long dealt with.
	if _, state := w.tell(ana, "article.published", "article"); state != "sent" {
		t.Errorf("after an old report the next is %s", state)
	}
}

func TestPreviewOfEveryKind(t *testing.T) {
	t.Parallel()
	service, err := begin(nil, notificationcenter.Config{From: "Rounds <no-reply@rounds.example>"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	impl := service.RPC[1].Impl.(notificationcenterpb.MailsServer)
	first, err := impl.Preview(t.Context(), &notificationcenterpb.PreviewRequest{})
	if err != nil || len(first.GetKinds()) < 20 {
		t.Fatalf("%v, %v", first.GetKinds(), err)
	}
	for _, kind := range first.GetKinds() {
		for _, language := range []string{"en", "sl"} {
			m, err := impl.Preview(t.Context(), &notificationcenterpb.PreviewRequest{Kind: kind, Language: language, Zone: "Europe/Ljubljana"})
			if err != nil || m.GetSubject() == "" || m.GetText() == "" || m.GetHtml() == "" || m.GetPush() == "" {
				t.Errorf("%s in %s: %v", kind, language, err)
			}
			invites := kind == "webinar.reminder" || kind == "webinar.moved" || kind == "webinar.cancelled"
			if invites != (m.GetCalendar() != "") {
				t.Errorf("%s: a file for the calendar: %v", kind, m.GetCalendar() != "")
			}
		}
	}
	if _, err := impl.Preview(t.Context(), &notificationcenterpb.PreviewRequest{Kind: "no.such"}); !errs.HasCode(err, "message.kind") {
		t.Errorf("got %v", err)
	}
}

// TestRefusalAtSendingStopsMail: what the server says while we send counts as what comes back later.
func TestRefusalAtSendingStopsMail(t *testing.T) {
	t.Parallel()
	s := &sink{fail: map[string][]error{"gone@rounds.example": {never()}}}
	w := newWorld(t, notificationcenter.Config{SMTP: s.serve(t), SMTPTLS: "none"})
	for range 2 {
		w.put(mailTo("gone@rounds.example", "webinar.reminder", 5))
		w.empty()
	}
	got := map[string]int{}
	for _, state := range []string{"failed", "suppressed", "sent"} {
		got[state] = w.number("SELECT count(*) FROM notificationcenter.delivery WHERE state = $1", state)
	}
	if want := map[string]int{"failed": 1, "suppressed": 1, "sent": 0}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}
