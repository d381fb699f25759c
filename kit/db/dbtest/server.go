package dbtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

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

// watchdog stops the server when no test process has held the lock "users" at some moment, looked at every 20 seconds.
// A test process that comes meanwhile waits for the lock and then starts a server anew. It must not wait long, so a
// server that does not go when it is asked is told, and then killed with all its processes.
const watchdog = `while sleep 20; do
	flock -n -x "$1/users" sh -c '
		for signal in INT QUIT KILL; do
			kill -$signal "$1" 2>/dev/null
			[ $signal = KILL ] && kill -KILL -- "-$1" 2>/dev/null
			for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32; do
				kill -0 "$1" 2>/dev/null || exit 0
				sleep 0.25
			done
		done' sh "$2" && exit
	kill -0 "$2" 2>/dev/null || exit
done`

// users keeps the shared lock alive: a file that is collected is closed, and its lock gone.
//
//nolint:gochecknoglobals,unused // One server for the whole process is what this package is for.
var (
	once   sync.Once
	users  *os.File
	socket string
	failed error
)

// shared joins the server once for this process.
func shared(ctx context.Context) (string, error) {
	once.Do(func() { socket, failed = join(ctx) })
	return socket, failed
}

// join takes part in the shared server: it holds the shared lock for the life of this process and starts the server
// when nobody has.
func join(ctx context.Context) (string, error) {
	dir := filepath.Join(os.TempDir(), "rounds-test-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(dir, 0o711); err != nil { //nolint:gosec // The server's user must pass through.
		return "", fmt.Errorf("make directory: %w", err)
	}
	var err error
	if users, err = lock(filepath.Join(dir, "users"), syscall.LOCK_SH); err != nil {
		return "", err
	}
	starting, err := lock(filepath.Join(dir, "starting"), syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer starting.Close()
	home := filepath.Join(dir, "server")
	socket := postgres.SocketDir(home)
	if postgres.Ping(ctx, socket) == nil {
		return socket, nil
	}
	bin, err := postgres.Find()
	if err != nil {
		return "", fmt.Errorf("%w: apt-get install postgresql", err)
	}
	config := postgres.Config{Bin: bin, Dir: home, Settings: settings(), Detached: true}
	server, err := postgres.Start(ctx, config)
	if err != nil {
		// Without fsync a machine that lost power may leave a cluster that cannot start; nothing in it matters.
		if err := os.RemoveAll(home); err != nil {
			return "", fmt.Errorf("remove broken server: %w", err)
		}
		if server, err = postgres.Start(ctx, config); err != nil {
			return "", err
		}
	}
	return socket, watch(dir, server.Pid())
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
func lock(path string, how int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // A fixed name below the temporary directory.
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), how); err != nil { //nolint:gosec // A file descriptor fits an int.
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}
