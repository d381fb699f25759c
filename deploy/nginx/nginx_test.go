package nginx_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/deploy/nginx"
	"github.com/rounds-cme/rounds/kit/authority"
	"github.com/rounds-cme/rounds/kit/run/porttest"
)

// patience bounds waiting for what happens soon, on a machine that is busy with other tests.
const patience = time.Minute

// place is a real NGINX before services that say what they got.
type place struct {
	t        *testing.T
	dir      string
	address  string
	client   *http.Client
	log      *bytes.Buffer
	cmd      *exec.Cmd
	services map[string]*service
}

// service is a stand-in for one: it answers with its name and what it was sent.
type service struct {
	*httptest.Server

	asked atomic.Int64
	mu    sync.Mutex
	do    http.HandlerFunc
}

func (s *service) does(do http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do = do
}

func newService(t *testing.T, name string) *service {
	t.Helper()
	s := &service{do: func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s from %s trace %s upgrade %q cookie %q", name, r.URL.Path, r.Header.Get("X-Forwarded-For"), r.Header.Get("traceparent"),
			r.Header.Get("Upgrade"), r.Header.Get("Cookie"))
	}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.mu.Lock()
		do := s.do
		s.mu.Unlock()
		do(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// start runs NGINX on a site that listens on one port; change may decide more.
func start(t *testing.T, change ...func(*nginx.Site)) *place {
	t.Helper()
	p := &place{
		t: t, dir: t.TempDir(), address: "127.0.0.1:" + porttest.Free(t), log: &bytes.Buffer{}, services: map[string]*service{},
		client: &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	site := nginx.Site{Listen: []string{p.address}, Services: map[string][]string{}, Requests: 100000}
	for _, name := range nginx.Services() {
		p.services[name] = newService(t, name)
		site.Services[name] = []string{p.services[name].Listener.Addr().String()}
	}
	for _, c := range change {
		c(&site)
	}
	if err := site.Write(p.dir); err != nil {
		t.Fatal(err)
	}
	if out, err := p.command("-t").CombinedOutput(); err != nil || bytes.Contains(out, []byte("[warn]")) {
		t.Fatalf("nginx -t: %v\n%s", err, out)
	}
	p.cmd = p.command("-g", "daemon off;"+account())
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		_ = p.cmd.Wait()
	})
	p.await("it listens", func() bool {
		conn, err := net.DialTimeout("tcp", p.address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return p
}

func (p *place) command(more ...string) *exec.Cmd {
	p.t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program = "/usr/sbin/nginx"; !exists(program) {
			p.t.Fatal("nginx is missing: apt-get install nginx")
		}
	}
	return exec.CommandContext(context.Background(), program, append([]string{"-p", p.dir, "-c", filepath.Join(p.dir, "nginx.conf")}, more...)...) //nolint:gosec // Debian's own
}

// account keeps the workers of a root's NGINX from being somebody who may not enter the directory of a test.
func account() string {
	if os.Getuid() == 0 {
		return " user root;"
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (p *place) await(what string, is func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("not in time: %s\n%s", what, p.log)
		}
	}
}

// ask sends a request and returns status, headers and body.
func (p *place) ask(method, path string, body io.Reader, headers ...string) (int, http.Header, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.address+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := p.client.Do(r)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

func (p *place) get(path string, headers ...string) (int, http.Header, string) {
	p.t.Helper()
	return p.ask(http.MethodGet, path, nil, headers...)
}

func TestPathsLeadToServices(t *testing.T) {
	t.Parallel()
	p := start(t)
	for path, want := range map[string]string{
		"/": "ssr", "/articles/heart": "ssr", "/register": "ssr", "/static/app.css": "ssr", "/api/articles": "bff", "/api/register": "bff",
		"/auth/login": "auth", "/auth/refresh": "auth", "/live/connection/websocket": "livewebinar", "/mail/bounce": "notificationcenter",
		"/mailbox": "notificationcenter", "/mailbox/1": "notificationcenter",
	} {
		status, header, body := p.get(path)
		if name, _, _ := strings.Cut(body, " "); status != http.StatusOK || name != want {
			t.Errorf("%s: %d %s, want %s", path, status, body, want)
		}
		if server := header.Get("Server"); server != "nginx" {
			t.Errorf("%s tells more than it must: Server: %s", path, server)
		}
	}
}

// TestWhatIsPassedOn looks at what a service learns of a request: where it comes from, and the trace that begins here.
func TestWhatIsPassedOn(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, _, body := p.get("/articles?token=secret", "X-Forwarded-For", "203.0.113.9", "traceparent", "00-11111111111111111111111111111111-2222222222222222-01")
	_, trace, _ := strings.Cut(body, "trace 00-")
	if !strings.Contains(body, "from 127.0.0.1 ") || len(trace) < 53 || strings.HasPrefix(trace, "1111") {
		t.Errorf("a forged address or trace is passed on: %s", body)
	}
	p.await("the log has the same trace, the network, and no token", func() bool {
		text, err := os.ReadFile(filepath.Join(p.dir, "access.log"))
		line := string(text)
		return err == nil && strings.Contains(line, `"trace":"`+trace[:32]+`"`) && strings.Contains(line, `"net":"127.0.0.0/24"`) &&
			!strings.Contains(line, "secret") && !strings.Contains(line, "127.0.0.1\"")
	})
	behind := start(t, func(s *nginx.Site) { s.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	if _, _, body := behind.get("/articles", "X-Forwarded-For", "198.51.100.1, 203.0.113.9"); !strings.Contains(body, "from 203.0.113.9 ") {
		t.Errorf("behind a proxy of ours: %s", body)
	}
}

// TestPagesAreKept asks for pages that may be kept, and for those that may not.
// TestNameWithItsPort: services hold the origin of a request against the name that they were asked under, and a browser's origin has the port.
func TestNameWithItsPort(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.services["auth"].does(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) })
	if _, _, name := p.get("/auth/session"); name != p.address {
		t.Errorf("the service was asked as %q, NGINX as %q", name, p.address)
	}
}

func TestPagesAreKept(t *testing.T) {
	t.Parallel()
	p := start(t)
	ssr := p.services["ssr"]
	var edition atomic.Int64
	page := func(control string, more ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", control)
			w.Header().Set("Vary", "Cookie, Accept-Language")
			for i := 0; i+1 < len(more); i += 2 {
				w.Header().Set(more[i], more[i+1])
			}
			fmt.Fprintf(w, "%s edition %d", r.Header.Get("Accept-Language"), edition.Add(1))
		}
	}
	same := func(path string, headers ...string) bool {
		_, _, first := p.get(path, headers...)
		_, _, second := p.get(path, headers...)
		return first == second
	}
	ssr.does(page("public, max-age=0, s-maxage=60"))
	if !same("/a") || !same("/a", "Accept-Language", "sl") || !same("/a?page=2") {
		t.Error("a page that may be kept is asked for each time")
	}
	if _, _, sl := p.get("/a", "Accept-Language", "sl"); !strings.HasPrefix(sl, "sl ") {
		t.Errorf("a page in another language: %s", sl)
	}
	if same("/a", "Cookie", "rounds_access=token") {
		t.Error("somebody who is logged in gets a page of visitors")
	}
	if _, header, _ := p.get("/a"); header.Get("Cache-Control") != "no-cache" {
		t.Errorf("browsers are told %q", header.Get("Cache-Control"))
	}
	if ssr.does(page("private, no-store")); same("/b") {
		t.Error("a page that must not be kept is kept")
	}
	if ssr.does(page("public, s-maxage=60", "Set-Cookie", "rounds_notice=; Max-Age=0")); same("/c") {
		t.Error("a page with a cookie is kept")
	}
	// Who is logged in never leaves anything behind for others, even if the page says that it may be kept.
	ssr.does(page("public, s-maxage=60"))
	_, _, own := p.get("/d", "Cookie", "rounds_access=token")
	if _, _, other := p.get("/d"); other == own {
		t.Error("a visitor gets the page of somebody who was logged in")
	}
}

// TestStalePages lets a page grow old while its service is slow, and then away: readers get the old one at once.
func TestStalePages(t *testing.T) {
	t.Parallel()
	p := start(t)
	ssr := p.services["ssr"]
	var edition atomic.Int64
	hold := make(chan struct{})
	ssr.does(func(w http.ResponseWriter, _ *http.Request) {
		n := edition.Add(1)
		if n > 1 {
			<-hold
		}
		w.Header().Set("Cache-Control", "public, s-maxage=1, stale-while-revalidate=600, stale-if-error=600")
		fmt.Fprintf(w, "edition %d", n)
	})
	if _, _, body := p.get("/"); body != "edition 1" {
		t.Fatal(body)
	}
	p.await("the page is old, and its service is asked for a newer one", func() bool {
		if _, _, body := p.get("/"); body != "edition 1" {
			t.Fatalf("a reader waited for %s", body)
		}
		return edition.Load() == 2
	})
	close(hold)
	p.await("the newer page is there", func() bool { _, _, body := p.get("/"); return body != "edition 1" })
	ssr.Close()
	if status, _, body := p.get("/"); status != http.StatusOK || !strings.HasPrefix(body, "edition") {
		t.Errorf("with its service away: %d %s", status, body)
	}
}

func TestAnswersOfItsOwn(t *testing.T) {
	t.Parallel()
	p := start(t, func(s *nginx.Site) { s.Guesses = 1 })
	p.services["ssr"].does(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, "my own words")
	})
	if status, _, body := p.get("/busy"); status != http.StatusServiceUnavailable || body != "my own words" {
		t.Errorf("the answer of a service is replaced: %d %s", status, body)
	}
	for _, name := range []string{"auth", "bff"} {
		p.services[name].Close()
	}
	large := strings.NewReader(strings.Repeat("x", 17<<20))
	for _, c := range []struct {
		name   string
		ask    func() (int, http.Header, string)
		status int
		kind   string
		want   string
	}{
		{"a page whose service is away", func() (int, http.Header, string) { return p.get("/auth/refresh") }, 503, "text/html", "Ta del Rounds trenutno ni na voljo"},
		{"an answer of the API whose service is away", func() (int, http.Header, string) { return p.get("/api/articles") }, 503, "application/problem+json", `"code": "unavailable"`},
		{"too large for a page", func() (int, http.Header, string) { return p.ask(http.MethodPost, "/profile", large) }, 413, "text/html", "This is too large."},
		{"too large for the API", func() (int, http.Header, string) { return p.ask(http.MethodPost, "/api/comments", large) }, 413, "application/problem+json", `"code": "http.too_large"`},
	} {
		status, header, body := c.ask()
		if status != c.status || !strings.HasPrefix(header.Get("Content-Type"), c.kind) || !strings.Contains(body, c.want) || len(header.Get("X-Request-Id")) != 32 {
			t.Errorf("%s: %d %v\n%s", c.name, status, header, body)
		}
		_, _ = large.Seek(0, io.SeekStart)
	}
	refused := 0
	for range 60 {
		if status, header, body := p.ask(http.MethodPost, "/auth/login", nil); status == http.StatusTooManyRequests {
			refused++
			if header.Get("Retry-After") == "" || !strings.Contains(body, "Preveč zahtev.") {
				t.Fatalf("%v\n%s", header, body)
			}
		}
	}
	if refused == 0 {
		t.Error("nobody is kept from guessing passwords")
	}
	if err := os.WriteFile(filepath.Join(p.dir, "pages", "maintenance"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, header, body := p.get("/articles"); status != http.StatusServiceUnavailable || !strings.Contains(body, "Rounds vzdržujemo") || header.Get("Retry-After") == "" {
		t.Errorf("during maintenance: %d %s", status, body)
	}
	if status, _, body := p.get("/api/articles"); status != http.StatusServiceUnavailable || !strings.Contains(body, `"maintenance"`) {
		t.Errorf("the API during maintenance: %d %s", status, body)
	}
}

// TestOneOfTwoIsAway takes away one of two instances, then reloads all the time: no request fails.
func TestOneOfTwoIsAway(t *testing.T) {
	t.Parallel()
	var second *service
	p := start(t, func(s *nginx.Site) {
		second = newService(t, "ssr")
		s.Services["ssr"] = append(s.Services["ssr"], second.Listener.Addr().String())
	})
	ask := func() {
		if status, _, body := p.get("/articles"); status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
	}
	for range 20 {
		ask()
	}
	if p.services["ssr"].asked.Load() == 0 || second.asked.Load() == 0 {
		t.Errorf("one of two does all: %d and %d", p.services["ssr"].asked.Load(), second.asked.Load())
	}
	second.Close()
	for range 20 {
		ask()
	}
	for range 5 {
		if out, err := p.command("-s", "reload").CombinedOutput(); err != nil {
			t.Fatalf("reload: %v\n%s", err, out)
		}
		for range 20 {
			ask()
		}
	}
}

// TestTLS is the door as people have it.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, err := authority.Open(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Issue("site", time.Hour); err != nil {
		t.Fatal(err)
	}
	p := start(t, func(s *nginx.Site) {
		s.Certificate, s.Key = filepath.Join(dir, "site", "tls.crt"), filepath.Join(dir, "site", "tls.key")
	})
	p.services["ssr"].does(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) })
	roots, err := os.ReadFile(filepath.Join(dir, "site", "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{
			RootCAs: pool, ServerName: "site", MinVersion: version, MaxVersion: version, //nolint:gosec // old versions have to be refused
		}}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.address+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err == nil {
			name, _ := io.ReadAll(answer.Body) //nolint:errcheck // then it is not the name
			_ = answer.Body.Close()
			if string(name) != p.address {
				t.Errorf("TLS %x: the service was asked as %q", version, name)
			}
		}
		if got := err == nil && answer.ProtoMajor == 2; got != want {
			t.Errorf("TLS %x: %v", version, err)
		}
		client.CloseIdleConnections()
	}
}
