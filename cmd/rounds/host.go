package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/rounds-cme/rounds/contract/arrow"
	"github.com/rounds-cme/rounds/contract/event"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/kit/token"
)

// host gives services their tools: the same ones, whether one service runs in the process or all nine.
type host struct {
	settings *settings
	log      *slog.Logger
	metrics  *prometheus.Registry
	local    *rpc.Local
	peers    map[string]string
	pools    []*pgxpool.Pool
	brokers  []*rabbitmq.Driver
	proofs   []*rpc.Identity
}

func newHost(s *settings, log *slog.Logger, entries []run.Entry, peers map[string]string) *host {
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &host{settings: s, log: log, metrics: metrics, local: rpc.NewLocal(names...), peers: peers}
}

// member makes one service. Nothing connects yet.
func (h *host) member(ctx context.Context, entry run.Entry) (*run.Member, error) {
	log := h.log.With("service", entry.Name)
	identity, err := h.identity(entry.Name)
	if err != nil {
		return nil, err
	}
	metrics := prometheus.WrapRegistererWith(prometheus.Labels{"service": entry.Name}, h.metrics)
	deps := &run.Deps{
		Name:    entry.Name,
		Now:     time.Now,
		NewID:   func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
		Rand:    rand.Reader,
		Log:     log,
		Metrics: metrics,
		Dial:    rpc.NewDialer(entry.Name, h.local, h.peers).Proving(identity).Dial,
		Tokens:  token.NewVerifier(h.settings.publicKeys(), time.Now),
		Keys:    h.settings.Keys,
		BaseURL: h.settings.BaseURL,
		Proxies: h.settings.TrustedProxies,
	}
	if err := h.data(ctx, entry, deps); err != nil {
		return nil, err
	}
	service, err := entry.New(deps)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", entry.Name, err)
	}
	withRelay(deps, service)
	return &run.Member{
		Name: entry.Name, Deps: deps, Service: service, RPC: []net.Listener{h.local.Listener(entry.Name)}, Identity: identity,
		Callers: callers(entry.Name),
	}, nil
}

// callers are those that have an arrow to a service. One that nobody calls has none, and is called by nobody.
func callers(service string) []string {
	if all := arrow.Callers(service); len(all) > 0 {
		return all
	}
	return []string{service}
}

// identity is what a service proves its name with; nil where names are believed.
func (h *host) identity(service string) (*rpc.Identity, error) {
	if h.settings.Certificates == "" {
		return nil, nil //nolint:nilnil // nothing to prove is no error
	}
	i, err := rpc.NewIdentity(filepath.Join(h.settings.Certificates, service))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: make it with rounds certs", service, err)
	}
	h.proofs = append(h.proofs, i)
	return i, nil
}

// data gives a service its database, the event log and the queue. The last two live in the main database; statistics,
// whose tables are elsewhere, reaches its queue there as it would reach a broker.
func (h *host) data(ctx context.Context, entry run.Entry, deps *run.Deps) error {
	if entry.Database == "" {
		return nil
	}
	own, err := h.pool(ctx, entry.Name, entry.Database)
	if err != nil {
		return err
	}
	shared := own
	if entry.Database != mainDatabase {
		if shared, err = h.pool(ctx, entry.Name, mainDatabase); err != nil {
			return err
		}
		h.pools = append(h.pools, shared)
	}
	deps.DB = own
	deps.Events = eventlog.New(shared, deps.Log, deps.Metrics, eventTypes(), saga.Types())
	deps.Queue, err = h.driver(deps, shared)
	return err
}

func (h *host) pool(ctx context.Context, service, database string) (*pgxpool.Pool, error) {
	address, err := h.settings.serviceURL(service, database)
	if err != nil {
		return nil, err
	}
	return db.Pool(ctx, address, h.settings.DatabaseConns)
}

// close ends what belongs to no single service.
func (h *host) close() {
	for _, d := range h.brokers {
		d.Close()
	}
	for _, pool := range slices.Backward(h.pools) {
		pool.Close()
	}
	for _, proof := range h.proofs {
		proof.Close()
	}
}

func eventTypes() eventlog.Types {
	types := eventlog.Types{}
	for _, entry := range event.Catalog() {
		types[entry.Key] = entry.Message
	}
	return types
}
