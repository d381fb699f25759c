package rpc

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/rounds-cme/rounds/kit/errs"
)

// door is where one service of this process is called. It opens once and closes once:
//
//	waiting ──Serve──> open ──Stop, GracefulStop──> closed
//
// It is a listener only so that servers need not know which of theirs is in memory; nothing is ever accepted from it.
type door struct {
	opened, closed chan struct{}
	channel        *inprocgrpc.Channel // set before opened is closed
	open, close    sync.Once
}

func newDoor() *door { return &door{opened: make(chan struct{}), closed: make(chan struct{})} }

// Accept belongs to listeners; only a Server of this package can serve a door.
func (d *door) Accept() (net.Conn, error) {
	return nil, errors.New("a service in memory is served by rpc.Server alone")
}

// Close refuses calls from now on.
func (d *door) Close() error {
	d.close.Do(func() { close(d.closed) })
	return nil
}

// Addr says that there is no address.
func (d *door) Addr() net.Addr { return nowhere{} }

type nowhere struct{}

func (nowhere) Network() string { return "memory" }
func (nowhere) String() string  { return "memory" }

// enter waits for the service to be there, as a connection that is being made would.
func (d *door) enter(ctx context.Context) (*inprocgrpc.Channel, error) {
	if err := ctx.Err(); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	select {
	case <-d.closed:
		return nil, errGone()
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	case <-d.opened:
	}
	return d.channel, nil
}

func errGone() error { return status.Error(codes.Unavailable, "the service has ended") }

// near calls a service of this process: the same client and server interceptors as over a network, without the network.
type near struct {
	client client
	door   *door
	closed atomic.Bool
}

// Invoke makes one call. The request becomes bytes before anything else, so that the caller may do with it what it wants
// when the call was given up and the handler still runs, and so that a text or a size that no network would carry is not
// carried here either.
func (n *near) Invoke(ctx context.Context, method string, request, answer any, opts ...grpc.CallOption) error {
	ctx, cancel := n.client.limit(ctx)
	defer cancel()
	return errs.FromStatus(n.invoke(n.client.outgoing(ctx), method, request, answer, opts))
}

func (n *near) invoke(ctx context.Context, method string, request, answer any, opts []grpc.CallOption) error {
	if n.closed.Load() {
		return status.Error(codes.Canceled, "the caller has ended")
	}
	sent, err := pack(nil, request)
	if err != nil {
		return err
	}
	channel, err := n.door.enter(ctx)
	if err != nil {
		return err
	}
	return channel.Invoke(ctx, method, sent, answer, opts...)
}

// NewStream opens a stream.
func (n *near) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if n.closed.Load() {
		return nil, errs.FromStatus(status.Error(codes.Canceled, "the caller has ended"))
	}
	ctx = n.client.outgoing(ctx)
	channel, err := n.door.enter(ctx)
	if err != nil {
		return nil, errs.FromStatus(err)
	}
	stream, err := channel.NewStream(ctx, desc, method, opts...)
	if err != nil {
		return nil, errs.FromStatus(err)
	}
	return clientStream{stream}, nil
}

// Close refuses further calls.
func (n *near) Close() error {
	n.closed.Store(true)
	return nil
}

// packed is a message on its way, as it would be in a network.
type packed []byte

// pack appends a message to b.
func pack(b []byte, message any) (packed, error) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, status.Errorf(codes.Internal, "%T is no message", message)
	}
	b, err := proto.MarshalOptions{}.MarshalAppend(b, m)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "pack: %v", err)
	}
	if len(b) > MaxMessage {
		return nil, status.Errorf(codes.ResourceExhausted, "message larger than max (%d vs. %d)", len(b), MaxMessage) // the words of grpc-go
	}
	return b, nil
}

func (p packed) unpack(into any) error {
	m, ok := into.(proto.Message)
	if !ok {
		return status.Errorf(codes.Internal, "%T is no message", into)
	}
	if err := proto.Unmarshal(p, m); err != nil {
		return status.Errorf(codes.Internal, "unpack: %v", err)
	}
	return nil
}

// copier moves messages from one side to the other so that they share no memory.
type copier struct{ pool *sync.Pool }

func newCopier() copier { return copier{&sync.Pool{New: func() any { return new([]byte) }}} }

// keptBuffer is the largest buffer that is kept for the next message: an upload must not stay in memory.
const keptBuffer = 1 << 20

// Copy fills a message of one side with what the other sent. What was packed a moment ago and is unpacked at once needs no
// memory of its own: unpacking copies.
func (c copier) Copy(out, in any) error {
	if sent, ok := in.(packed); ok {
		return sent.unpack(out)
	}
	b := c.pool.Get().(*[]byte) //nolint:forcetypeassert // the pool has nothing else
	defer c.pool.Put(b)
	sent, err := pack((*b)[:0], in)
	if err != nil {
		return err
	}
	if cap(sent) <= keptBuffer {
		*b = sent
	}
	return sent.unpack(out)
}

// Clone keeps what was sent while it waits to be received.
func (copier) Clone(in any) (any, error) { return pack(nil, in) }
