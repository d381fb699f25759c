package postgres_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/postgres"
)

func start(t *testing.T, dir string) *postgres.Server {
	t.Helper()
	bin, err := postgres.Find()
	if err != nil {
		t.Fatalf("%v: apt-get install postgresql", err)
	}
	server, err := postgres.Start(context.Background(), postgres.Config{Bin: bin, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// home is a directory that the server's user can enter, also when the test runs as root.
func home(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rounds-postgres-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // Another user must pass through.
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "server")
}

func query(t *testing.T, address, statement string) string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, statement)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(texts, ",")
}

func TestKeepsDataOverStopAndKill(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), home(t)
	server := start(t, dir)
	if err := server.CreateDatabase(ctx, "rounds"); err != nil {
		t.Fatal(err)
	}
	if err := server.CreateDatabase(ctx, "rounds"); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	query(t, server.AdminURL("rounds"), "CREATE TABLE kept AS SELECT 7 AS id")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	server = start(t, dir)
	if got := query(t, server.AdminURL("rounds"), "SELECT id::text FROM kept"); got != "7" {
		t.Fatalf("after a stop: %q", got)
	}
	// As the kernel does when our process is killed: the server dies without tidying up.
	if err := syscall.Kill(server.Pid(), syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	<-server.Done()
	server = start(t, dir)
	if got := query(t, server.AdminURL("rounds"), "SELECT id::text FROM kept"); got != "7" {
		t.Fatalf("after a kill: %q", got)
	}
	if got := query(t, server.AdminURL("rounds"), "SHOW listen_addresses"); got != "" {
		t.Fatalf("it listens on %q, but nobody else may reach it", got)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
}

// TestSocketOfSomebodyElse has a name for the socket that leads into a directory of another's choice.
func TestSocketOfSomebodyElse(t *testing.T) {
	t.Parallel()
	config := postgres.Config{Dir: t.TempDir(), Bin: "/nowhere"}
	socket := postgres.SocketDir(config.Dir)
	if err := os.Symlink(t.TempDir(), socket); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(socket) })
	if _, err := postgres.Start(t.Context(), config); err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("started: %v", err)
	}
}

// TestNoSettingsInTheServer gives Rounds a secret as administrators do, which nobody finds in the server that holds what it keeps closed.
func TestNoSettingsInTheServer(t *testing.T) {
	t.Setenv("ROUNDS_DATAMANAGEMENT_PROOF_KEY", "secret")
	server := start(t, home(t))
	t.Cleanup(func() { _ = server.Stop() })
	conn, err := pgx.Connect(t.Context(), server.AdminURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), `CREATE TEMP TABLE known (settings integer); COPY known FROM PROGRAM 'env | grep -c ^ROUNDS_ || true'`)
	if err != nil {
		t.Fatal(err)
	}
	var settings int
	if err := conn.QueryRow(t.Context(), "SELECT settings FROM known").Scan(&settings); err != nil || settings != 0 {
		t.Errorf("the server knows %d settings: %v", settings, err)
	}
}

func TestStalePidOfAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := home(t)
	server := start(t, dir)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	// After a reboot the number in the file may belong to anybody: here, to this very test.
	file := filepath.Join(dir, "cluster", "postmaster.pid")
	if err := os.WriteFile(file, []byte("1\n"), 0o644); err != nil { //nolint:gosec // The server's user reads it.
		t.Fatal(err)
	}
	server = start(t, dir)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
}

func TestRunsBelowAClosedDirectory(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	if err := os.Chmod(parent, 0o700); err != nil { //nolint:gosec // That is what root's home looks like.
		t.Fatal(err)
	}
	server := start(t, filepath.Join(parent, "server"))
	if got := query(t, server.AdminURL("postgres"), "SHOW data_directory"); got != filepath.Join(parent, "server", "cluster") {
		t.Fatalf("it runs in %s", got)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
}
