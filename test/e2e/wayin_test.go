package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/deploy/nginx"
	"github.com/rounds-cme/rounds/kit/run/porttest"
	"github.com/rounds-cme/rounds/service/ssr/form"
)

// wayIn is a real NGINX before the program.
type wayIn struct {
	t       *testing.T
	dir     string
	address string
}

func enter(t *testing.T, program string) *wayIn {
	t.Helper()
	w := &wayIn{t: t, dir: t.TempDir(), address: "127.0.0.1:" + porttest.Free(t)}
	site := nginx.Site{Listen: []string{w.address}, Services: map[string][]string{}, Requests: 10000}
	for _, name := range nginx.Services() {
		site.Services[name] = []string{strings.Replace(strings.TrimPrefix(program, "http://"), "localhost", "127.0.0.1", 1)}
	}
	if err := site.Write(w.dir); err != nil {
		t.Fatal(err)
	}
	global := "daemon off;"
	if os.Getuid() == 0 {
		global += " user root;" // who may enter the directory of a test
	}
	cmd := exec.CommandContext(context.Background(), "/usr/sbin/nginx", "-p", w.dir, "-c", filepath.Join(w.dir, "nginx.conf"), "-g", global) //nolint:gosec // Debian's own
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	w.await("it listens", func() bool {
		conn, err := net.DialTimeout("tcp", w.address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return w
}

func (w *wayIn) await(what string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("not in time: %s", what)
		}
	}
}

func (w *wayIn) get(client *http.Client, path string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+w.address+path, http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// taken says how often the log has a path with a word about the cache.
func (w *wayIn) taken(path, word string) int {
	text, err := os.ReadFile(filepath.Join(w.dir, "access.log"))
	if err != nil {
		return 0
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, fmt.Sprintf(`"path":%q`, path)) && strings.Contains(line, fmt.Sprintf(`"cache":%q`, word)) {
			n++
		}
	}
	return n
}

// throughNGINX goes in as visitors and members do in production. What is kept for visitors has no form of which two people would get
// the same key, and who is logged in gets pages of their own.
func throughNGINX(t *testing.T, program string) {
	w := enter(t, program)
	visitor := &http.Client{}
	open := []string{"/", "/help", "/privacy", "/articles", "/webinars", "/webinars/antibiotic-rounds", "/lecturers/vzorec", "/categories/infection"}
	for _, path := range open {
		for range 3 {
			if status, body := w.get(visitor, path); status != http.StatusOK || strings.Contains(body, form.KeyField) {
				t.Errorf("%s: %d, or it has a form of one person", path, status)
			}
		}
	}
	w.await("all of them come from what is kept", func() bool {
		for _, path := range open {
			w.get(visitor, path)
			if w.taken(path, "HIT")+w.taken(path, "STALE")+w.taken(path, "UPDATING") == 0 {
				return false
			}
		}
		return true
	})
	for range 3 {
		if status, _ := w.get(visitor, "/articles/there-is-none"); status != http.StatusNotFound {
			t.Errorf("a page that is not: %d", status)
		}
		w.get(visitor, "/login")
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	member := &http.Client{Jar: jar}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.address+"/auth/login",
		strings.NewReader(url.Values{"email": {"member@rounds.example"}, "password": {"rounds-demo-2026"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := member.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	for range 3 {
		if status, body := w.get(member, "/"); status != http.StatusOK || !strings.Contains(body, `action="/auth/logout"`) {
			t.Errorf("a member gets a page of visitors: %d", status)
		}
	}
	if _, body := w.get(visitor, "/"); strings.Contains(body, `action="/auth/logout"`) {
		t.Error("a visitor gets the page of a member")
	}
	w.await("the log tells of all that", func() bool { return w.taken("/", "BYPASS") >= 3 && w.taken("/login", "MISS") >= 3 })
	if n := w.taken("/login", "HIT") + w.taken("/articles/there-is-none", "HIT") + w.taken("/articles/there-is-none", "STALE"); n != 0 {
		t.Errorf("a form or an error was kept %d times", n)
	}
	conn, err := net.Dial("tcp", w.address) //nolint:noctx // it is there
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /live/connection/websocket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", w.address)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "101") {
		t.Errorf("an open connection: %q, %v", line, err)
	}
}
