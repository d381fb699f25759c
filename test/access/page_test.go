package access

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/rounds-cme/rounds/kit/rpc"
)

const anew = "go test ./test/access -run TestAccessPage -update"

// TestAccessPage holds docs/access.md, which people read in a review, against the code: who opens a door wider has to say so there.
func TestAccessPage(t *testing.T) {
	t.Parallel()
	h := open(t, io.Discard)
	want := "# Who may call what\n\nEvery HTTP route and every RPC, as the code says it; test/access calls each as everybody and holds the answers " +
		"against it.\nPublic: everybody. Account: everybody who is logged in. An approved account is a member, with whatever other role.\nWritten by `" + anew + "`.\n"
	service := ""
	for _, d := range h.doors() {
		if d.service != service {
			service = d.service
			want += fmt.Sprintf("\n## HTTP: %s\n\n| route | who |\n|---|---|\n", service)
		}
		want += fmt.Sprintf("| %#q | %s |\n", d, strings.Join(d.Access.Names(), ", "))
	}
	want += "\n## RPCs\n\n| RPC | called by | for |\n|---|---|---|\n"
	for _, a := range rpc.AccessTable(protoregistry.GlobalFiles) {
		want += fmt.Sprintf("| %#q | %s | %s |\n", a.Method, list(a.Callers, "any service"), list(a.Roles, "nobody in particular"))
	}
	path := filepath.Join(root, "docs/access.md")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil { //nolint:gosec // Everybody may read it.
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	there, now := strings.Split(string(committed), "\n"), strings.Split(want, "\n")
	for _, line := range now {
		if !slices.Contains(there, line) {
			t.Errorf("docs/access.md lacks the line %s: look whether that is meant, then %s", line, anew)
		}
	}
	for _, line := range there {
		if !slices.Contains(now, line) {
			t.Errorf("docs/access.md has the line %s, which the code does not: %s", line, anew)
		}
	}
}

func list(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}
