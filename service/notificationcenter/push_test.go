package notificationcenter_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

func pushing() notificationcenter.Config {
	return notificationcenter.Config{PushKey: "a secret", PushContact: "postmaster@rounds.example", PushLocal: true}
}

func (w *world) rpc() notificationcenterpb.NotificationCenterServer {
	w.t.Helper()
	impl, ok := w.service.RPC[0].Impl.(notificationcenterpb.NotificationCenterServer)
	if !ok {
		w.t.Fatal("not what the contract says")
	}
	return impl
}

// turnOn lets a browser be told.
func (w *world) turnOn(account uuid.UUID, p *peer, name string) *browser {
	w.t.Helper()
	b := newBrowser(w.t, name)
	_, err := w.rpc().AddBrowser(token.With(context.Background(), token.Claims{Account: account}), &notificationcenterpb.AddBrowserRequest{
		Endpoint: p.url + "/" + b.name, P256Dh: b.p256dh(), Auth: b.auth(), Label: name,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) became(id uuid.UUID) string {
	w.t.Helper()
	var state string
	err := w.admin.QueryRow(context.Background(), `SELECT coalesce((SELECT state FROM notificationcenter.delivery WHERE id = $1), '')`, id).Scan(&state)
	if err != nil {
		w.t.Fatal(err)
	}
	return state
}

// TestPush tells all browsers of one person what happened, encrypted for each, and nobody else.
func TestPush(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t, pushing()), newPeer(t)
	ana, id := uuid.New(), uuid.New()
	phone, desk := w.turnOn(ana, p, "phone"), w.turnOn(ana, p, "desk")
	w.turnOn(uuid.New(), p, "somebody else's")
	m := message(eventpb.Channel_CHANNEL_PUSH, ana)
	m.ExpiresAt = timestamppb.New(time.Now().Add(time.Hour))
	w.put(queue.Message{ID: id, Payload: m, Priority: 5, ExpiresAt: m.GetExpiresAt().AsTime()})
	w.until("it was sent", func() bool { return w.became(id) == "sent" })
	got := p.told()
	if names := []string{got[0].browser, got[1].browser}; len(got) != 2 || !slices.Contains(names, phone.name) || !slices.Contains(names, desk.name) {
		t.Fatalf("told: %v", got)
	}
	for _, one := range got {
		if !strings.Contains(one.title, "Sepsis") || one.text == "" || one.path != "/articles/a" || one.priority != "high" || len(one.topic) != 32 {
			t.Errorf("told: %+v", one)
		}
		if one.ttl > "3600" || one.ttl < "3000" {
			t.Errorf("kept for %s s", one.ttl)
		}
	}
}

// TestPushRefused has one browser that is gone, one that refuses for good, one that fails twice and one that is well: each is told
// once, whatever the others do.
func TestPushRefused(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t, pushing()), newPeer(t)
	ana, id := uuid.New(), uuid.New()
	gone, refuses, fails, well := w.turnOn(ana, p, "gone"), w.turnOn(ana, p, "refuses"), w.turnOn(ana, p, "fails"), w.turnOn(ana, p, "well")
	p.mu.Lock()
	p.fail[gone.name], p.fail[refuses.name] = []int{http.StatusGone}, []int{http.StatusForbidden, http.StatusForbidden}
	p.fail[fails.name] = []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusCreated}
	p.mu.Unlock()
	w.put(queue.Message{ID: id, Payload: message(eventpb.Channel_CHANNEL_PUSH, ana)})
	w.until("it was sent", func() bool { return w.became(id) == "sent" })
	if times := []int{p.times(gone.name), p.times(refuses.name), p.times(fails.name), p.times(well.name)}; !slices.Equal(times, []int{1, 1, 3, 1}) {
		t.Errorf("asked %v times", times)
	}
	if len(p.told()) != 2 {
		t.Errorf("told: %v", p.told())
	}
	if n := w.number(`SELECT count(*) FROM notificationcenter.bff_device WHERE account_id = $1`, ana); n != 3 {
		t.Errorf("%d browsers are left", n)
	}
	if n := w.number(`SELECT count(*) FROM notificationcenter.bff_device WHERE reason LIKE '%403%' AND label = 'refuses'`); n != 1 {
		t.Error("nothing is said of the one that refused")
	}
	nobody := uuid.New()
	w.put(queue.Message{ID: nobody, Payload: message(eventpb.Channel_CHANNEL_PUSH, uuid.New())})
	w.until("who has no browser is told nothing", func() bool { return w.became(nobody) == "suppressed" })
}

