package arch_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/contract/arrow"
)

var update = flag.Bool("update", false, "write what is written from contract/arrow")

// TestArrows holds what is written from the table against it.
func TestArrows(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"deploy/helm/rounds/files/arrows.yaml": arrow.YAML(), "docs/arrows.md": arrow.Markdown()} {
		path := filepath.Join(root(t), name)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil { //nolint:gosec // part of the repository
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is not what contract/arrow says (%v): go test ./test/arch -run TestArrows -update", name, err)
		}
	}
}

// asked are the services by which each service is called, as the contracts allow it.
func asked(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, name := range files(t) {
		parts := strings.Split(name, "/")
		if parts[0] != "contract" || filepath.Ext(name) != ".proto" {
			continue
		}
		for _, allow := range option.FindAllStringSubmatch(comment.ReplaceAllString(read(t, name), ""), -1) {
			for _, words := range list.FindAllStringSubmatch(allow[1], -1) {
				if words[1] != "callers" {
					continue
				}
				for _, caller := range quoted.FindAllStringSubmatch(words[2], -1) {
					all[parts[1]] = append(all[parts[1]], caller[1])
				}
			}
		}
	}
	return all
}

// TestArrowsAreWhatContractsAllow: an RPC that allows a caller without an arrow could never be called, and an arrow without an RPC opens
// the network for nothing. A service may call itself without any; of contract/queue every service has its own, if it works on a queue.
func TestArrowsAreWhatContractsAllow(t *testing.T) {
	t.Parallel()
	allowed := asked(t)
	for _, service := range arrow.Services() {
		want := allowed[service]
		if serves := read(t, "service/"+service+"/service.go"); strings.Contains(serves, "desk.Serve(") {
			want = append(want, allowed["queue"]...)
		}
		want = slices.DeleteFunc(slices.Clone(want), func(caller string) bool { return caller == service })
		slices.Sort(want)
		if want = slices.Compact(want); !slices.Equal(want, arrow.Callers(service)) {
			t.Errorf("%s: its contract allows %q, the arrows %q", service, want, arrow.Callers(service))
		}
	}
}

var dials = regexp.MustCompile(`\.Dial\("(\w+)"\)`)

// TestEveryDialHasAnArrow looks for connections that code makes.
func TestEveryDialHasAnArrow(t *testing.T) {
	t.Parallel()
	found := 0
	for _, name := range files(t) {
		parts := strings.Split(name, "/")
		if parts[0] != "service" || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, dial := range dials.FindAllStringSubmatch(read(t, name), -1) {
			found++
			if from, to := parts[1], dial[1]; from != to && !slices.Contains(arrow.Callers(to), from) {
				t.Errorf("%s calls %s, and there is no arrow", name, to)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d connections found: look at how they are made now", found)
	}
}

// TestArrowsAreWhole: ends have names, and none comes twice.
func TestArrowsAreWhole(t *testing.T) {
	t.Parallel()
	if !slices.Equal(services, arrow.Services()) {
		t.Errorf("the nine are %q", arrow.Services())
	}
	seen := map[arrow.Arrow]bool{}
	for _, a := range arrow.Table() {
		a.For = ""
		if a.From == "" || a.To == "" || a.From == a.To || seen[a] {
			t.Errorf("%+v", a)
		}
		seen[a] = true
	}
}
