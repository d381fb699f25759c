package access

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/contract/event"
	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
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
)

// house is all of Rounds in this process, on databases of its own, with nobody in front.
type house struct {
	t       *testing.T
	data    *dbtest.DB
	admin   *pgxpool.Pool
	figures *dbtest.DB
	keys    string
	local   *rpc.Local
	members map[string]*run.Member
	heard   *ear
	log     *slog.Logger
}

// wirings says how each service is made.
func wirings(proofs conf.Secret) map[string]func(*run.Deps) (*run.Service, error) {
	return map[string]func(*run.Deps) (*run.Service, error){
		"auth": func(d *run.Deps) (*run.Service, error) { return auth.New(d, auth.Config{}) },
		"bff":  func(d *run.Deps) (*run.Service, error) { return bff.New(d, bff.Config{PseudonymKey: "test"}) },
		"datamanagement": func(d *run.Deps) (*run.Service, error) {
			return datamanagement.New(d, datamanagement.Config{ProofKey: proofs})
		},
		"livewebinar": func(d *run.Deps) (*run.Service, error) {
			return livewebinar.New(d, livewebinar.Config{PseudonymKey: "test", ChatBurst: 5})
		},
		"notificationcenter": func(d *run.Deps) (*run.Service, error) {
			return notificationcenter.New(d, notificationcenter.Config{From: "Rounds <no-reply@rounds.example>", Workers: 1, MaxAttempts: 3, FirstRetry: time.Second, PushKey: "test"})
		},
		"notificationtaskrunner": func(d *run.Deps) (*run.Service, error) {
			return notificationtaskrunner.New(d, notificationtaskrunner.Config{Page: 100})
		},
		"scheduler": func(d *run.Deps) (*run.Service, error) {
			return scheduler.New(d, scheduler.Config{
				ReminderLeads: []time.Duration{time.Hour}, Lease: 3 * time.Second, StartTimeout: 10 * time.Second, StartAttempts: 5,
				StartPause: 15 * time.Second, EndTimeout: 30 * time.Second,
			})
		},
		"ssr": func(d *run.Deps) (*run.Service, error) { return ssr.New(d, ssr.Config{Zone: "Europe/Ljubljana"}) },
		"statistics": func(d *run.Deps) (*run.Service, error) {
			return statistics.New(d, statistics.Config{Batch: 10, SmallCell: 10})
		},
	}
}

// open starts the nine services.
func open(t *testing.T, log io.Writer) *house {
	t.Helper()
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	all := services(t)
	wired := wirings(conf.Secret(base64.StdEncoding.EncodeToString(key)))
	h := &house{
		t: t, keys: t.TempDir(), local: rpc.NewLocal(all...), members: map[string]*run.Member{}, heard: newEar(),
		log: slog.New(slog.NewJSONHandler(log, nil)),
		data: dbtest.New(t, queue.Schema(), eventlog.Schema(), saga.Schema(), datamanagement.Schema(), auth.Schema(), scheduler.Schema(),
			livewebinar.Schema(), notificationtaskrunner.Schema(), notificationcenter.Schema()),
		figures: dbtest.New(t, statistics.Schema()),
	}
	h.admin = h.data.Admin()
	if err := token.Ensure(h.keys, time.Now()); err != nil {
		t.Fatal(err)
	}
	var members []*run.Member
	for _, name := range all {
		wire := wired[name]
		if wire == nil {
			t.Fatalf("service/%s is in no house of the tests: say in wirings how it is made", name)
		}
		member := h.member(name, wire)
		h.members[name] = member
		members = append(members, member)
	}
	group := run.NewGroup(h.log, members...)
	group.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := group.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return h
}

// member makes one service with the tools that the program would give it.
func (h *house) member(name string, wire func(*run.Deps) (*run.Service, error)) *run.Member {
	h.t.Helper()
	metrics := prometheus.NewRegistry()
	log := h.log.With("service", name)
	d := &run.Deps{
		Name: name, Now: time.Now, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, Rand: rand.Reader, Log: log, Metrics: metrics,
		Dial: rpc.NewDialer(name, h.local, nil).Dial, Tokens: h.verifier(), Keys: h.keys, BaseURL: "http://rounds.test",
	}
	if name != "ssr" {
		types := eventlog.Types{}
		for _, e := range event.Catalog() {
			types[e.Key] = e.Message
		}
		shared := h.pool(name, h.data)
		d.DB = shared
		if name == "statistics" {
			d.DB = h.pool(name, h.figures)
		}
		d.Events = eventlog.New(shared, log, metrics, types, saga.Types())
		d.Queue = queuepg.New(shared, log, metrics, time.Now)
	}
	service, err := wire(d)
	if err != nil {
		h.t.Fatalf("make %s: %v", name, err)
	}
	return &run.Member{Name: name, Deps: d, Service: service, RPC: []net.Listener{h.local.Listener(name)}}
}

func (h *house) verifier() *token.Verifier {
	return token.NewVerifier(filepath.Join(h.keys, token.PublicFile), time.Now)
}

// pool is a service's own, with an ear at it.
func (h *house) pool(service string, database *dbtest.DB) *pgxpool.Pool {
	h.t.Helper()
	config := database.Pool(service).Config()
	config.ConnConfig.Tracer = listener{h.heard, service}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(pool.Close)
	return pool
}

// exec arranges something as the superuser.
func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.admin.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatal(err)
	}
}
