package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rounds-cme/rounds/kit/rpc"
)

// Member is one service with the tools and sockets it was given.
type Member struct {
	Name    string
	Deps    *Deps
	Service *Service
	// RPC are the listeners on which its gRPC server accepts: memory, TCP, both or none.
	RPC []net.Listener
	// HTTP is the listener of its own HTTP server; nil where somebody else, such as a front router, serves its handler.
	HTTP net.Listener
	// Identity proves its name to those who call it over TCP; nil: nobody has to prove anything.
	Identity *rpc.Identity
	// Callers are the services that may call it; empty: any.
	Callers []string

	grpc *rpc.Server
	http *http.Server
}

// Group runs members together: started in order, stopped in reverse.
type Group struct {
	log     *slog.Logger
	members []*Member

	stopWork context.CancelFunc
	work     sync.WaitGroup
	failed   chan error
	drains   sync.Once
	draining chan struct{}
}

// NewGroup makes a group; nothing runs before Start.
func NewGroup(log *slog.Logger, members ...*Member) *Group {
	return &Group{log: log, members: members, failed: make(chan error, 2*len(members)), draining: make(chan struct{})}
}

// Start opens all doors and begins all work. It does not wait for anything to be ready.
func (g *Group) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	g.stopWork = cancel
	for _, member := range g.members {
		g.serve(member)
		for _, work := range member.Service.Work {
			g.work.Go(func() { keep(ctx, member.Deps.Log, work) })
		}
	}
}

func (g *Group) serve(m *Member) {
	if len(m.RPC) > 0 {
		m.grpc = rpc.NewServer(rpc.Options{
			Name: m.Name, Log: m.Deps.Log, Metrics: m.Deps.Metrics, Tokens: m.Deps.Tokens, Identity: m.Identity, Callers: m.Callers,
		}, m.Service.RPC...)
	}
	for _, listener := range m.RPC {
		go func() {
			if err := m.grpc.Serve(listener); err != nil {
				g.failed <- fmt.Errorf("%s: serve gRPC: %w", m.Name, err)
			}
		}()
	}
	if m.HTTP != nil && m.Service.HTTP != nil {
		m.http = HTTPServer(m.Service.HTTP, m.Deps.Log)
		go func() {
			if err := m.http.Serve(m.HTTP); err != nil && !errors.Is(err, http.ErrServerClosed) {
				g.failed <- fmt.Errorf("%s: serve HTTP: %w", m.Name, err)
			}
		}()
	}
}

// HTTPServer has the bounds that every server of ours needs against slow and oversized clients.
func HTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       60 * time.Second, // A 10 MB proof over a slow line.
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Failed tells when a server ended by itself, which ends the process: whoever watches it starts it anew.
func (g *Group) Failed() <-chan error { return g.failed }

// Stop drains and ends everything within the time that ctx leaves. It reports what did not end in time.
func (g *Group) Stop(ctx context.Context) error {
	g.drains.Do(func() { close(g.draining) })
	g.stopWork()
	var failures []error
	for _, member := range slices.Backward(g.members) {
		failures = append(failures, member.stop(ctx))
	}
	ended := make(chan struct{})
	go func() { g.work.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		failures = append(failures, errors.New("some work did not end in time"))
	}
	failures = append(failures, g.closeDatabases(ctx))
	return errors.Join(failures...)
}

// closeGrace is how long connections may take to say goodbye once the time of the stop is over.
const closeGrace = 300 * time.Millisecond

// closeDatabases does not wait for ever, as a pool does, for work that keeps a connection and did not end in time.
func (g *Group) closeDatabases(ctx context.Context) error {
	closed := make(chan struct{})
	go func() {
		for _, member := range slices.Backward(g.members) {
			if member.Deps.DB != nil {
				member.Deps.DB.Close()
			}
		}
		close(closed)
	}()
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-closed:
		return nil
	case <-time.After(closeGrace):
		return errors.New("some work still holds a database connection")
	}
}

func (m *Member) stop(ctx context.Context) error {
	var failures []error
	if m.Service.Close != nil {
		failures = append(failures, m.Service.Close(ctx))
	}
	if m.http != nil {
		if err := m.http.Shutdown(ctx); err != nil {
			failures = append(failures, fmt.Errorf("requests under way: %w", err), m.http.Close())
		}
	}
	if m.grpc != nil {
		m.stopRPC(ctx)
	}
	if err := errors.Join(failures...); err != nil {
		return fmt.Errorf("stop %s: %w", m.Name, err)
	}
	return nil
}

func (m *Member) stopRPC(ctx context.Context) {
	ended := make(chan struct{})
	go func() { m.grpc.GracefulStop(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		m.grpc.Stop()
	}
}

// Ready tells what keeps each member from its work; an empty map when nothing does.
func (g *Group) Ready(ctx context.Context) map[string]error {
	select {
	case <-g.draining:
		return map[string]error{"process": errors.New("stopping")}
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var mu sync.Mutex
	var checks sync.WaitGroup
	missing := map[string]error{}
	for _, member := range g.members {
		checks.Go(func() {
			if err := member.ready(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				missing[member.Name] = err
			}
		})
	}
	checks.Wait()
	return missing
}

func (m *Member) late() error {
	if m.Service.Late == nil {
		return nil
	}
	return m.Service.Late()
}

func (m *Member) ready(ctx context.Context) error {
	if m.Deps.DB != nil {
		if err := m.Deps.DB.Ping(ctx); err != nil {
			return errors.New("the database does not answer")
		}
	}
	if m.Service.Ready != nil {
		return m.Service.Ready(ctx)
	}
	return nil
}
