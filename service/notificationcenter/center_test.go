package notificationcenter_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	queuepg "github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

type world struct {
	t        *testing.T
	database *dbtest.DB
	admin    *pgxpool.Pool
	service  *run.Service
}

func newWorld(t *testing.T, config notificationcenter.Config) *world {
	t.Helper()
	return newWorldWith(t, config, rpc.NewDialer("notificationcenter", nil, nil).Dial("livewebinar"))
}

// newWorldWith is newWorld beside rooms.
func newWorldWith(t *testing.T, config notificationcenter.Config, rooms grpc.ClientConnInterface) *world {
	t.Helper()
	database := dbtest.New(t, queue.Schema(), eventlog.Schema(), notificationcenter.Schema())
	pool := database.Pool("notificationcenter")
	config.From, config.Workers, config.FirstRetry = "Rounds <no-reply@rounds.example>", 2, 10*time.Millisecond
	config.OptoutKey = optoutKey
	if config.MaxAttempts == 0 {
		config.MaxAttempts = 20
	}
	if config.SMTPTimeout == 0 {
		config.SMTPTimeout = 15 * time.Second
	}
	service, err := begin(pool, config, rooms)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, job := range service.Work {
		work.Go(func() { _ = job.Run(ctx) })
	}
	t.Cleanup(func() { cancel(); work.Wait() })
	return &world{t: t, database: database, admin: database.Admin(), service: service}
}

func begin(pool *pgxpool.Pool, config notificationcenter.Config, rooms grpc.ClientConnInterface) (*run.Service, error) {
	log, metrics := slog.New(slog.NewJSONHandler(io.Discard, nil)), prometheus.NewRegistry()
	return notificationcenter.New(&run.Deps{
		Name: "notificationcenter", Now: time.Now, NewID: uuid.New, Log: log,
		Metrics: metrics, DB: pool, Queue: queuepg.New(pool, log, metrics, time.Now), BaseURL: "https://rounds.example",
		Dial:   func(string) grpc.ClientConnInterface { return rooms },
		Events: eventlog.New(pool, log, metrics, eventlog.Types{}),
	}, config)
}

const optoutKey = "key"

// sealed is the Message-ID of a mail.
func sealed(id uuid.UUID, key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(append([]byte("rounds message"), id[:]...))
	return fmt.Sprintf("%s.%x@rounds", id, mac.Sum(nil)[:10])
}

func message(channel eventpb.Channel, account uuid.UUID) *eventpb.Notification {
	return &eventpb.Notification{
		DedupeKey: uuid.NewString(), AccountId: account.String(), Channel: channel, Kind: "article.published",
		Address: "ana@rounds.example", Name: "Ana", Language: "en", Zone: "UTC", Path: "/articles/a",
		Data: map[string]string{"title": "Sepsis", "summary": "S"},
	}
}

