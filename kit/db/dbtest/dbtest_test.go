package dbtest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/queue"
)

// asProgram makes the test binary join the shared server as another process would, and do nothing else.
const asProgram = "DBTEST_TEST_JOIN"

// BenchmarkNew is what each test pays for a database of its own.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		dbtest.New(b, queue.Schema())
	}
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	first, second := dbtest.New(t, queue.Schema()), dbtest.New(t, queue.Schema())
	if _, err := first.Admin().Exec(ctx, "CREATE TABLE mine (id int)"); err != nil {
		t.Fatal(err)
	}
	const undefinedTable = "42P01"
	if _, err := second.Admin().Exec(ctx, "SELECT id FROM mine"); db.Code(err) != undefinedTable {
		t.Errorf("a test sees the table of another: %v", err)
	}
	if again := first.Admin(); again != first.Admin() {
		t.Error("each call opens a pool of its own, and the server runs out of connections")
	}
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) { //nolint:tparallel // The inner one must end first.
	t.Parallel()
	watch := dbtest.New(t)
	var name string
	t.Run("inner", func(t *testing.T) { //nolint:paralleltest // Its end is waited for.
		inner := dbtest.New(t)
		name = inner.Admin().Config().ConnConfig.Database
	})
	var there bool
	if err := watch.Admin().QueryRow(context.Background(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		t.Errorf("%s is still there; %v", name, err)
	}
}

// Several test processes start at once, as `go test ./...` does, and meet on one server.
func TestProcessesShareOneServer(t *testing.T) {
	if os.Getenv(asProgram) != "" {
		t.Log("directory=" + directory(t))
		return
	}
	t.Parallel()
	want := directory(t)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=TestProcessesShareOneServer", "-test.v") //nolint:gosec,noctx // This very binary.
			cmd.Env = append(os.Environ(), asProgram+"=yes")
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "directory="+want) {
				t.Errorf("want %s: %v\n%s", want, err, out)
			}
		})
	}
	group.Wait()
}

func directory(t *testing.T) string {
	t.Helper()
	var text string
	if err := dbtest.New(t, queue.Schema()).Admin().QueryRow(context.Background(),
		"SELECT current_setting('data_directory') || ' ' || pg_postmaster_start_time()").Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}
