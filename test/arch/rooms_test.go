package arch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// rooms say which rooms a room may import, besides itself. Libraries are in allows.
var rooms = map[string][]string{
	"cmd":      {"service", "kit", "contract", "rules"},
	"service":  {"kit", "contract", "rules"},
	"contract": {},
	"rules":    {},
	"kit":      {},
	"deploy":   {"kit"},
	"test":     {"deploy", "cmd", "service", "kit", "contract", "rules"},
}

// exceptions are single doors between rooms, each with its reason.
var exceptions = map[[2]string]string{
	{"kit/rpc", "contract/access/v1"}:        "the interceptor reads who may call from the RPC's own option",
	{"kit/queue/desk", "contract/queue/v1"}:  "each service answers operators about its queues in the same words",
	{"kit/queue/desk", "contract/access/v1"}: "operators read of a message what its own option opens",
}

// protobuf is all that a contract stands on: messages, RPCs, and their JSON face.
var protobuf = []string{"google.golang.org/protobuf", "google.golang.org/grpc", "google.golang.org/genproto", "github.com/grpc-ecosystem/grpc-gateway"}

func TestNobodyImportsWhatTheRoomsForbid(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			if why := forbidden(p.room(), imported, false); why != "" {
				t.Errorf("%s imports %s: %s", p.room(), imported, why)
			}
		}
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			if why := forbidden(p.room(), imported, true); why != "" {
				t.Errorf("a test of %s imports %s: %s", p.room(), imported, why)
			}
		}
	}
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		test, ok bool
	}{
		{"service/auth", module + "/kit/db", false, true},
		{"service/auth", module + "/service/auth/internal/store", false, true},
		{"service/auth", module + "/service/bff", false, false},
		{"service/auth", module + "/service/authority", false, false},
		{"service/auth", module + "/service/bff", true, true},
		{"service/auth", module + "/service/ssr/part", true, false},
		{"service/ssr/page/login", module + "/service/ssr/part", false, true},
		{"service/auth", module + "/cmd/rounds", false, false},
		{"service/auth", module + "/test/fake", true, false},
		{"kit/db", module + "/contract/event/v1", false, false},
		{"kit/db", module + "/contract/event/v1", true, true},
		{"kit/rpc", module + "/contract/access/v1", false, true},
		{"kit/rpc", module + "/contract/event/v1", false, false},
		{"kit/db", module + "/service/auth", true, false},
		{"rules/credit", "time", false, true},
		{"rules/credit", "github.com/google/uuid", false, false},
		{"rules/credit", module + "/kit/errs", false, false},
		{"rules/plan", module + "/rules/credit", false, true},
		{"contract/bff/v1", "google.golang.org/grpc", false, true},
		{"contract/bff/v1", "github.com/google/uuid", false, false},
		{"cmd/rounds", module + "/service/auth", false, true},
		{"cmd/rounds", module + "/rules/credit", false, true},
		{"test/e2e", module + "/cmd/rounds", false, true},
		{"elsewhere", "time", false, false},
	} {
		if why := forbidden(c.from, c.to, c.test); (why == "") != c.ok {
			t.Errorf("%s imports %s (in a test: %v): %q", c.from, c.to, c.test, why)
		}
	}
}

// forbidden says why a package may not import another, or "".
func forbidden(from, to string, test bool) string {
	room, _, _ := strings.Cut(from, "/")
	allowed, known := rooms[room]
	if !known {
		return fmt.Sprintf("there is no room %q; choose one of cmd, contract, service, rules, kit, test", room)
	}
	inner, ours := strings.CutPrefix(to, module+"/")
	if !ours {
		return forbiddenLibrary(room, to, test)
	}
	if exceptions[[2]string{from, inner}] != "" {
		return ""
	}
	target, _, _ := strings.Cut(inner, "/")
	switch {
	case test && room == "service" && target == "service" && service(inner) == inner:
		return "" // a test sets up the schemas whose views its service reads; they come by the other's Schema()
	case target == "service" && room == "service" && service(from) != service(inner):
		return "services speak over gRPC, events and views, never by import"
	case target == room, slices.Contains(allowed, target):
		return ""
	case test && room == "kit" && target == "contract":
		return "" // a tool for messages is tested with messages
	}
	return fmt.Sprintf("from %s one may import %s", room, strings.Join(append([]string{room}, allowed...), ", "))
}

func forbiddenLibrary(room, to string, test bool) string {
	first, _, _ := strings.Cut(to, "/")
	if !strings.Contains(first, ".") || test {
		return "" // the standard library
	}
	switch room {
	case "rules":
		return "rules stand on the standard library alone"
	case "contract":
		for _, library := range protobuf {
			if strings.HasPrefix(to, library) {
				return ""
			}
		}
		return "a contract stands on protobuf alone"
	}
	return ""
}

// service is the first two parts of a path: "service/auth".
func service(path string) string {
	parts := strings.SplitN(path, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}
