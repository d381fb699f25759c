package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rounds-cme/rounds/kit/run/porttest"
)

// upIn starts `rounds up` in a directory and waits until it says that it runs.
func upIn(t *testing.T, data string, more ...string) (p *process, site, private string) {
	t.Helper()
	port, privatePort := porttest.Free(t), porttest.Free(t)
	p = begin(t, append([]string{"up", "--data", data, "--port", port, "--private-port", privatePort, "--no-demo"}, more...)...)
	p.says("Rounds is running at http://localhost:" + port)
	return p, "http://127.0.0.1:" + port, "http://127.0.0.1:" + privatePort
}

func TestUpServesStopsAndRecovers(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	p, site, private := upIn(t, data)
	if status, body := get(private + "/readyz"); status != http.StatusOK || strings.Count(body, ": ready") != len(services(&configs{})) {
		t.Errorf("readyz: %d %s", status, body)
	}
	if status, body := get(private + "/metrics"); status != http.StatusOK || !strings.Contains(body, "go_goroutines") {
		t.Errorf("metrics: %d", status)
	}
	for _, path := range []string{"/metrics", "/readyz", "/debug/pprof/"} {
		if status, _ := get(site + path); status == http.StatusOK {
			t.Errorf("%s is for operators, and the site shows it", path)
		}
	}

	code, _, stderr := once(t, "up", "--data", data, "--port", porttest.Free(t))
	if code != 1 || !strings.Contains(stderr, "another Rounds is running in "+data) {
		t.Errorf("a second one in the same directory: %d %s", code, stderr)
	}

	database := databasePid(t, data)
	if code, took := p.stop(syscall.SIGINT); code != 0 {
		t.Errorf("Ctrl-C: code %d after %s:\n%s", code, took, p.stderr.String())
	}
	if alive(database) {
		t.Error("PostgreSQL outlived us")
	}

	p, _, _ = upIn(t, data)
	database = databasePid(t, data)
	p.stop(syscall.SIGKILL)
	await(t, "PostgreSQL ends after kill -9 of its parent", func() bool { return !alive(database) })

	p, _, private = upIn(t, data)
	p.await("all services are ready after kill -9", func() bool { status, _ := get(private + "/readyz"); return status == http.StatusOK })
	if code, took := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("SIGTERM: code %d after %s:\n%s", code, took, p.stderr.String())
	}
}

func TestUpRestartsItsDatabase(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	_, _, private := upIn(t, data)
	before := databasePid(t, data)
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "PostgreSQL is there again", func() bool {
		text, err := os.ReadFile(filepath.Join(data, "postgres", "cluster", "postmaster.pid")) //nolint:gosec // A test's own.
		return err == nil && len(text) > 0 && databasePid(t, data) != before
	})
	await(t, "all services are ready again", func() bool {
		status, _ := get(private + "/readyz")
		return status == http.StatusOK
	})
}

func TestUpFreshStartsOver(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	keys := filepath.Join(data, "keys", "jwks.json")
	read := func() string {
		text, err := os.ReadFile(keys) //nolint:gosec // A test's own.
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	p, _, _ := upIn(t, data)
	first := read()
	p.stop(syscall.SIGINT)
	p, _, _ = upIn(t, data)
	if read() != first {
		t.Error("keys changed although nobody asked for it: everybody was logged out")
	}
	p.stop(syscall.SIGINT)
	p, _, _ = upIn(t, data, "--fresh")
	if read() == first {
		t.Error("--fresh kept the old keys")
	}
	p.stop(syscall.SIGINT)
}

func TestUpSaysInOneSentenceWhatIsWrong(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It returns at once.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	_, takenPort, _ := net.SplitHostPort(taken.Addr().String())
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		arguments []string
		code      int
		want      string
	}{
		{"port in use", []string{"--port", takenPort, "--data", filepath.Join(dir, "a")}, 1, "is in use by another program"},
		{"directory that cannot be made", []string{"--data", "/proc/rounds"}, 1, "choose another one with --data"},
		{"a file", []string{"--data", filepath.Join(dir, "thesis.txt")}, 1, "choose another one with --data"},
		{"somebody else's directory", []string{"--data", dir}, 1, "has files that are not of Rounds"},
		{"somebody else's directory, fresh", []string{"--data", dir, "--fresh"}, 1, "has files that are not of Rounds"},
		{
			"a database that is not there",
			[]string{"--data", filepath.Join(dir, "b"), "--database-url", "postgres://rounds_admin@127.0.0.1:1/rounds"},
			1,
			"database rounds cannot be reached, look at --database-url",
		},
		{"a port that is none", []string{"--port", "99999"}, 2, "--port"},
		{"a setting that is none", []string{"--prot", "1"}, 2, "--prot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			arguments := []string{"up", "--private-port", porttest.Free(t)}
			if !strings.Contains(c.name, "port") {
				arguments = append(arguments, "--port", porttest.Free(t))
			}
			code, stdout, stderr := once(t, append(arguments, c.arguments...)...)
			if code != c.code || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "goroutine") {
				t.Errorf("code %d, said %q, want %q\n%s", code, stderr, c.want, stdout)
			}
			if c.code == 1 && strings.Count(stderr, "\n") != 1 {
				t.Errorf("not one sentence: %q", stderr)
			}
		})
	}
	t.Cleanup(func() {
		if _, err := os.Stat(filepath.Join(dir, "thesis.txt")); err != nil {
			t.Errorf("somebody else's file is gone: %v", err)
		}
	})
}

// Anybody but root meets directories that cannot be written.
func TestUpInADirectoryThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(dir, 0o500); err != nil { //nolint:gosec // A directory needs x.
		t.Fatal(err)
	}
	_, err := openDirectory(filepath.Join(dir, "data"), false)
	if os.Geteuid() == 0 {
		err = unusable(dir, os.ErrPermission) // Root may write everywhere; at least the sentence is looked at.
	}
	if err == nil || !strings.Contains(err.Error(), "cannot be written: choose another one with --data") {
		t.Errorf("got %v", err)
	}
}