// TestPushRefusedLater has one browser that is told by the first try, and one that refuses for good by the second.
func TestPushRefusedLater(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t, pushing()), newPeer(t)
	ana, id := uuid.New(), uuid.New()
	refuses, well := w.turnOn(ana, p, "refuses"), w.turnOn(ana, p, "well")
	p.mu.Lock()
	p.fail[refuses.name] = []int{http.StatusBadGateway, http.StatusForbidden}
	p.mu.Unlock()
	w.put(queue.Message{ID: id, Payload: message(eventpb.Channel_CHANNEL_PUSH, ana)})
	w.until("it was sent, since one was told", func() bool { return w.became(id) == "sent" })
	if times := []int{p.times(refuses.name), p.times(well.name)}; !slices.Equal(times, []int{2, 1}) {
		t.Errorf("asked %v times", times)
	}
}

// TestPushHangs has a push service that never answers, and more messages for it than there are workers: others are told while it hangs.
// The same person's other browser does not wait for it either.
func TestPushHangs(t *testing.T) {
	t.Parallel()
	w, well := newWorld(t, pushing()), newPeer(t)
	over := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(func() { close(over); hanging.Close() })
	ana, bor := uuid.New(), uuid.New()
	w.turnOn(ana, &peer{url: hanging.URL}, "hangs")
	phone := w.turnOn(ana, well, "phone")
	many := make([]queue.Message, 2*128+50)
	for i := range many {
		many[i] = queue.Message{Payload: message(eventpb.Channel_CHANNEL_PUSH, ana)}
	}
	w.put(many...)
	w.until("her other browser was told of all", func() bool { return well.times(phone.name) >= len(many) })
	id := uuid.New()
	w.turnOn(bor, well, "desk")
	w.put(queue.Message{ID: id, Payload: message(eventpb.Channel_CHANNEL_PUSH, bor)})
	w.until("somebody else is told", func() bool { return w.became(id) == "sent" })
}

// TestPushCannotBeEncrypted has a browser whose key is none, which only a database that was tampered with can have: that one is given
// up at once, and the other is told.
func TestPushCannotBeEncrypted(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t, pushing()), newPeer(t)
	ana, id, alone := uuid.New(), uuid.New(), uuid.New()
	broken := w.turnOn(ana, p, "broken")
	if _, err := w.admin.Exec(t.Context(), `UPDATE notificationcenter.push_subscription SET p256dh = 'AAAA'`); err != nil {
		t.Fatal(err)
	}
	w.put(queue.Message{ID: alone, Payload: message(eventpb.Channel_CHANNEL_PUSH, ana)})
	w.until("it is given up", func() bool { return w.became(alone) == "failed" })
	if n := w.number(`SELECT attempts FROM notificationcenter.delivery WHERE id = $1`, alone); n != 1 {
		t.Errorf("%d tries", n)
	}
	well := w.turnOn(ana, p, "well")
	w.put(queue.Message{ID: id, Payload: message(eventpb.Channel_CHANNEL_PUSH, ana)})
	w.until("it was sent", func() bool { return w.became(id) == "sent" })
	if times := []int{p.times(broken.name), p.times(well.name)}; !slices.Equal(times, []int{0, 1}) {
		t.Errorf("asked %v times", times)
	}
}

// TestPushInside has a browser that lives inside our own network: nothing is sent there, and it is not tried for ever.
func TestPushInside(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t, notificationcenter.Config{PushKey: "a secret"}), newPeer(t)
	ana, id, b := uuid.New(), uuid.New(), newBrowser(t, "inside")
	_, err := w.rpc().AddBrowser(token.With(context.Background(), token.Claims{Account: ana}), &notificationcenterpb.AddBrowserRequest{
		Endpoint: strings.Replace(p.url, "http:", "https:", 1) + "/" + b.name, P256Dh: b.p256dh(), Auth: b.auth(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.put(queue.Message{ID: id, Payload: message(eventpb.Channel_CHANNEL_PUSH, ana)})
	w.until("it is given up", func() bool { return w.became(id) == "failed" })
	if n := p.times(b.name); n != 0 {
		t.Errorf("%d connections were made to the inside", n)
	}
}

// TestPushTalksTooMuch has a push service of somebody's own, which says more before its answer than anybody wants to keep.
func TestPushTalksTooMuch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, pushing())
	talks := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("X-Said", strings.Repeat("x", 200<<10))
		answer.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(talks.Close)
	ana, id := uuid.New(), uuid.New()
	w.turnOn(ana, &peer{url: talks.URL}, "talks")
	w.put(queue.Message{ID: id, Payload: message(eventpb.Channel_CHANNEL_PUSH, ana)})
	w.until("it was tried", func() bool { return w.became(id) != "" })
	if state := w.became(id); state == "sent" {
		t.Error("all of it was heard")
	}
}

