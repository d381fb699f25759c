package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/postgres"
)

// settings trade durability for speed: a test that needs durability runs a server of its own.
func settings() map[string]string {
	return map[string]string{
		"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "256MB",
		"max_connections": "400", "autovacuum": "off", "log_min_messages": "fatal",
		"log_min_error_statement": "panic",
	}
}

// watchdog stops the server when none has come for ten minutes and no test process holds the lock "users". A test
// process that comes meanwhile waits for the lock and then starts a server anew. It stops it the quick way, and by force
// when even that takes long: a server that hangs while stopping must not make all tests wait, and nothing in it is
// worth more.
const watchdog = `while sleep 20; do
	kill -0 "$2" 2>/dev/null || exit
	[ -n "$(find "$1/users" -mmin +10)" ] || continue
	flock -n -x "$1/users" sh -c '
		for signal in QUIT QUIT KILL; do
			kill -$signal "$1" 2>/dev/null
			[ $signal != KILL ] || kill -KILL -- "-$1" 2>/dev/null
			for nth in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" 2>/dev/null || exit 0; sleep 0.5; done
		done' sh "$2" && exit
done`

// superuser is the role that the server was made with.
const superuser = "rounds_admin"

// server is the shared PostgreSQL, as one test process sees it.
type server struct {
	socket string
	admin  *pgxpool.Pool
	users  *os.File // holds the shared lock: a file that is collected is closed, and its lock gone

	mu   sync.Mutex
	made map[string]bool // templates that are known to be there
}

//nolint:gochecknoglobals // One server for the whole process is what this package is for.
var (
	once   sync.Once
	joined *server
	failed error
)

// shared joins the server once for this process.
func shared(ctx context.Context) (*server, error) {
	once.Do(func() { joined, failed = join(ctx) })
	return joined, failed
}

// join takes part in the shared server: it holds the shared lock for the life of this process and starts the server
// when nobody has.
func join(ctx context.Context) (*server, error) {
	dir := filepath.Join(os.TempDir(), "rounds-test-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(dir, 0o711); err != nil { //nolint:gosec // The server's user must pass through.
		return nil, fmt.Errorf("make directory: %w", err)
	}
	users, err := lock(ctx, filepath.Join(dir, "users"), syscall.LOCK_SH)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if err := os.Chtimes(users.Name(), now, now); err != nil {
		return nil, fmt.Errorf("say that we are here: %w", err)
	}
	starting, err := lock(ctx, filepath.Join(dir, "starting"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer starting.Close()
	s := &server{users: users, made: map[string]bool{}, socket: postgres.SocketDir(filepath.Join(dir, "server"))}
	if s.admin, err = db.Pool(context.WithoutCancel(ctx), postgres.URL(s.socket, superuser, "postgres"), 4); err != nil {
		return nil, err
	}
	if postgres.Ping(ctx, s.socket) == nil {
		return s, nil
	}
	if err := start(ctx, dir); err != nil {
		return nil, err
	}
	if err := s.sweep(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// sweep drops what killed tests and older migrations left; nobody uses it, since the server was only just started.
func (s *server) sweep(ctx context.Context) error {
	rows, err := s.admin.Query(ctx, `SELECT quote_ident(datname) FROM pg_database WHERE datname ~ '^(test|template|created|statistics)_'`)
	if err != nil {
		return fmt.Errorf("look for old databases: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read old databases: %w", err)
	}
	for _, name := range names {
		if err := s.execute(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}

// start starts the server, which outlives this process, and its watchdog.
func start(ctx context.Context, dir string) error {
	home := filepath.Join(dir, "server")
	bin, err := postgres.Find()
	if err != nil {
		return fmt.Errorf("%w: apt-get install postgresql", err)
	}
	config := postgres.Config{Bin: bin, Dir: home, Settings: settings(), Detached: true}
	server, err := postgres.Start(ctx, config)
	if err != nil {
		// Without fsync a machine that lost power may leave a cluster that cannot start; nothing in it matters.
		if err := os.RemoveAll(home); err != nil {
			return fmt.Errorf("remove broken server: %w", err)
		}
		if server, err = postgres.Start(ctx, config); err != nil {
			return err
		}
	}
	return watch(dir, server.Pid())
}

func watch(dir string, pid int) error {
	cmd := exec.Command("/bin/sh", "-c", watchdog, "sh", dir, strconv.Itoa(pid)) //nolint:gosec,noctx // Outlives us on purpose.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start watchdog: %w", err)
	}
	return cmd.Process.Release()
}

// lock opens and locks a file; the lock lasts until the file is closed or the process ends.
func lock(ctx context.Context, path string, how int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // A fixed name below the temporary directory.
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB) //nolint:gosec // A file descriptor fits an int.
		if err == nil {
			return file, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("lock %s, which another process holds: %w", path, err), file.Close())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
