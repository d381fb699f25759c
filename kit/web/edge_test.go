package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.Get("/", web.Public, func(w http.ResponseWriter, r *http.Request) error {
		_, err := fmt.Fprint(w, web.Address(r.Context()))
		return err
	})
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.9:1", "", "203.0.113.9"},
		{"203.0.113.9:1", "1.2.3.4", "203.0.113.9"}, // a stranger claims to be somebody else
		{"10.0.0.1:1", "1.2.3.4", "1.2.3.4"},
		{"10.0.0.1:1", "6.6.6.6, 1.2.3.4", "1.2.3.4"}, // the client wrote the first one itself
		{"10.0.0.1:1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"},
		{"10.0.0.1:1", "1.2.3.4, rubbish", "10.0.0.1"},
		{"10.0.0.1:1", "", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:1", "2001:db8::1", "2001:db8::1"},
		{"@", "1.2.3.4", "invalid IP"},
	} {
		headers := []string{"Remote: " + c.remote}
		if c.forwarded != "" {
			headers = append(headers, "X-Forwarded-For: "+c.forwarded)
		}
		if w := h.ask("GET", "/", "", headers...); w.Body.String() != c.want {
			t.Errorf("%+v: %s", c, w.Body)
		}
	}
	if w := h.ask("GET", "/", "", "Remote: 10.0.0.1:1", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 1.2.3.4"); w.Body.String() != "1.2.3.4" {
		t.Errorf("two headers: %s", w.Body)
	}
}

func TestTraceOfStrangersIsNotTaken(t *testing.T) {
	t.Parallel()
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	h := newHouse(t, nil)
	for remote, same := range map[string]bool{"10.0.0.1:1": true, "203.0.113.9:1": false} {
		w := h.ask("GET", "/", "", "Remote: "+remote, obs.Header+": 00-"+trace+"-00f067aa0ba902b7-01")
		if got := w.Header().Get(web.RequestID); (got == trace) != same || len(got) != 32 {
			t.Errorf("%s: %s", remote, got)
		}
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *web.Options) {
		o.PerAddress = web.Rate{Every: time.Second, Burst: 5}
		o.PerAccount = web.Rate{Every: time.Minute, Burst: 2}
	})
	h.Get("/", web.Public, say("x"))
	h.Post("/login", web.Public, say("x"), web.Limit(web.Rate{Every: 10 * time.Second, Burst: 1}))
	from := func(n int) string { return fmt.Sprintf("Remote: 203.0.113.%d:1", n) }
	for i := range 7 {
		w := h.ask("GET", "/", "", from(1))
		if want := map[bool]int{true: 200, false: 429}[i < 5]; w.Code != want {
			t.Errorf("request %d: %d", i, w.Code)
		}
		if w.Code == 429 && (w.Header().Get("Retry-After") != "1" || problem(t, w).Code != "http.too_many") {
			t.Errorf("%v %s", w.Header(), w.Body)
		}
	}
	if w := h.ask("GET", "/", "", from(2)); w.Code != 200 {
		t.Errorf("somebody else: %d", w.Code)
	}
	h.now = h.now.Add(time.Second)
	if w := h.ask("GET", "/", "", from(1)); w.Code != 200 {
		t.Errorf("after the wait: %d", w.Code)
	}
	if a, b := h.ask("POST", "/login", "", from(3)), h.ask("POST", "/login", "", from(3)); a.Code != 200 || b.Code != 429 || b.Header().Get("Retry-After") != "10" {
		t.Errorf("%d %d", a.Code, b.Code)
	}
	member := cookie(h.token(t, token.Member))
	for i := range 3 {
		w := h.ask("GET", "/", "", member, from(10+i)) // one account from three addresses
		if want := map[bool]int{true: 200, false: 429}[i < 2]; w.Code != want {
			t.Errorf("account, request %d: %d", i, w.Code)
		}
	}
	for i := range 6 {
		w := h.ask("GET", "/", "", fmt.Sprintf("Remote: [2001:db8::%x]:1", i)) // one customer, many addresses
		if want := map[bool]int{true: 200, false: 429}[i < 5]; w.Code != want {
			t.Errorf("IPv6, request %d: %d", i, w.Code)
		}
	}
}

