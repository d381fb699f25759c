package rpc

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
)

// Options is what a server needs.
type Options struct {
	Name     string // of the service, for the log
	Log      *slog.Logger
	Metrics  prometheus.Registerer
	Tokens   *token.Verifier
	Deadline time.Duration        // for calls that bring none or a longer one; zero: Deadline
	Files    *protoregistry.Files // where contracts are looked up; nil: the global registry
	Identity *Identity            // asks who calls over TCP for a certificate; nil: they are believed
	Callers  []string             // services that may call at all, besides itself, whatever an RPC allows; empty: any
}

// guard is what stands before every handler.
type guard struct {
	Options

	rules   *rules
	seconds *prometheus.HistogramVec
	refused *prometheus.CounterVec
}

// NewServer makes a server with the services, the health service, and all interceptors.
func NewServer(o Options, services ...Service) *Server {
	if o.Deadline == 0 {
		o.Deadline = Deadline
	}
	if o.Files == nil {
		o.Files = protoregistry.GlobalFiles
	}
	g := &guard{
		Options: o, rules: &rules{files: o.Files},
		seconds: obs.Seconds(o.Metrics, "rounds_rpc_seconds", "Duration of calls served.", "method", "outcome"),
		refused: obs.Counter(o.Metrics, "rounds_rpc_refused_total", "Calls refused for who called: a service without an arrow, a name that was not proved, a person without the role.", "method", "code"),
	}
	server := newServer(g)
	for _, s := range services {
		server.RegisterService(s.Desc, s.Impl)
	}
	healthpb.RegisterHealthServer(server, health.NewServer())
	return server
}

func (g *guard) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	var answer any
	err := g.serve(ctx, info.FullMethod, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, g.Deadline)
		defer cancel()
		var err error
		answer, err = next(ctx, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// stream gives no deadline of its own: a stream may live as long as its caller wants it to.
func (g *guard) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	return g.serve(ss.Context(), info.FullMethod, func(ctx context.Context) error {
		return next(srv, &serverStream{ServerStream: ss, ctx: ctx})
	})
}

// serverStream is a stream with our context.
type serverStream struct {
	grpc.ServerStream

	ctx context.Context //nolint:containedctx // grpc asks a stream for its context
}

func (s *serverStream) Context() context.Context { return s.ctx }

// serve is the way of every call: trace, line in the log, rights, handler, error, metrics.
func (g *guard) serve(ctx context.Context, method string, call func(context.Context) error) error {
	if strings.HasPrefix(method, "/"+healthpb.Health_ServiceDesc.ServiceName+"/") {
		return call(ctx) // asked every few seconds by machines, and tells nothing
	}
	started := time.Now()
	caller := first(ctx, metaCaller)
	ctx = obs.WithTraceparent(ctx, first(ctx, metaTrace))
	ctx, unit := obs.Start(ctx, g.Log, "rpc", method)
	unit.Set("service", g.Name).Set("caller", caller)
	err := g.admit(ctx, method, caller, call)
	unit.End(err)
	outcome := "ok"
	if err != nil {
		outcome = errs.KindOf(err).String()
	}
	g.seconds.WithLabelValues(method, outcome).Observe(time.Since(started).Seconds())
	return errs.ToStatus(err).Err()
}

// admit checks the rights, then calls the handler; a panic becomes an error.
func (g *guard) admit(ctx context.Context, method, caller string, call func(context.Context) error) (err error) {
	unit := obs.Event(ctx)
	defer func() {
		if cause := recover(); cause != nil {
			err = unit.Panic(cause)
		}
	}()
	who, logged, err := g.person(ctx)
	if err != nil {
		return err
	}
	if logged {
		ctx = token.With(ctx, who)
		unit.Set("account", who.Account)
	}
	if err := g.allow(ctx, method, caller, who, logged); err != nil {
		g.refused.WithLabelValues(method, errs.Of(err).Code).Inc()
		return err
	}
	return call(withCaller(ctx, caller))
}

// allow asks from the outside inwards: whether there is an arrow, whether the name is the caller's own, whether the RPC is for it.
func (g *guard) allow(ctx context.Context, method, caller string, who token.Claims, logged bool) error {
	if len(g.Callers) > 0 && caller != g.Name && !slices.Contains(g.Callers, caller) {
		return errs.New(errs.Forbidden, "rpc.arrow", "You may not do this.")
	}
	if !proved(ctx, caller) {
		return errs.New(errs.Forbidden, "rpc.name", "You may not do this.")
	}
	return g.rules.of(method).Check(caller, who, logged)
}

// secured is what a connection over TCP begins with. Who is not let in is told of and counted.
func (g *guard) secured() credentials.TransportCredentials {
	if g.Identity == nil {
		return insecure.NewCredentials()
	}
	strangers := obs.Counter(g.Metrics, "rounds_rpc_strangers_total", "Connections that were refused for want of a certificate.").WithLabelValues()
	return &watched{g.Identity.served, func(from net.Addr, err error) {
		strangers.Inc()
		g.Log.Warn("a connection was refused", "service", g.Name, "from", from.String(), "error", err)
	}}
}

// person verifies the token of the call, if it brings one. A wrong token is refused also where
// nobody has to be logged in: whoever passes one on has checked it before.
func (g *guard) person(ctx context.Context) (token.Claims, bool, error) {
	header := first(ctx, metaAuth)
	if header == "" {
		return token.Claims{}, false, nil
	}
	raw, ok := strings.CutPrefix(header, bearer)
	if !ok || g.Tokens == nil {
		return token.Claims{}, false, errs.New(errs.Unauthenticated, token.CodeInvalid, "Please log in.")
	}
	who, err := g.Tokens.Verify(raw)
	return who, err == nil, err
}

// first is the value of a metadata key that must not come twice: a second value would let a proxy
// and a server read different ones.
func first(ctx context.Context, key string) string {
	values := metadata.ValueFromIncomingContext(ctx, key)
	if len(values) != 1 || len(values[0]) > 8<<10 {
		return ""
	}
	return values[0]
}

type callerKey struct{}

func withCaller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callerKey{}, name)
}

// Caller is the name of the service that called, inside a handler.
func Caller(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}
