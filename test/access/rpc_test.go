package access

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/rpc"
)

// call is one RPC: where it is served, what it takes and gives, and who may call it.
type call struct {
	rpc.Access

	server string
	method protoreflect.MethodDescriptor
}

// calls are all RPCs of the contracts. One that nobody serves fails the test.
func (h *house) calls() []call {
	h.t.Helper()
	servers := map[string][]string{}
	for name, member := range h.members {
		for _, s := range member.Service.RPC {
			servers[s.Desc.ServiceName] = append(servers[s.Desc.ServiceName], name)
		}
	}
	var all []call
	for _, access := range rpc.AccessTable(protoregistry.GlobalFiles) {
		name := strings.ReplaceAll(strings.TrimPrefix(access.Method, "/"), "/", ".")
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			h.t.Fatal(err)
		}
		method, ok := found.(protoreflect.MethodDescriptor)
		if !ok {
			h.t.Fatalf("%s is no RPC", name)
		}
		served := servers[string(method.Parent().FullName())]
		if len(served) == 0 {
			h.t.Errorf("contract: %s is served by nobody; a service has to name it among its RPCs", method.Parent().FullName())
			continue
		}
		if method.IsStreamingClient() || method.IsStreamingServer() {
			h.t.Errorf("%s streams, and this test knows only single answers: teach it", name)
			continue
		}
		for _, server := range served { // each that answers in these words
			all = append(all, call{access, server, method})
		}
	}
	return all
}

// wires to the servers, one for each who calls.
type wires map[string]*rpc.Dialer

func (h *house) wires(callers []string) wires {
	all := wires{}
	for _, caller := range callers {
		dialer := rpc.NewDialer(caller, h.local, nil)
		h.t.Cleanup(func() { _ = dialer.Close() })
		all[caller] = dialer
	}
	return all
}

func (l wires) call(ctx context.Context, c call, caller string, request proto.Message) error {
	return l[caller].Dial(c.server).Invoke(ctx, c.Method, request, dynamicpb.NewMessage(c.method.Output()))
}

// TestRPCs calls every RPC as every service on behalf of everybody, and holds the answer against the option that stands
// beside the RPC.
func TestRPCs(t *testing.T) {
	t.Parallel()
	h := open(t, io.Discard)
	callers := append(services(t), "stranger", "")
	dial := h.wires(callers)
	tokens := map[string]string{visitor: ""}
	for _, role := range everybody()[1:] {
		tokens[role] = h.sign(h.person(role).account, uuid.New(), role)
	}
	each(h.calls(), func(c call) {
		for _, role := range everybody() {
			for _, caller := range callers {
				err := dial.call(h.as(tokens[role]), c, caller, dynamicpb.NewMessage(c.method.Input()))
				if problem := verdict(c.Access, caller, role, err); problem != "" {
					t.Errorf("%s, called by %q for %s, %s: %v", c.Method, caller, role, problem, err)
				}
			}
		}
	})
}

// verdict says what is wrong about an answer, by the contract alone.
func verdict(a rpc.Access, caller, role string, err error) string {
	kind := errs.KindOf(err)
	stopped := err != nil && slices.Contains([]string{"rpc.caller", "auth.required", "auth.role"}, errs.Of(err).Code)
	switch {
	case !a.Declared:
		return "has a contract that does not say who may call it"
	case caller == "" || (len(a.Callers) > 0 && !slices.Contains(a.Callers, caller)):
		if err == nil || kind != errs.Forbidden {
			return "should be PermissionDenied: this service may not call"
		}
	case enters(a.Roles, role):
		if stopped {
			return "should not be stopped at the door"
		}
		if err != nil && (kind == errs.Internal || kind == errs.Unavailable) {
			return "should have answered, or said what is wrong with the request"
		}
	case role == visitor:
		if err == nil || kind != errs.Unauthenticated {
			return "should be Unauthenticated: somebody has to be logged in"
		}
	case err == nil || kind != errs.Forbidden:
		return "should be PermissionDenied: this role may not"
	}
	return ""
}

// TestRPCsBadInput calls every RPC as those who may, with what nobody should send.
func TestRPCsBadInput(t *testing.T) {
	t.Parallel()
	h := open(t, io.Discard)
	dial := h.wires(append(services(t), "anybody"))
	people := map[string]string{visitor: ""}
	for _, role := range everybody()[1:] {
		people[role] = h.sign(h.person(role).account, uuid.New(), role)
		people[role+" whose account is gone"] = h.sign(uuid.New(), uuid.New(), role)
	}
	each(h.calls(), func(c call) {
		caller := "anybody"
		if len(c.Callers) > 0 {
			caller = c.Callers[0]
		}
		for who, raw := range people {
			role, _, _ := strings.Cut(who, " ")
			if !enters(c.Roles, role) {
				continue
			}
			for _, bad := range badValues() {
				err := dial.call(h.as(raw), c, caller, bad.message(c.method.Input()))
				if err != nil && slices.Contains([]errs.Kind{errs.Internal, errs.Unavailable}, errs.KindOf(err)) {
					t.Errorf("%s for %s with %s: %v", c.Method, who, bad.name, err)
				}
			}
		}
	})
}

// bad is a way to fill a message.
type bad struct {
	name   string
	text   func(field string) string
	number int64
}

func badValues() []bad {
	constant := func(value string) func(string) string { return func(string) string { return value } }
	return []bad{
		{name: "ids of nothing", number: 1, text: func(field string) string {
			if strings.HasSuffix(field, "id") {
				return uuid.NewString()
			}
			return "text"
		}},
		{"ids that are none, and negative numbers", constant("1' OR '1'='1"), -1},
		{"the character zero, and the smallest numbers", constant("a\x00b"), -1 << 63},
		{"a long text, and the largest numbers", constant(strings.Repeat("ž", 20_000)), 1<<63 - 1},
		{"marks of direction and joined pictures", constant("\u202e\u0301👩‍⚕️\ufeff"), 1 << 31},
		{name: "a known id and control characters", number: 0, text: func(field string) string {
			if strings.HasSuffix(field, "id") {
				return uuid.Nil.String()
			}
			return "\x01\x1b[31m\r\n\t"
		}},
	}
}

// message fills every field, and every field of what is inside.
func (b bad) message(d protoreflect.MessageDescriptor) *dynamicpb.Message {
	m := dynamicpb.NewMessage(d)
	b.fill(m, 0)
	return m
}

func (b bad) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		switch {
		case f.IsMap():
			continue
		case f.Message() != nil:
			if depth < 4 {
				b.inside(m, f, depth)
			}
		case f.IsList():
			m.Mutable(f).List().Append(b.scalar(f))
		default:
			m.Set(f, b.scalar(f))
		}
	}
}

func (b bad) inside(m protoreflect.Message, f protoreflect.FieldDescriptor, depth int) {
	if f.IsList() {
		list := m.Mutable(f).List()
		element := list.NewElement()
		b.fill(element.Message(), depth+1)
		list.Append(element)
		return
	}
	b.fill(m.Mutable(f).Message(), depth+1)
}

func (b bad) scalar(f protoreflect.FieldDescriptor) protoreflect.Value {
	//nolint:gosec // Numbers that do not fit are what this is about.
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(b.number))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(max(min(b.number, 1<<31-1), -1<<31)))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(b.number))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(b.number)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(b.number))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(b.number))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(b.number))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(b.text(string(f.Name())))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(b.text(string(f.Name()))))
	case protoreflect.MessageKind, protoreflect.GroupKind:
	}
	panic(fmt.Sprintf("%s is a message", f.FullName()))
}
