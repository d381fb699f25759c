// Package access holds who may do what against a running house: every HTTP route, every RPC, every event and every queue,
// called as everybody.
//
// Why on a running house and not in each service: a right is easily written down in one place and forgotten in another. So
// nothing here is a list of its own. What there is to call is asked of the code (the routes of each mux, the descriptors of the
// contracts, http.yaml, the event catalogue), and what must come of it follows from what the code says of itself; the one page
// that people keep, docs/access.md, is there to be read in a review. A route that is added tomorrow is called tomorrow, or its
// test fails with a sentence that says what is missing.
package access

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rounds-cme/rounds/kit/token"
)

const root = "../../"

//nolint:gochecknoglobals // A flag is one.
var update = flag.Bool("update", false, "write docs/access.md anew")

// Everybody who may call: a visitor, and one person for each role.
const visitor = "visitor"

func everybody() []string { return append([]string{visitor}, token.Roles()...) }

// services are the folders of service/, so that a tenth service cannot be forgotten here.
func services(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, "service"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names
}

// sources calls look with every hand-written file of a service whose name ends so.
func sources(t *testing.T, service, ending string, look func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, "service", service), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ending) ||
			slices.ContainsFunc([]string{"_test.go", "_templ.go", ".sql.go"}, func(end string) bool { return strings.HasSuffix(path, end) }) {
			return err
		}
		raw, err := os.ReadFile(path) //nolint:gosec // A file of this repository.
		if err == nil {
			look(path, string(raw))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// each does something with all of a list, a few at a time: most of a call is waiting.
func each[T any](list []T, do func(T)) {
	const atOnce = 6
	next := make(chan T)
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for one := range next {
				do(one)
			}
		})
	}
	for _, one := range list {
		next <- one
	}
	close(next)
	group.Wait()
}