// TestBrowsers turns them on and off, with what hostile or broken browsers give.
func TestBrowsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{PushKey: "a secret"})
	ana, bor := token.With(context.Background(), token.Claims{Account: uuid.New()}), token.With(context.Background(), token.Claims{Account: uuid.New()})
	b := newBrowser(t, "one")
	good := func() *notificationcenterpb.AddBrowserRequest {
		return &notificationcenterpb.AddBrowserRequest{Endpoint: "https://push.example/1", P256Dh: b.p256dh(), Auth: b.auth() + "==", Label: "Firefox"}
	}
	for name, spoil := range map[string]func(*notificationcenterpb.AddBrowserRequest){
		"plain http":   func(q *notificationcenterpb.AddBrowserRequest) { q.Endpoint = "http://push.example/1" },
		"no host":      func(q *notificationcenterpb.AddBrowserRequest) { q.Endpoint = "https:///x" },
		"a password":   func(q *notificationcenterpb.AddBrowserRequest) { q.Endpoint = "https://a:b@push.example/" },
		"endless":      func(q *notificationcenterpb.AddBrowserRequest) { q.Endpoint += strings.Repeat("x", 2000) },
		"no key":       func(q *notificationcenterpb.AddBrowserRequest) { q.P256Dh = "" },
		"no point":     func(q *notificationcenterpb.AddBrowserRequest) { q.P256Dh = strings.Repeat("A", 87) },
		"short secret": func(q *notificationcenterpb.AddBrowserRequest) { q.Auth = "AAAA" },
	} {
		q := good()
		spoil(q)
		if _, err := w.rpc().AddBrowser(ana, q); !errs.HasCode(err, "push.browser") {
			t.Errorf("%s: %v", name, err)
		}
	}
	q := good()
	if q.Label = strings.Repeat("č", 101); true {
		if _, err := w.rpc().AddBrowser(ana, q); !errs.HasCode(err, "push.label") {
			t.Errorf("a long name: %v", err)
		}
	}
	first, err := w.rpc().AddBrowser(ana, good())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.rpc().AddBrowser(ana, good()); err != nil || again.GetBrowserId() != first.GetBrowserId() {
		t.Errorf("the same browser again: %v, %v", again, err)
	}
	if _, err := w.rpc().RemoveBrowser(bor, &notificationcenterpb.RemoveBrowserRequest{BrowserId: first.GetBrowserId(), Endpoint: "https://push.example/1"}); err != nil {
		t.Fatal(err)
	}
	if n := w.number(`SELECT count(*) FROM notificationcenter.bff_device`); n != 1 {
		t.Fatalf("%d browsers: somebody else turned one off", n)
	}
	if _, err := w.rpc().RemoveBrowser(ana, &notificationcenterpb.RemoveBrowserRequest{BrowserId: "x"}); !errs.HasCode(err, "push.id") {
		t.Errorf("no number: %v", err)
	}
	if _, err := w.rpc().AddBrowser(bor, good()); err != nil {
		t.Fatal(err)
	}
	if n := w.number(`SELECT count(*) FROM notificationcenter.notificationtaskrunner_push WHERE account_id <> (SELECT account_id FROM notificationcenter.bff_device)`); n != 0 {
		t.Error("a browser has two owners")
	}
	for n := range 12 {
		q := good()
		q.Endpoint += string(rune('a' + n))
		if _, err := w.rpc().AddBrowser(ana, q); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.number(`SELECT count(*) FROM notificationcenter.bff_device`); n != 11 {
		t.Errorf("%d browsers, want 10 and one of somebody else", n)
	}
	if _, err := w.rpc().RemoveBrowser(ana, &notificationcenterpb.RemoveBrowserRequest{Endpoint: "https://push.example/1l"}); err != nil {
		t.Fatal(err)
	}
	if n := w.number(`SELECT count(*) FROM notificationcenter.bff_device`); n != 10 {
		t.Errorf("%d browsers after one was turned off", n)
	}
}
