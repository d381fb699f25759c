package postgres

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// launch starts the server from an operating system thread of its own: the kernel's promise to signal the child when
// its parent dies is about the thread that started it, so that thread must live as long as the process.
func (s *Server) launch() error {
	arguments := []string{
		"-D", s.cluster(), "-c", "listen_addresses=", "-c", "unix_socket_directories=" + s.socket,
		"-c", "unix_socket_permissions=0700",
	}
	for name, value := range s.config.Settings {
		arguments = append(arguments, "-c", name+"="+value)
	}
	//nolint:gosec,noctx // The program is the postgres that Find returned; Stop ends it gracefully.
	cmd := exec.Command(filepath.Join(s.config.Bin, "postgres"), arguments...)
	cmd.Dir, cmd.Env = "/", environment() // A directory that every user can be in.
	cmd.SysProcAttr = s.user.attributes()
	if s.config.Detached {
		cmd.SysProcAttr.Setsid = true
	} else {
		dieWithParent(cmd.SysProcAttr)
		cmd.SysProcAttr.Setpgid = true // Ctrl-C is for Rounds, which then stops the server in order.
	}
	file, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer file.Close()
	cmd.Stdout, cmd.Stderr = file, file
	s.cmd, s.done = cmd, make(chan struct{})
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- fmt.Errorf("start PostgreSQL: %w", err)
			return
		}
		started <- nil
		_ = cmd.Wait()
		close(s.done)
	}()
	return <-started
}

// Pid is the process id of the server.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Done is closed when the server has ended.
func (s *Server) Done() <-chan struct{} { return s.done }

// Stop ends the server: open transactions are rolled back, everything committed is on disk.
func (s *Server) Stop() error {
	defer func() { _ = os.Remove(s.socket) }() // Empty by now, unless the server was killed; the next start reuses it then.
	for _, stop := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		if err := s.cmd.Process.Signal(stop); err != nil {
			break // It has ended already.
		}
		select {
		case <-s.done:
			return nil
		case <-time.After(3 * time.Second):
		}
	}
	<-s.done
	return nil //nolint:nilerr // What failed is the signal to a process that is gone.
}

// clearStale waits for a server that a killed parent left and that is still going down, then removes the file that
// names it. PostgreSQL would refuse to start when the number in that file now belongs to another process.
func (s *Server) clearStale() error {
	file := filepath.Join(s.cluster(), "postmaster.pid")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		pid, ok := readPid(file)
		if !ok {
			return nil
		}
		if !isPostgres(pid, s.cluster()) {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("another PostgreSQL (process %d) still uses %s: stop it, then start again", pid, s.cluster())
		}
	}
	if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("remove stale pid file: %w", err)
	}
	return nil
}

func readPid(file string) (int, bool) {
	text, err := os.ReadFile(file) //nolint:gosec // Inside our own directory.
	if err != nil {
		return 0, false
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	return pid, err == nil && pid > 0
}

// isPostgres tells whether the process is a server on this very cluster, and not whatever got its number since.
func isPostgres(pid int, cluster string) bool {
	line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil {
		// Without /proc (macOS) signal 0 must do.
		return runtime.GOOS != "linux" && syscall.Kill(pid, 0) == nil
	}
	return strings.Contains(string(line), "postgres") && strings.Contains(string(line), cluster)
}
