package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/token"
)

// buffer is a log that several goroutines write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// world is one echo server, reached near or far.
type world struct {
	echo    *echo
	log     *buffer
	metrics *prometheus.Registry
	signer  *token.Signer
	dial    func(caller string) *rpc.Dialer
	address string
}

func newWorld(t *testing.T, near bool) *world {
	t.Helper()
	dir := t.TempDir()
	if err := token.Ensure(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	w := &world{echo: &echo{}, log: &buffer{}, metrics: prometheus.NewRegistry(), signer: token.NewSigner(dir, time.Now)}
	server := rpc.NewServer(rpc.Options{
		Name: "echo", Log: obs.NewLogger(w.log, slog.LevelInfo), Metrics: w.metrics,
		Tokens: token.NewVerifier(filepath.Join(dir, token.PublicFile), time.Now), Files: echoFiles(t), Deadline: 2 * time.Second,
	}, rpc.Service{Desc: echoDesc(), Impl: w.echo})
	local := rpc.NewLocal("echo")
	addresses := map[string]string{}
	listener := local.Listener("echo")
	if !near {
		var err error
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		w.address = listener.Addr().String()
		addresses["echo"], local = w.address, nil
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	w.dial = func(caller string) *rpc.Dialer {
		d := rpc.NewDialer(caller, local, addresses)
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
		return d
	}
	return w
}

func (w *world) login(t *testing.T, roles ...string) context.Context {
	t.Helper()
	raw, err := w.signer.Sign(token.Claims{Account: uuid.New(), Session: uuid.New(), Roles: roles, Expires: time.Now().Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	return w.with(t, raw)
}

// with puts a raw token into ctx the way a service does: by verifying it.
func (w *world) with(t *testing.T, raw string) context.Context {
	t.Helper()
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+raw)
}

func call(ctx context.Context, c grpc.ClientConnInterface, method, text string) (string, error) {
	out := &wrapperspb.StringValue{}
	err := c.Invoke(ctx, "/rounds.echo.v1.Echo/"+method, wrapperspb.String(text), out)
	return out.GetValue(), err
}

// bothShapes runs a test with the server in this process and behind TCP.
func bothShapes(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	for name, near := range map[string]bool{"near": true, "far": false} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, newWorld(t, near)) })
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	bothShapes(t, func(t *testing.T, w *world) {
		visitor := t.Context()
		for _, c := range []struct {
			name, caller, method string
			ctx                  context.Context
			want                 errs.Kind
			ok                   bool
		}{
			{"any service", "ssr", "Open", visitor, 0, true},
			{"a nameless caller", "", "Open", visitor, errs.Forbidden, false},
			{"the right service", "bff", "ByCaller", visitor, 0, true},
			{"the wrong service", "ssr", "ByCaller", visitor, errs.Forbidden, false},
			{"a visitor may", "ssr", "ByVisitor", visitor, 0, true},
			{"a visitor may not", "ssr", "ByAccount", visitor, errs.Unauthenticated, false},
			{"anybody logged in", "ssr", "ByAccount", w.login(t, token.Applicant), 0, true},
			{"the right role", "bff", "ByRole", w.login(t, token.Member, token.Administrator), 0, true},
			{"the wrong role", "bff", "ByRole", w.login(t, token.Member), errs.Forbidden, false},
			{"the right role from the wrong service", "ssr", "ByRole", w.login(t, token.Administrator), errs.Forbidden, false},
			{"no role", "bff", "ByRole", visitor, errs.Unauthenticated, false},
			{"a broken token", "ssr", "Open", w.with(t, "x.y.z"), errs.Unauthenticated, false},
			{"two tokens", "bff", "ByRole", metadata.AppendToOutgoingContext(w.login(t, token.Administrator), "authorization", "Bearer x"), errs.Unauthenticated, false},
			{"a word that is no role", "bff", "ByRole", w.login(t, rpc.Account, rpc.Visitor, ""), errs.Forbidden, false},
			{"nothing declared", "bff", "Undeclared", w.login(t, token.Administrator), errs.Forbidden, false},
			{"no such method", "bff", "Nope", visitor, errs.Internal, false},
		} {
			answer, err := call(c.ctx, w.dial(c.caller).Dial("echo"), c.method, "hello")
			if c.ok && (err != nil || answer != "hello") {
				t.Errorf("%s: %q %v", c.name, answer, err)
			}
			if !c.ok && (err == nil || errs.KindOf(err) != c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
	})
}

func TestErrorsArriveWhole(t *testing.T) {
	t.Parallel()
	bothShapes(t, func(t *testing.T, w *world) {
		c := w.dial("bff").Dial("echo")
		_, err := call(t.Context(), c, "Open", "conflict")
		if e := errs.Of(err); e.Kind != errs.Conflict || e.Code != "echo.conflict" || e.Sentence != "Taken." || len(e.Fields) != 1 {
			t.Errorf("got %+v", e)
		}
		for _, text := range []string{"panic", "internal"} {
			_, err := call(t.Context(), c, "Open", text)
			if e := errs.Of(err); e.Kind != errs.Internal || e.Sentence != errs.Sorry || strings.Contains(err.Error(), "CAUSE") {
				t.Errorf("%s: %v", text, err)
			}
		}
		if !strings.Contains(w.log.String(), "CAUSE") || !strings.Contains(w.log.String(), "goroutine") {
			t.Error("the log does not know the cause")
		}
		if answer, err := call(t.Context(), c, "Open", "still there"); err != nil || answer != "still there" {
			t.Errorf("after a panic: %v", err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	c := w.dial("bff").Dial("echo")
	started := time.Now()
	_, err := call(t.Context(), c, "Open", "hang")
	if errs.KindOf(err) != errs.Unavailable || errs.Of(err).Code != errs.CodeDeadline {
		t.Errorf("%v after %v", err, time.Since(started))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := call(ctx, c, "Open", "hang"); errs.Of(err).Code != errs.CodeDeadline {
		t.Errorf("a shorter deadline of the caller: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := call(ctx, c, "Open", "x"); errs.Of(err).Code != errs.CodeCanceled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestIdentityAndTraceTravel(t *testing.T) {
	t.Parallel()
	bothShapes(t, func(t *testing.T, w *world) {
		ctx, unit := obs.Start(w.login(t, token.Member), obs.NewLogger(io.Discard, slog.LevelInfo), "http", "x")
		defer unit.End(nil)
		w.echo.next = w.dial("echo").Dial("echo")
		if _, err := call(ctx, w.dial("bff").Dial("echo"), "ByAccount", "forward"); err != nil {
			t.Fatal(err)
		}
		seen := w.echo.visits()
		if len(seen) != 2 || seen[0].caller != "bff" || seen[1].caller != "echo" {
			t.Fatalf("callers: %+v", seen)
		}
		if seen[0].who.Account == uuid.Nil || seen[0].who.Account != seen[1].who.Account {
			t.Errorf("the person did not travel: %+v", seen)
		}
		if seen[0].trace != obs.Trace(ctx) || seen[1].trace != obs.Trace(ctx) {
			t.Errorf("the trace did not travel: %+v", seen)
		}
		if strings.Contains(w.log.String(), "eyJ") {
			t.Error("a token is in the log")
		}
	})
}

func TestAServiceCannotBorrowItsCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-caller", "bff")
	if _, err := call(ctx, w.dial("ssr").Dial("echo"), "ByCaller", "x"); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("got %v", err)
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	bothShapes(t, func(t *testing.T, w *world) {
		open := func(ctx context.Context, text string) (grpc.ClientStream, error) {
			s, err := w.dial("bff").Dial("echo").NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/rounds.echo.v1.Echo/Many")
			if err != nil {
				return nil, err
			}
			return s, errors.Join(s.SendMsg(wrapperspb.String(text)), s.CloseSend())
		}
		s, err := open(w.login(t, token.Member), "a")
		if err != nil {
			t.Fatal(err)
		}
		got := &wrapperspb.StringValue{}
		for range 3 {
			if err := s.RecvMsg(got); err != nil || got.GetValue() != "a" {
				t.Fatalf("%v %v", got, err)
			}
		}
		if err := s.RecvMsg(got); !errors.Is(err, io.EOF) {
			t.Errorf("the end: %v", err)
		}
		for text, want := range map[string]errs.Kind{"conflict": errs.Conflict, "panic": errs.Internal} {
			s, err := open(w.login(t, token.Member), text)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.RecvMsg(got); err == nil || errs.KindOf(err) != want {
				t.Errorf("%s: %v", text, err)
			}
		}
		if s, err = open(t.Context(), "a"); err == nil {
			err = s.RecvMsg(got)
		}
		if errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("a visitor: %v", err)
		}
	})
}

func TestSizes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	c := w.dial("bff").Dial("echo")
	if answer, err := call(t.Context(), c, "Open", strings.Repeat("x", 10<<20)); err != nil || len(answer) != 10<<20 {
		t.Errorf("10 MB: %v", err)
	}
	if _, err := call(t.Context(), c, "Open", strings.Repeat("x", 13<<20)); errs.KindOf(err) != errs.TooLarge {
		t.Errorf("13 MB: %v", err)
	}
}

func TestUnassignedAndDown(t *testing.T) {
	t.Parallel()
	d := rpc.NewDialer("ssr", rpc.NewLocal(), map[string]string{"down": "127.0.0.1:1", "bad": "%zz:\x00"})
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range []string{"missing", "down", "bad"} {
		_, err := call(t.Context(), d.Dial(name), "Open", "x")
		if e := errs.Of(err); e.Kind != errs.Unavailable || e.Sentence != errs.Absent {
			t.Errorf("%s: %v", name, err)
		}
		_, err = d.Dial(name).NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, "/rounds.echo.v1.Echo/Many")
		if errs.KindOf(err) != errs.Unavailable {
			t.Errorf("stream to %s: %v", name, err)
		}
	}
}

// TestSeveralInstances are called in turn, and one that is down is left out.
func TestSeveralInstances(t *testing.T) {
	t.Parallel()
	one, two := newWorld(t, false), newWorld(t, false)
	d := rpc.NewDialer("ssr", nil, map[string]string{"echo": "127.0.0.1:1," + one.address + ", " + two.address})
	defer func() { _ = d.Close() }()
	for n := 0; len(one.echo.visits()) == 0 || len(two.echo.visits()) == 0; n++ {
		if _, err := call(t.Context(), d.Dial("echo"), "Open", "x"); err != nil || n == 10_000 {
			t.Fatalf("call %d: %v; %d and %d were answered", n, err, len(one.echo.visits()), len(two.echo.visits()))
		}
	}
}

func TestDialBeforeTheServerStarts(t *testing.T) {
	t.Parallel()
	local := rpc.NewLocal("echo")
	d := rpc.NewDialer("ssr", local, nil)
	defer func() { _ = d.Close() }()
	conn := d.Dial("echo")
	answered := make(chan error, 1)
	go func() { _, err := call(t.Context(), conn, "Open", "x"); answered <- err }()
	server := rpc.NewServer(rpc.Options{Name: "echo", Log: obs.NewLogger(io.Discard, slog.LevelInfo), Files: echoFiles(t)},
		rpc.Service{Desc: echoDesc(), Impl: &echo{}})
	go func() { _ = server.Serve(local.Listener("echo")) }()
	defer server.Stop()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func TestHealthAndStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	conn, err := grpc.NewClient(w.address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	answer, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil || answer.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("%v %v", answer, err)
	}
	if _, err := call(t.Context(), conn, "Open", "x"); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("no name: %v", err)
	}
	hostile := metadata.AppendToOutgoingContext(t.Context(), "x-caller", "bff", "x-trace", "00-<script>", "authorization", "Basic eDp5")
	if _, err := call(hostile, conn, "Open", "x"); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("no bearer: %v", err)
	}
	if strings.Contains(w.log.String(), "<script>") {
		t.Error("a stranger wrote into the log")
	}
}

func TestAccessTable(t *testing.T) {
	t.Parallel()
	table := rpc.AccessTable(echoFiles(t))
	undeclared := 0
	for _, a := range table {
		if !a.Declared {
			undeclared++
		}
		if a.Method == "/rounds.echo.v1.Echo/ByRole" && (a.Callers[0] != "bff" || a.Roles[0] != token.Administrator) {
			t.Errorf("got %+v", a)
		}
	}
	if len(table) != 7 || undeclared != 1 || table[0].Method > table[1].Method {
		t.Errorf("got %+v", table)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	if _, err := call(t.Context(), w.dial("bff").Dial("echo"), "Open", "x"); err != nil {
		t.Fatal(err)
	}
	all, err := w.metrics.Gather()
	if err != nil || len(all) != 1 || all[0].GetName() != "rounds_rpc_seconds" {
		t.Errorf("%v %v", all, err)
	}
}
