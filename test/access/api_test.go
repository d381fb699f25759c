package access

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
)

// rule is one line of contract/bff/v1/http.yaml: where an RPC stands in the JSON API.
type rule struct {
	Selector string `yaml:"selector"`
	Get      string `yaml:"get"`
	Post     string `yaml:"post"`
	Put      string `yaml:"put"`
	Patch    string `yaml:"patch"`
	Delete   string `yaml:"delete"`
}

// place is a method and a path; what the parts in braces are called does not matter.
func (r rule) place() string {
	for method, path := range map[string]string{
		http.MethodGet: r.Get, http.MethodPost: r.Post, http.MethodPut: r.Put, http.MethodPatch: r.Patch, http.MethodDelete: r.Delete,
	} {
		if path != "" {
			return place(method, path)
		}
	}
	return ""
}

func (r rule) rpc(t *testing.T) protoreflect.MethodDescriptor {
	t.Helper()
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(r.Selector))
	if err != nil {
		t.Fatalf("http.yaml: %s: %v", r.Selector, err)
	}
	method, ok := found.(protoreflect.MethodDescriptor)
	if !ok {
		t.Fatalf("http.yaml: %s is no RPC", r.Selector)
	}
	return method
}

var inBraces = regexp.MustCompile(`\{[^}]*\}`)

func place(method, path string) string {
	return strings.ToUpper(method) + " " + inBraces.ReplaceAllString(path, "{}")
}

func rules(t *testing.T) []rule {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "contract/bff/v1/http.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		HTTP struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"http"`
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.HTTP.Rules) == 0 {
		t.Fatal("http.yaml has no rules: is its form another one?")
	}
	return file.HTTP.Rules
}

// notJSON are RPCs of the BFF that only pages use, each with its reason.
func notJSON() map[string]string {
	return map[string]string{
		"rounds.bff.v1.People.Proof": "a file that only the page of the reviewer shows, in a frame without rights",
	}
}

// TestJSONAPI holds http.yaml, the routes of the BFF and the OpenAPI document against each other.
func TestJSONAPI(t *testing.T) {
	t.Parallel()
	routes := map[string]web.Route{}
	for _, r := range open(t, io.Discard).routes("bff") {
		routes[place(r.Method, r.Pattern)] = r
	}
	delete(routes, "GET /api/openapi.json") // the document itself
	documented := openAPI(t)
	allows := map[string]rpc.Access{}
	for _, a := range rpc.AccessTable(protoregistry.GlobalFiles) {
		allows[strings.ReplaceAll(strings.TrimPrefix(a.Method, "/"), "/", ".")] = a
	}
	selected := map[string]bool{}
	for _, one := range rules(t) {
		at := one.place()
		selected[one.Selector] = true
		route, there := routes[at]
		switch {
		case !there:
			t.Errorf("%s stands at %s in http.yaml: add it to service/bff/routes.go, with who may call it", one.Selector, at)
		case !strict(route.Access, allows[one.Selector]):
			t.Errorf("%s lets in %v, but %s allows only %v: the door must not be wider than the room", at, route.Access.Names(), one.Selector, allows[one.Selector].Roles)
		}
		if !slices.Contains(documented, at) {
			t.Errorf("%s is not in openapi.json: tools/generate proto", at)
		}
		delete(routes, at)
		documented = slices.DeleteFunc(documented, func(other string) bool { return other == at })
	}
	for _, at := range slices.Sorted(maps.Keys(routes)) {
		t.Errorf("service/bff/routes.go has %s, and contract/bff/v1/http.yaml has no rule for it", at)
	}
	for _, at := range documented {
		t.Errorf("openapi.json has %s, and http.yaml has no rule for it: tools/generate proto", at)
	}
	for name := range allows {
		if _, told := notJSON()[name]; strings.HasPrefix(name, "rounds.bff.v1.") && selected[name] == told {
			t.Errorf("%s: an RPC of the BFF either has a rule in http.yaml, or stands in notJSON with its reason", name)
		}
	}
}

// strict tells whether everybody who comes through the route may call the RPC: the router asks first, and what it lets in by
// mistake only the RPC would stop.
func strict(door web.Access, room rpc.Access) bool {
	if !room.Declared {
		return false
	}
	for _, role := range everybody() {
		if enters(door.Names(), role) && !enters(room.Roles, role) {
			return false
		}
	}
	return true
}

// enters tells whether a list of names lets in who has just this role.
func enters(names []string, role string) bool {
	return len(names) == 0 || slices.Contains(names, "public") || slices.Contains(names, rpc.Visitor) ||
		(slices.Contains(names, rpc.Account) && role != visitor) || slices.Contains(names, role)
}

// TestStrict holds the comparison itself.
func TestStrict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		door web.Access
		room []string
		want bool
	}{
		{web.Public, nil, true},
		{web.Public, []string{rpc.Visitor}, true},
		{web.Public, []string{rpc.Account}, false},
		{web.Account, []string{rpc.Account}, true},
		{web.Account, []string{token.Member}, false},
		{web.Roles(token.Member), []string{rpc.Account}, true},
		{web.Roles(token.Member, token.Host), []string{token.Member}, false},
		{web.Roles(token.Host), []string{token.Member, token.Host}, true},
	} {
		if got := strict(c.door, rpc.Access{Roles: c.room, Declared: true}); got != c.want {
			t.Errorf("a door for %v before a room for %v: strict is %t", c.door.Names(), c.room, got)
		}
	}
	if strict(web.Roles(token.Member), rpc.Access{}) {
		t.Error("an RPC whose contract says nothing is behind no door strict enough")
	}
}

func openAPI(t *testing.T) []string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(bffpb.OpenAPI(), &document); err != nil {
		t.Fatal(err)
	}
	var all []string
	for path, methods := range document.Paths {
		for method := range methods {
			all = append(all, place(method, path))
		}
	}
	slices.Sort(all)
	return all
}

// routes are the HTTP routes of a service, by its own word; none for a service that only answers RPCs.
func (h *house) routes(service string) []web.Route {
	h.t.Helper()
	handler := h.members[service].Service.HTTP
	if handler == nil {
		return nil
	}
	mux, ok := handler.(interface{ Routes() []web.Route })
	if !ok {
		h.t.Fatalf("service/%s serves a %T: only a web.Mux lists its routes, so let New hand that over", service, handler)
	}
	return mux.Routes()
}
