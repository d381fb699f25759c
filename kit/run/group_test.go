package run_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/run"
)

func member(name string, service *run.Service) *run.Member {
	silent := slog.New(slog.DiscardHandler)
	return &run.Member{Name: name, Deps: &run.Deps{Name: name, Log: silent, Metrics: prometheus.NewRegistry()}, Service: service}
}

func start(members ...*run.Member) *run.Group {
	g := run.NewGroup(slog.New(slog.DiscardHandler), members...)
	g.Start()
	return g
}

func stop(t *testing.T, g *run.Group, patience time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return g.Stop(ctx)
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url) //nolint:noctx,gosec // A test's own address.
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

func TestFailedWorkStartsAgain(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	recovered := make(chan struct{})
	g := start(member("a", &run.Service{Work: []run.Work{{Name: "stumbles", Run: func(ctx context.Context) error {
		switch runs.Add(1) {
		case 1:
			return errors.New("the database is down")
		case 2:
			panic("a bug")
		}
		close(recovered)
		<-ctx.Done()
		return ctx.Err()
	}}}}))
	<-recovered
	if err := stop(t, g, time.Second); err != nil {
		t.Fatal(err)
	}
}

// diary notes in which order things happened.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) closing(name string) func(context.Context) error {
	return func(context.Context) error { d.note("close " + name); return nil }
}

func TestStopFinishesRequestsAndClosesBackwards(t *testing.T) {
	t.Parallel()
	var order diary
	inside, finish := make(chan struct{}), make(chan struct{})
	first := member("first", &run.Service{Close: order.closing("first")})
	second := member("second", &run.Service{Close: order.closing("second")})
	second.Service.HTTP = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(inside)
		<-finish
		order.note("request")
		_, _ = io.WriteString(w, "whole answer")
	})
	var err error
	if second.HTTP, err = net.Listen("tcp", "127.0.0.1:0"); err != nil { //nolint:noctx // It returns at once.
		t.Fatal(err)
	}
	address := second.HTTP.Addr().String()
	g := start(first, second)
	answer := make(chan string, 1)
	go func() {
		_, body := get(t, "http://"+address)
		answer <- body
	}()
	<-inside
	stopped := make(chan error, 1)
	go func() { stopped <- stop(t, g, 10*time.Second) }()
	awaitRefusal(address)
	close(finish)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if got := <-answer; got != "whole answer" {
		t.Errorf("the request under way got %q", got)
	}
	if want := []string{"close second", "request", "close first"}; !slices.Equal(order.lines, want) {
		t.Errorf("order %v, want %v", order.lines, want)
	}
}

// awaitRefusal returns when nobody accepts at the address any more.
func awaitRefusal(address string) {
	for {
		conn, err := net.Dial("tcp", address) //nolint:noctx // It returns at once.
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}

func TestStopDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	g := start(member("deaf", &run.Service{Work: []run.Work{{Name: "w", Run: func(context.Context) error {
		<-release
		return nil
	}}}}))
	began := time.Now()
	if err := stop(t, g, 200*time.Millisecond); err == nil || !strings.Contains(err.Error(), "did not end in time") {
		t.Errorf("got %v", err)
	}
	t.Logf("took %s", time.Since(began))
}

func TestReadinessIsOnlyAboutOneself(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	moody := &run.Service{Ready: func(context.Context) error {
		if down.Load() {
			return errors.New("its disk is full")
		}
		return nil
	}}
	g := start(member("well", &run.Service{}), member("moody", moody))
	server := httptest.NewServer(g.Private(prometheus.NewRegistry()))
	defer server.Close()
	if status, body := get(t, server.URL+"/readyz"); status != http.StatusOK {
		t.Errorf("ready: %d %s", status, body)
	}
	down.Store(true)
	if status, body := get(t, server.URL+"/readyz"); status != http.StatusServiceUnavailable ||
		!strings.Contains(body, "well: ready") || !strings.Contains(body, "moody: its disk is full") {
		t.Errorf("unready: %d %s", status, body)
	}
	for _, path := range []string{"/livez", "/metrics", "/debug/pprof/"} {
		if status, body := get(t, server.URL+path); status != http.StatusOK {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if err := stop(t, g, time.Second); err != nil {
		t.Fatal(err)
	}
	if status, _ := get(t, server.URL+"/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("a process that stops still calls itself ready: %d", status)
	}
	if status, _ := get(t, server.URL+"/livez"); status != http.StatusOK {
		t.Errorf("a process that stops must not be killed for it: %d", status)
	}
}

// A service starts while its database is down, says so, and does not hang for it when it stops.
func TestDatabaseThatIsDown(t *testing.T) {
	t.Parallel()
	pool, err := db.Pool(context.Background(), "postgres://rounds_a@127.0.0.1:1/rounds?sslmode=disable", 2)
	if err != nil {
		t.Fatal(err)
	}
	m := member("a", &run.Service{})
	m.Deps.DB = pool
	g := start(m)
	if missing := g.Ready(context.Background()); missing["a"] == nil {
		t.Error("it calls itself ready without a database")
	}
	if err := stop(t, g, time.Second); err != nil {
		t.Fatal(err)
	}
}

// Work that does not let go of its connection must not keep the process from ending.
func TestStopWithAConnectionInUse(t *testing.T) {
	t.Parallel()
	holding, release := make(chan struct{}), make(chan struct{})
	m := member("a", &run.Service{})
	m.Deps.DB = dbtest.New(t).Admin()
	m.Service.Work = []run.Work{{Name: "w", Run: func(context.Context) error {
		conn, err := m.Deps.DB.Acquire(context.Background())
		if err != nil {
			return err
		}
		defer conn.Release()
		close(holding)
		<-release
		return nil
	}}}
	g := start(m)
	<-holding
	began := time.Now()
	if err := stop(t, g, 100*time.Millisecond); err == nil || !strings.Contains(err.Error(), "still holds") {
		t.Errorf("got %v", err)
	}
	t.Logf("took %s", time.Since(began))
	close(release)
}