// put hands messages over, as the task runner does.
func (w *world) put(messages ...queue.Message) {
	w.t.Helper()
	ctx := context.Background()
	for i := range messages {
		messages[i].Queue = "notification.send"
		if n, ok := messages[i].Payload.(interface{ GetChannel() eventpb.Channel }); ok && n.GetChannel() == eventpb.Channel_CHANNEL_SITE {
			messages[i].Queue = "notification.site"
		}
		if messages[i].ID == uuid.Nil {
			messages[i].ID = uuid.New()
		}
	}
	err := db.Tx(ctx, w.database.Pool("notificationtaskrunner"), func(tx pgx.Tx) error { return queue.Put(ctx, tx, messages...) })
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) number(query string, arguments ...any) (n int) {
	w.t.Helper()
	if err := w.admin.QueryRow(context.Background(), query, arguments...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) until(what string, there func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !there() {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (w *world) empty() {
	w.t.Helper()
	w.until("the queue to be empty", func() bool { return w.number("SELECT count(*) FROM queue.message") == 0 })
}

func TestSiteAndMailboxOnceEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{})
	account, id := uuid.New(), uuid.New()
	w.put(queue.Message{ID: id, Payload: message(eventpb.Channel_CHANNEL_EMAIL, account)},
		queue.Message{Payload: message(eventpb.Channel_CHANNEL_SITE, account)})
	w.empty()
	// As if the message came again after a crash: the queue forgets it, we do not.
	if _, err := w.admin.Exec(context.Background(), "DELETE FROM queue.seen"); err != nil {
		t.Fatal(err)
	}
	w.put(queue.Message{ID: id, Payload: message(eventpb.Channel_CHANNEL_EMAIL, account)})
	w.empty()
	if n := w.number("SELECT count(*) FROM notificationcenter.mail"); n != 1 {
		t.Errorf("%d mails in the mailbox", n)
	}
	if n := w.number("SELECT unseen FROM notificationcenter.bff_unseen WHERE account_id = $1", account); n != 1 {
		t.Errorf("%d unseen on the site", n)
	}
}

func TestUnknownAndExpiredHarmNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{})
	unknown := message(eventpb.Channel_CHANNEL_SITE, uuid.New())
	unknown.Kind = "no.such.kind"
	nobody := message(eventpb.Channel_CHANNEL_SITE, uuid.New())
	nobody.AccountId = "nobody"
	late := message(eventpb.Channel_CHANNEL_EMAIL, uuid.New())
	late.ExpiresAt = timestamppb.New(time.Now().Add(-time.Second))
	w.put(queue.Message{Payload: unknown}, queue.Message{Payload: nobody}, queue.Message{Payload: &eventpb.Activity{}},
		queue.Message{Payload: late, ExpiresAt: time.Now().Add(-time.Second)},
		queue.Message{Payload: message(eventpb.Channel_CHANNEL_SITE, uuid.New())})
	w.until("the good one", func() bool { return w.number("SELECT count(*) FROM notificationcenter.notification") == 1 })
	w.until("three dead letters with their reasons", func() bool {
		return w.number("SELECT count(*) FROM queue.dead WHERE reason <> ''") == 3
	})
	if n := w.number("SELECT count(*) FROM notificationcenter.mail"); n != 0 {
		t.Errorf("%d mails were sent after they had expired", n)
	}
}

// TestTooLateWhenItsTurnComes: the queue looks at the end of a message when it hands it over. What lost its sense while it waited for a
// connection is not sent any more, and its person is told that it came too late.
func TestTooLateWhenItsTurnComes(t *testing.T) {
	t.Parallel()
	s := &sink{}
	for _, config := range []notificationcenter.Config{{SMTP: s.serve(t), SMTPTLS: "none"}, {}} {
		w := newWorld(t, config)
		for _, channel := range []eventpb.Channel{eventpb.Channel_CHANNEL_EMAIL, eventpb.Channel_CHANNEL_SITE, eventpb.Channel_CHANNEL_PUSH} {
			late := message(channel, uuid.New())
			late.ExpiresAt = timestamppb.New(time.Now().Add(-time.Second))
			w.put(queue.Message{Payload: late}) // the queue knows of no end
		}
		w.empty()
		if n := w.number("SELECT count(*) FROM notificationcenter.delivery WHERE state = 'expired'"); n != 3 {
			t.Errorf("%d of 3 have expired", n)
		}
		if n := w.number("SELECT (SELECT count(*) FROM notificationcenter.mail) + (SELECT count(*) FROM notificationcenter.notification)") + len(s.sent()); n != 0 {
			t.Errorf("%d were sent too late", n)
		}
	}
}

func TestOnlyOnesOwnAreMarkedAsSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{})
	ana, bor := uuid.New(), uuid.New()
	anas, bors := uuid.New(), uuid.New()
	w.put(queue.Message{ID: anas, Payload: message(eventpb.Channel_CHANNEL_SITE, ana)},
		queue.Message{ID: bors, Payload: message(eventpb.Channel_CHANNEL_SITE, bor)})
	w.empty()
	impl := w.service.RPC[0].Impl.(notificationcenterpb.NotificationCenterServer)
	ctx := token.With(context.Background(), token.Claims{Account: ana})
	if _, err := impl.MarkSeen(ctx, &notificationcenterpb.MarkSeenRequest{NotificationIds: []string{bors.String()}}); err != nil {
		t.Fatal(err)
	}
	if n := w.number("SELECT count(*) FROM notificationcenter.notification WHERE seen_at IS NULL"); n != 2 {
		t.Fatalf("somebody else's was marked: %d are unseen", n)
	}
	out, err := impl.MarkSeen(ctx, &notificationcenterpb.MarkSeenRequest{})
	if err != nil || out.GetUnseen() != 0 {
		t.Fatalf("%v, %v", out, err)
	}
	if n := w.number("SELECT count(*) FROM notificationcenter.bff_unseen WHERE account_id = $1", bor); n != 1 {
		t.Fatal("all of somebody else's were marked")
	}
	if _, err := impl.MarkSeen(ctx, &notificationcenterpb.MarkSeenRequest{NotificationIds: []string{"x"}}); !errs.HasCode(err, "notification.id") {
		t.Fatalf("got %v", err)
	}
	if _, err := impl.MarkSeen(context.Background(), &notificationcenterpb.MarkSeenRequest{}); !errs.HasCode(err, "auth.required") {
		t.Fatalf("got %v", err)
	}
}

func TestMailboxPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{OpenMailbox: true})
	hostile := message(eventpb.Channel_CHANNEL_EMAIL, uuid.New())
	hostile.Data["title"] = `<script>alert(1)</script>`
	id := uuid.New()
	w.put(queue.Message{ID: id, Payload: hostile})
	w.empty()
	get := func(path string) (int, string, http.Header) {
		recorder := httptest.NewRecorder()
		w.service.HTTP.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		return recorder.Code, recorder.Body.String(), recorder.Header()
	}
	for path, want := range map[string]int{
		"/mailbox": 200, "/mailbox?to=ANA@": 200, "/mailbox?to=%25": 200, "/mailbox/" + id.String(): 200,
		"/mailbox/" + id.String() + "/body": 200, "/mailbox/mailbox.css": 200, "/mailbox?before=x": 422,
		"/mailbox/x": 404, "/mailbox/" + uuid.NewString(): 404,
	} {
		code, body, _ := get(path)
		if code != want {
			t.Errorf("%s answers %d, want %d", path, code, want)
		}
		if strings.Contains(body, "<script") {
			t.Errorf("%s carries a script", path)
		}
	}
	if _, body, _ := get("/mailbox?to=ana@"); !strings.Contains(body, id.String()) {
		t.Error("the search by recipient finds nothing")
	}
	if _, body, _ := get("/mailbox?to=%25"); strings.Contains(body, id.String()) {
		t.Error("a percent sign finds everything")
	}
	if _, _, header := get("/mailbox/" + id.String() + "/body"); !strings.Contains(header.Get("Content-Security-Policy"), "sandbox") {
		t.Error("the mail's own HTML is not in a sandbox")
	}
}

func TestMailboxIsClosedByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, notificationcenter.Config{})
	recorder := httptest.NewRecorder()
	w.service.HTTP.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/mailbox", nil))
	if recorder.Code != http.StatusUnauthorized {
		t.Fatalf("a visitor gets %d", recorder.Code)
	}
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	later := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "greylisted"}
	s := &sink{fail: map[string][]error{"busy@rounds.example": {later, later}, "gone@rounds.example": {never(), errors.New("not asked twice")}}}
	w := newWorld(t, notificationcenter.Config{SMTP: s.serve(t), SMTPTLS: "none"})
	id := uuid.New()
	for _, to := range []string{"ana@rounds.example", "busy@rounds.example", "gone@rounds.example", "not an address"} {
		n := message(eventpb.Channel_CHANNEL_EMAIL, uuid.New())
		n.Address, n.Name = to, "Žan Čuk"
		m := queue.Message{Payload: n}
		if to == "ana@rounds.example" {
			m.ID = id
		}
		w.put(m)
	}
	w.until("two mails and two dead letters", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.mails) == 2 && w.number("SELECT count(*) FROM queue.dead") == 2
	})
	w.empty()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.fail["gone@rounds.example"]) != 1 {
		t.Error("a server that said never was asked again")
	}
	all := strings.Join(s.mails, "\n")
	for _, want := range []string{"Message-ID: <" + sealed(id, optoutKey) + ">", "text/plain", "text/html", "busy@rounds.example"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in:\n%s", want, all)
		}
	}
	if n := w.number("SELECT count(*) FROM notificationcenter.delivery WHERE state = 'failed'"); n != 2 {
		t.Errorf("%d deliveries are marked as failed, want 2", n)
	}
}
