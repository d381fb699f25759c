package rpc

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// Server serves the same services, behind the same interceptors, over TCP and to its own process.
//
// A call from the process is counted from its arrival until its handler returned, also when the caller gave it up before:
// GracefulStop refuses new calls and waits for those, Stop ends their contexts.
type Server struct {
	tcp  *grpc.Server
	near *inprocgrpc.Channel

	life context.Context //nolint:containedctx // the server's own, ended by Stop
	kill context.CancelFunc

	mu      sync.Mutex
	doors   []*door
	stopped bool
	calls   sync.WaitGroup
}

func newServer(g *guard) *Server {
	s := &Server{near: &inprocgrpc.Channel{}, tcp: grpc.NewServer(
		grpc.Creds(g.secured()),
		grpc.UnaryInterceptor(g.unary), grpc.StreamInterceptor(g.stream),
		grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage),
		grpc.MaxConcurrentStreams(1000), grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)}
	s.life, s.kill = context.WithCancel(context.Background())
	s.near.WithCloner(newCopier()).
		WithServerUnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
			err = s.count(ctx, func(ctx context.Context) error {
				answer, err = g.unary(ctx, req, info, next)
				return err
			})
			return answer, err
		}).
		WithServerStreamInterceptor(func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			return s.count(ss.Context(), func(ctx context.Context) error {
				return g.stream(srv, &serverStream{ServerStream: ss, ctx: ctx}, info, next)
			})
		})
	return s
}

// RegisterService adds a service before the server serves.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, impl any) {
	s.tcp.RegisterService(desc, impl)
	s.near.RegisterService(desc, impl)
}

// Serve accepts calls from a listener, which may be one of Local, until the server is stopped.
func (s *Server) Serve(listener net.Listener) error {
	d, inside := listener.(*door)
	if !inside {
		return s.tcp.Serve(listener)
	}
	if !s.answer(d) {
		_ = d.Close()
		return grpc.ErrServerStopped
	}
	<-d.closed
	return nil
}

// answer opens a door, unless the server was stopped before.
func (s *Server) answer(d *door) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.doors = append(s.doors, d)
	d.open.Do(func() { d.channel = s.near; close(d.opened) })
	return true
}

// Stop refuses new calls and gives up those under way.
func (s *Server) Stop() {
	s.shut()
	s.kill()
	s.tcp.Stop()
}

// GracefulStop refuses new calls and waits for those under way.
func (s *Server) GracefulStop() {
	s.shut()
	s.tcp.GracefulStop()
	s.calls.Wait()
	s.kill()
}

func (s *Server) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for _, d := range s.doors {
		_ = d.Close()
	}
}

// begin counts a call in, unless the server was stopped since the caller passed the door.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.calls.Add(1)
	}
	return !s.stopped
}

// count runs a call that Stop can end.
func (s *Server) count(ctx context.Context, call func(context.Context) error) error {
	if !s.begin() {
		return errGone()
	}
	defer s.calls.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	err := call(ctx)
	if err != nil && s.life.Err() != nil {
		return errGone()
	}
	return err
}
