package rpc_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	accesspb "github.com/rounds-cme/rounds/contract/access/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/token"
)

// echo is a service made by hand, so that the tests need no contract of a real one.
type echo struct {
	next grpc.ClientConnInterface

	mu   sync.Mutex
	seen []visit
}

type visit struct {
	caller, trace string
	who           token.Claims
}

func (e *echo) visits() []visit {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seen
}

func (e *echo) answer(ctx context.Context, text string) (string, error) {
	who, _ := token.From(ctx)
	e.mu.Lock()
	e.seen = append(e.seen, visit{rpc.Caller(ctx), obs.Trace(ctx), who})
	e.mu.Unlock()
	switch text {
	case "conflict":
		return "", errs.Wrap(errors.New("CAUSE"), errs.Conflict, "echo.conflict", "Taken.").Field("a", "b", "c")
	case "internal":
		return "", errors.New("CAUSE: no such table")
	case "panic":
		panic("CAUSE of a panic")
	case "hang":
		<-ctx.Done()
		return "", ctx.Err()
	case "forward":
		return call(ctx, e.next, "ByAccount", "done")
	}
	return text, nil
}

func echoMethods() map[string]*accesspb.Allow {
	return map[string]*accesspb.Allow{
		"Open": {}, "ByCaller": {Callers: []string{"bff"}}, "ByVisitor": {Roles: []string{rpc.Visitor}},
		"ByAccount": {Roles: []string{rpc.Account}}, "ByRole": {Callers: []string{"bff"}, Roles: []string{token.Administrator}},
		"Undeclared": nil, "Many": {Roles: []string{token.Member}},
	}
}

func echoFiles(t testing.TB) *protoregistry.Files {
	t.Helper()
	service := &descriptorpb.ServiceDescriptorProto{Name: proto.String("Echo")}
	for name, allow := range echoMethods() {
		m := &descriptorpb.MethodDescriptorProto{
			Name: proto.String(name), InputType: proto.String(".google.protobuf.StringValue"),
			OutputType: proto.String(".google.protobuf.StringValue"), ServerStreaming: proto.Bool(name == "Many"),
		}
		if allow != nil {
			m.Options = &descriptorpb.MethodOptions{}
			proto.SetExtension(m.Options, accesspb.E_Allow, allow)
		}
		service.Method = append(service.Method, m)
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("echo.proto"), Package: proto.String("rounds.echo.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{"google/protobuf/wrappers.proto"}, Service: []*descriptorpb.ServiceDescriptorProto{service},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	files := &protoregistry.Files{}
	if err := files.RegisterFile(file); err != nil {
		t.Fatal(err)
	}
	return files
}

func echoDesc() *grpc.ServiceDesc {
	desc := &grpc.ServiceDesc{ServiceName: "rounds.echo.v1.Echo", HandlerType: (*any)(nil)}
	for name := range echoMethods() {
		if name == "Many" {
			desc.Streams = append(desc.Streams, grpc.StreamDesc{StreamName: name, ServerStreams: true, Handler: many})
			continue
		}
		desc.Methods = append(desc.Methods, grpc.MethodDesc{MethodName: name, Handler: one(name)})
	}
	return desc
}

func one(name string) func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
	return func(srv any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
		in := &wrapperspb.StringValue{}
		if err := decode(in); err != nil {
			return nil, err
		}
		info := &grpc.UnaryServerInfo{Server: srv, FullMethod: "/rounds.echo.v1.Echo/" + name}
		return around(ctx, in, info, func(ctx context.Context, _ any) (any, error) {
			text, err := srv.(*echo).answer(ctx, in.GetValue())
			return wrapperspb.String(text), err
		})
	}
}

func many(srv any, s grpc.ServerStream) error {
	in := &wrapperspb.StringValue{}
	if err := s.RecvMsg(in); err != nil {
		return err
	}
	for range 3 {
		text, err := srv.(*echo).answer(s.Context(), in.GetValue())
		if err != nil {
			return err
		}
		if err := s.SendMsg(wrapperspb.String(text)); err != nil {
			return err
		}
	}
	return nil
}