func TestSafeNext(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"/", "/a", "/a?b=c&d=%2F", "/a#b", "/članki", "/a//b", "/a?next=https://x.example", "/@x"} {
		if got := web.SafeNext(good, "/home"); got != good {
			t.Errorf("%q became %q", good, got)
		}
	}
	for _, bad := range []string{
		"", "a", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "\t//evil.example",
		" /a", "/a b", "https://evil.example", "https:evil.example", "javascript:alert(1)", "data:text/html,x", "/%2fevil.example",
		"/%5cevil.example", "/%09/evil.example", "/a\r\nSet-Cookie: x=y", "/%0d%0aSet-Cookie:x", "/\x00", "/%00", "/%zz", "?a", "#a",
		"/" + strings.Repeat("a", 3000), "/\u0085x", "/\xff",
	} {
		if got := web.SafeNext(bad, "/home"); got != "/home" {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func TestStatic(t *testing.T) {
	t.Parallel()
	style := strings.Repeat("a{color:red}", 200)
	s, err := web.NewStatic(fstest.MapFS{"app.css": {Data: []byte(style)}, "img/logo.svg": {Data: []byte("<svg/>")}, "clip.mp4": {Data: []byte("0123456789")}}, "/static")
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, nil)
	s.Register(h.Mux)
	url := s.URL("app.css")
	if !strings.HasPrefix(url, "/static/app.") || !strings.HasSuffix(url, ".css") || len(url) != len("/static/app..css")+16 {
		t.Fatal(url)
	}
	w := h.ask("GET", url, "")
	if w.Code != 200 || w.Body.String() != style || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	zip := h.ask("GET", url, "", "Accept-Encoding: br, gzip")
	if zip.Header().Get("Content-Encoding") != "gzip" || zip.Body.Len() >= len(style) || zip.Header().Get("ETag") == w.Header().Get("ETag") || zip.Header().Get("Vary") == "" {
		t.Errorf("%v", zip.Header())
	}
	if no := h.ask("GET", url, "", "Accept-Encoding: gzip; q=0"); no.Header().Get("Content-Encoding") != "" {
		t.Error("gzip was refused")
	}
	plain := h.ask("GET", "/static/app.css", "")
	if plain.Code != 200 || strings.Contains(plain.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", plain.Code, plain.Header())
	}
	if same := h.ask("GET", "/static/app.css", "", "If-None-Match: "+plain.Header().Get("ETag")); same.Code != 304 || same.Body.Len() != 0 {
		t.Errorf("the same again: %d", same.Code)
	}
	if part := h.ask("GET", "/static/clip.mp4", "", "Range: bytes=2-4", "Accept-Encoding: gzip"); part.Code != 206 || part.Body.String() != "234" {
		t.Errorf("a part: %d %s", part.Code, part.Body)
	}
	for _, path := range []string{"/static/", "/static/app.0000000000000000.css", "/static/img", "/static/%2e%2e/web_test.go", "/static/..%2fx", "/static/app.css/"} {
		if w := h.ask("GET", path, ""); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if got := s.URL("missing.js"); got != "/static/missing.js" {
		t.Error(got)
	}
}

// A WebSocket takes the connection over through everything that stands around it.
func TestSocketCanHijack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.Socket("/ws", web.Public, func(w http.ResponseWriter, _ *http.Request) error {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello\n")
		return rw.Flush()
	})
	server := httptest.NewServer(h)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "x")
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	line, err := bufio.NewReader(answer.Body).ReadString('\n')
	if answer.StatusCode != 101 || line != "hello\n" || err != nil {
		t.Errorf("%d %q %v", answer.StatusCode, line, err)
	}
}

// A body that never ends is cut off by the deadline of its route.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.Post("/x", web.Public, func(_ http.ResponseWriter, r *http.Request) error {
		_, err := io.ReadAll(r.Body)
		return errs.Wrap(err, errs.Invalid, "body.slow", "Too slow.")
	}, web.Within(50*time.Millisecond))
	server := httptest.NewServer(h)
	defer server.Close()
	body, never := io.Pipe()
	defer func() { _ = never.Close() }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/x", body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		return // hung up on: as good
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != 422 {
		t.Errorf("%d", answer.StatusCode)
	}
}

func TestServerHasTimeouts(t *testing.T) {
	t.Parallel()
	s := web.NewServer(http.NotFoundHandler())
	if s.ReadHeaderTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("%+v", s)
	}
}

// Bytes that are no text come from no browser, and no peer takes them: they are refused before anything asks for them.
func TestAddressesAreText(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.Get("/articles/{slug}", web.Public, func(http.ResponseWriter, *http.Request) error { return nil })
	for path, want := range map[string]int{
		"/articles/%C4%8Daj": 200, "/articles/%ff": 404, "/articles/a%00b": 404,
		"/articles/a?q=%C4%8Daj": 200, "/articles/a?q=%ff": 422, "/articles/a?q=a&q=%00": 422, "/articles/a?%ff=q": 422,
	} {
		if w := h.ask("GET", path, ""); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
