package e2e

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/contract/event"
	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/password"
	"github.com/rounds-cme/rounds/kit/queue"
	queuepg "github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/auth"
	"github.com/rounds-cme/rounds/service/bff"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/livewebinar"
	"github.com/rounds-cme/rounds/service/notificationcenter"
	"github.com/rounds-cme/rounds/service/notificationtaskrunner"
	"github.com/rounds-cme/rounds/service/scheduler"
	"github.com/rounds-cme/rounds/service/ssr"
	"github.com/rounds-cme/rounds/service/statistics"
	"github.com/rounds-cme/rounds/test/e2e/browser"
	"github.com/rounds-cme/rounds/test/fake/registry"
)

// passphrase is the password of everybody whom a test makes.
const passphrase = "zelena kava ob sedmih"

// site is the services of a journey, behind one address, with a registry beside them.
type site struct {
	URL      string
	Registry *registry.Registry

	t     *testing.T
	admin *pgxpool.Pool
	data  *dbtest.DB
	keys  string
	local *rpc.Local
}

// openSite serves what people, mail and pages need.
func openSite(t *testing.T, people ...registry.Person) *site {
	t.Helper()
	data := dbtest.New(t, queue.Schema(), eventlog.Schema(), saga.Schema(), datamanagement.Schema(), auth.Schema(), scheduler.Schema(), livewebinar.Schema(),
		notificationtaskrunner.Schema(), notificationcenter.Schema())
	s := &site{t: t, Registry: registry.New(people...), admin: data.Admin(), data: data, keys: t.TempDir()}
	if err := token.Ensure(s.keys, time.Now()); err != nil {
		t.Fatal(err)
	}
	chamber := httptest.NewServer(s.Registry)
	t.Cleanup(chamber.Close)
	mux := http.NewServeMux()
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	s.URL = front.URL
	s.local = rpc.NewLocal("datamanagement", "auth", "bff", "notificationcenter", "livewebinar", "statistics")
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	proofs := conf.Secret(base64.StdEncoding.EncodeToString(key))
	var members []*run.Member
	add := func(name, path string, wire func(*run.Deps) (*run.Service, error)) {
		member := s.member(name, wire)
		members = append(members, member)
		if path != "" {
			mux.Handle(path, member.Service.HTTP)
			if path == "/mailbox" {
				mux.Handle("/mailbox/", member.Service.HTTP)
			}
		}
	}
	add("datamanagement", "", func(d *run.Deps) (*run.Service, error) {
		return datamanagement.New(d, datamanagement.Config{ProofKey: proofs, PseudonymKey: "test", OptoutKey: "test"})
	})
	add("auth", "/auth/", func(d *run.Deps) (*run.Service, error) { return auth.New(d, auth.Config{}) })
	add("bff", "/api/", func(d *run.Deps) (*run.Service, error) {
		return bff.New(d, bff.Config{RegistryURL: chamber.URL, PseudonymKey: "test"})
	})
	add("notificationtaskrunner", "", func(d *run.Deps) (*run.Service, error) {
		return notificationtaskrunner.New(d, notificationtaskrunner.Config{Page: 100})
	})
	add("notificationcenter", "/mailbox", func(d *run.Deps) (*run.Service, error) {
		return notificationcenter.New(d, notificationcenter.Config{OpenMailbox: true, PushKey: "test", From: "Rounds <no-reply@rounds.example>", Workers: 1, MaxAttempts: 3, FirstRetry: time.Second})
	})
	add("livewebinar", "/live/", func(d *run.Deps) (*run.Service, error) {
		return livewebinar.New(d, livewebinar.Config{PseudonymKey: "test", ChatBurst: 5})
	})
	add("statistics", "", func(d *run.Deps) (*run.Service, error) {
		d.DB = dbtest.New(t, statistics.Schema()).Pool("statistics") // its tables are elsewhere, its queue is with the others
		return statistics.New(d, statistics.Config{Batch: 100, SmallCell: 10})
	})
	add("ssr", "/", func(d *run.Deps) (*run.Service, error) { return ssr.New(d, ssr.Config{Zone: "Europe/Ljubljana"}) })
	group := run.NewGroup(siteLog(), members...)
	group.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := group.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

func siteLog() *slog.Logger {
	if os.Getenv("SITE_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.DiscardHandler)
}

// member makes one service with the tools that the program would give it.
func (s *site) member(name string, wire func(*run.Deps) (*run.Service, error)) *run.Member {
	s.t.Helper()
	metrics := prometheus.NewRegistry()
	d := &run.Deps{
		Name: name, Now: time.Now, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, Rand: rand.Reader, Log: siteLog(), Metrics: metrics,
		Dial: rpc.NewDialer(name, s.local, nil).Dial, Tokens: token.NewVerifier(filepath.Join(s.keys, token.PublicFile), time.Now),
		Keys: s.keys, BaseURL: s.URL,
	}
	if name != "ssr" {
		types := eventlog.Types{}
		for _, e := range event.Catalog() {
			types[e.Key] = e.Message
		}
		d.DB = s.data.Pool(name)
		d.Events = eventlog.New(d.DB, d.Log, metrics, types, saga.Types())
		d.Queue = queuepg.New(d.DB, d.Log, metrics, time.Now)
	}
	service, err := wire(d)
	if err != nil {
		s.t.Fatal(err)
	}
	member := &run.Member{Name: name, Deps: d, Service: service}
	if listener := s.local.Listener(name); listener != nil {
		member.RPC = []net.Listener{listener}
	}
	return member
}

// Account makes somebody who was approved; the password is passphrase.
func (s *site) Account(email, name string, roles ...string) uuid.UUID {
	s.t.Helper()
	hash, err := password.New(nil).Hash(s.t.Context(), passphrase)
	if err != nil {
		s.t.Fatal(err)
	}
	id := uuid.New()
	_, err = s.admin.Exec(s.t.Context(), `INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language,
		zone, roles, state, consent_version, consent_at, created_at, updated_at, email_confirmed_at)
		VALUES ($1, $2, $3, $4, 'physician', '12345', 'SI', 'en', 'Europe/Ljubljana', $5, 'approved', '1', now(), now(), now(), now())`,
		id, email, hash, name, append([]string{}, roles...))
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *site) count(sql string, args ...any) int {
	s.t.Helper()
	var n int
	if err := s.admin.QueryRow(s.t.Context(), sql, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// await waits for something to become true.
func (s *site) await(what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(browser.Patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if is() {
			return
		}
	}
	s.t.Fatalf("waited in vain: %s", what)
}

// link is where the newest mail to somebody leads, with its secret.
func (s *site) link(email, path string) string {
	s.t.Helper()
	var body string
	err := s.admin.QueryRow(s.t.Context(), `SELECT body_text FROM notificationcenter.mail WHERE recipient = $1 AND body_text LIKE '%' || $2 || '?secret=%'
		ORDER BY at DESC, id DESC LIMIT 1`, email, path).Scan(&body)
	if err != nil {
		s.t.Fatal(err)
	}
	found := regexp.MustCompile(regexp.QuoteMeta(path) + `\?secret=[\w-]+`).FindString(body)
	if found == "" {
		s.t.Fatalf("no link in %q", body)
	}
	return found
}
