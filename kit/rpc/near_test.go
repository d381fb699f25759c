package rpc_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/rpc"
)

// A text that no network would carry is not carried in memory either.
func TestTextThatIsNone(t *testing.T) {
	t.Parallel()
	bothShapes(t, func(t *testing.T, w *world) {
		c := w.dial("bff").Dial("echo")
		if _, err := call(t.Context(), c, "Open", "text"); err != nil {
			t.Fatal(err)
		}
		if _, err := call(t.Context(), c, "Open", "\xff"); errs.KindOf(err) != errs.Internal {
			t.Errorf("got %v", err)
		}
		if len(w.echo.visits()) != 1 {
			t.Error("the handler was asked")
		}
	})
}

// keeper keeps the messages it saw and gave, as a careless handler might.
type keeper struct{ asked, gave *wrapperspb.StringValue }

//nolint:revive // The signature is gRPC's.
func keep(srv any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
	k, in := srv.(*keeper), &wrapperspb.StringValue{}
	if err := decode(in); err != nil {
		return nil, err
	}
	info := &grpc.UnaryServerInfo{Server: srv, FullMethod: "/rounds.echo.v1.Echo/Open"}
	return around(ctx, in, info, func(context.Context, any) (any, error) {
		k.asked, k.gave = in, wrapperspb.String("given")
		return k.gave, nil
	})
}

func TestSidesShareNoMemory(t *testing.T) {
	t.Parallel()
	k, local := &keeper{}, rpc.NewLocal("echo")
	desc := &grpc.ServiceDesc{
		ServiceName: "rounds.echo.v1.Echo", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Open", Handler: keep}},
	}
	server := rpc.NewServer(rpc.Options{Name: "echo", Log: obs.NewLogger(io.Discard, slog.LevelInfo), Files: echoFiles(t)},
		rpc.Service{Desc: desc, Impl: k})
	go func() { _ = server.Serve(local.Listener("echo")) }()
	defer server.Stop()
	d := rpc.NewDialer("ssr", local, nil)
	defer func() { _ = d.Close() }()

	ask, got := wrapperspb.String("asked"), &wrapperspb.StringValue{}
	if err := d.Dial("echo").Invoke(t.Context(), "/rounds.echo.v1.Echo/Open", ask, got); err != nil {
		t.Fatal(err)
	}
	k.asked.Value, k.gave.Value = "changed by the server", "changed by the server"
	if ask.GetValue() != "asked" || got.GetValue() != "given" || k.asked == ask || k.gave == got {
		t.Errorf("asked %q, got %q", ask.GetValue(), got.GetValue())
	}
}

// hang tells that a call has arrived, and answers only when that is over.
//
//nolint:revive // The signature is gRPC's.
func hang(srv any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
	in := &wrapperspb.StringValue{}
	if err := decode(in); err != nil {
		return nil, err
	}
	info := &grpc.UnaryServerInfo{Server: srv, FullMethod: "/rounds.echo.v1.Echo/Open"}
	return around(ctx, in, info, func(ctx context.Context, _ any) (any, error) {
		close(srv.(chan struct{}))
		<-ctx.Done()
		return nil, ctx.Err()
	})
}

// stopping is a call that hangs while its server is stopped.
func stopping(t *testing.T, near bool, deadline time.Duration, stop func(*rpc.Server)) (time.Duration, error) {
	t.Helper()
	local, addresses := rpc.NewLocal("echo"), map[string]string{}
	listener := local.Listener("echo")
	if !near {
		var err error
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		addresses["echo"], local = listener.Addr().String(), nil
	}
	arrived := make(chan struct{})
	desc := &grpc.ServiceDesc{
		ServiceName: "rounds.echo.v1.Echo", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Open", Handler: hang}},
	}
	server := rpc.NewServer(rpc.Options{
		Name: "echo", Log: obs.NewLogger(io.Discard, slog.LevelInfo), Files: echoFiles(t), Deadline: deadline,
	}, rpc.Service{Desc: desc, Impl: arrived})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	d := rpc.NewDialer("ssr", local, addresses)
	defer func() { _ = d.Close() }()
	conn, answered := d.Dial("echo"), make(chan error, 1)
	started := time.Now()
	go func() { _, err := call(t.Context(), conn, "Open", "hang"); answered <- err }()
	<-arrived
	stop(server)
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	err := <-answered
	took := time.Since(started)
	if _, err := call(t.Context(), conn, "Open", "late"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("after the end: %v", err)
	}
	return took, err
}

func TestStopEndsCallsUnderWay(t *testing.T) {
	t.Parallel()
	for name, near := range map[string]bool{"near": true, "far": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			took, err := stopping(t, near, time.Hour, (*rpc.Server).Stop) // nobody waits for the deadline
			if errs.KindOf(err) != errs.Unavailable || errs.Of(err).Code != errs.CodeUnavailable {
				t.Errorf("%v after %v", err, took)
			}
		})
	}
}

func TestGracefulStopWaitsForCallsUnderWay(t *testing.T) {
	t.Parallel()
	for name, near := range map[string]bool{"near": true, "far": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			took, err := stopping(t, near, time.Second, (*rpc.Server).GracefulStop)
			if errs.Of(err).Code != errs.CodeDeadline || took < time.Second {
				t.Errorf("%v after %v", err, took)
			}
		})
	}
}

func TestAStoppedServerServesNothing(t *testing.T) {
	t.Parallel()
	local := rpc.NewLocal("echo")
	server := rpc.NewServer(rpc.Options{Name: "echo", Log: obs.NewLogger(io.Discard, slog.LevelInfo), Files: echoFiles(t)})
	server.Stop()
	if err := server.Serve(local.Listener("echo")); !errors.Is(err, grpc.ErrServerStopped) {
		t.Errorf("got %v", err)
	}
	d := rpc.NewDialer("ssr", local, nil)
	if _, err := call(t.Context(), d.Dial("echo"), "Open", "x"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("got %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
