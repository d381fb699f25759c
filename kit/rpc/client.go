package rpc

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
)

// client is what stands before every call that leaves a service.
type client struct {
	name     string
	deadline time.Duration
}

// outgoing adds who asks: the service, the trace, and the person. What a handler received from its
// own caller is never passed on by accident, because metadata of the incoming call is not copied.
func (c client) outgoing(ctx context.Context) context.Context {
	md, ok := metadata.FromOutgoingContext(ctx)
	if ok {
		md = md.Copy()
	} else {
		md = metadata.MD{}
	}
	md.Set(metaCaller, c.name)
	if trace := obs.Traceparent(ctx); trace != "" {
		md.Set(metaTrace, trace)
	}
	if who, logged := token.From(ctx); logged && who.Raw() != "" {
		md.Set(metaAuth, bearer+who.Raw())
	}
	return metadata.NewOutgoingContext(ctx, md)
}

// limit gives a call that may last for ever the usual deadline.
func (c client) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.deadline)
}

//nolint:revive // The signature is gRPC's.
func (c client) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
	next grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	return errs.FromStatus(next(c.outgoing(ctx), method, req, reply, cc, opts...))
}

func (c client) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	next grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	s, err := next(c.outgoing(ctx), desc, cc, method, opts...)
	if err != nil {
		return nil, errs.FromStatus(err)
	}
	return clientStream{s}, nil
}

// clientStream converts the errors of a stream; io.EOF stays what it is.
type clientStream struct{ grpc.ClientStream }

func (s clientStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	return md, streamErr(err)
}

func (s clientStream) CloseSend() error    { return streamErr(s.ClientStream.CloseSend()) }
func (s clientStream) SendMsg(m any) error { return streamErr(s.ClientStream.SendMsg(m)) }
func (s clientStream) RecvMsg(m any) error { return streamErr(s.ClientStream.RecvMsg(m)) }

func streamErr(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return errs.FromStatus(err)
}
