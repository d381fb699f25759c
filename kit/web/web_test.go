package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
)

// house is a mux with its log, and a way to log in.
type house struct {
	*web.Mux

	log     *bytes.Buffer
	metrics *prometheus.Registry
	signer  *token.Signer
	now     time.Time
}

func newHouse(t *testing.T, change func(*web.Options)) *house {
	t.Helper()
	dir := t.TempDir()
	h := &house{log: &bytes.Buffer{}, metrics: prometheus.NewRegistry(), now: time.Date(2026, 11, 26, 18, 0, 0, 0, time.UTC)}
	now := func() time.Time { return h.now }
	if err := token.Ensure(dir, h.now); err != nil {
		t.Fatal(err)
	}
	h.signer = token.NewSigner(dir, now)
	o := web.Options{
		Name: "test", Log: obs.NewLogger(h.log, slog.LevelInfo), Metrics: h.metrics, Now: now,
		Tokens:  token.NewVerifier(filepath.Join(dir, token.PublicFile), now),
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}
	if change != nil {
		change(&o)
	}
	h.Mux = web.New(o)
	return h
}

func (h *house) token(t *testing.T, roles ...string) string {
	t.Helper()
	raw, err := h.signer.Sign(token.Claims{Account: uuid.New(), Session: uuid.New(), Roles: roles, Expires: h.now.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// ask sends a request; headers are "Name: value".
func (h *house) ask(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Remote" {
			r.RemoteAddr = value
			continue
		}
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func say(text string) web.Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func problem(t *testing.T, w *httptest.ResponseRecorder) errs.Problem {
	t.Helper()
	var p errs.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if p.Status != w.Code || p.RequestID == "" || p.RequestID != w.Header().Get(web.RequestID) {
		t.Errorf("status %d, problem %+v", w.Code, p)
	}
	return p
}

func cookie(raw string) string { return "Cookie: " + web.AccessCookie + "=" + raw }

func TestAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.Get("/open", web.Public, say("in"))
	h.Get("/mine", web.Account, say("in"))
	h.Get("/admin", web.Roles(token.Administrator, token.Analyst), say("in"))
	member, admin := h.token(t, token.Member), h.token(t, token.Administrator)
	h.now = h.now.Add(-2 * time.Hour)
	old := h.token(t, token.Administrator)
	h.now = h.now.Add(2 * time.Hour)
	for _, c := range []struct {
		path, header string
		want         int
		code         string
	}{
		{"/open", "", 200, ""},
		{"/open", cookie(old), 200, ""},
		{"/open", cookie("x.y.z"), 200, ""},
		{"/open", "Authorization: Bearer x.y.z", 401, token.CodeInvalid},
		{"/mine", "", 401, "auth.required"},
		{"/mine", cookie(old), 401, token.CodeExpired},
		{"/mine", cookie(""), 401, "auth.required"},
		{"/mine", cookie(member), 200, ""},
		{"/mine", "Authorization: bearer " + member, 200, ""},
		{"/mine", "Authorization: Basic " + member, 401, "auth.required"},
		{"/admin", cookie(member), 403, "auth.role"},
		{"/admin", cookie(admin), 200, ""},
		{"/admin", "Authorization: Bearer " + admin + "x", 401, token.CodeInvalid},
	} {
		w := h.ask("GET", c.path, "", c.header)
		if w.Code != c.want {
			t.Errorf("%s with %.30q: %d, want %d", c.path, c.header, w.Code, c.want)
		}
		if c.code != "" && problem(t, w).Code != c.code {
			t.Errorf("%s with %.30q: %s, want %s", c.path, c.header, w.Body, c.code)
		}
	}
	if w := h.ask("GET", "/mine", "", cookie(member)); w.Header().Get("Cache-Control") != "private, no-store" {
		t.Error("a personal page may be cached")
	}
	if strings.Contains(h.log.String(), "eyJ") {
		t.Error("a token is in the log")
	}
}

func TestForgottenAccessPanics(t *testing.T) {
	t.Parallel()
	for name, register := range map[string]func(*web.Mux){
		"no access":  func(m *web.Mux) { m.Get("/x", web.Access{}, say("")) },
		"no role":    func(m *web.Mux) { m.Get("/x", web.Roles(), say("")) },
		"no slash":   func(m *web.Mux) { m.Get("x", web.Public, say("")) },
		"twice":      func(m *web.Mux) { m.Get("/x", web.Public, say("")); m.Get("/x", web.Public, say("")) },
		"bad policy": func(*web.Mux) { web.New(web.Options{Policy: web.Policy{Media: []string{"x; script-src *"}}}) },
		"inline":     func(*web.Mux) { web.New(web.Options{Policy: web.Policy{Connect: []string{"'unsafe-inline'"}}}) },
		"bad origin": func(*web.Mux) { web.New(web.Options{Origins: []string{"example.org/"}}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was accepted", name)
				}
			}()
			register(newHouse(t, nil).Mux)
		}()
	}
}

func TestHooks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *web.Options) {
		o.Identify = func(w http.ResponseWriter, r *http.Request, v web.Visitor) (web.Visitor, error) {
			switch {
			case r.URL.Query().Has("answer"):
				http.Redirect(w, r, "/auth/refresh", http.StatusSeeOther)
				return v, web.ErrAnswered
			case r.URL.Query().Has("fail"):
				return v, errs.New(errs.Unavailable, "x", "y")
			case r.URL.Query().Has("promote"):
				v.Claims.Roles = []string{token.Administrator}
			}
			return v, nil
		}
		o.Denied = func(w http.ResponseWriter, r *http.Request, e *errs.Error) error {
			if e.Kind == errs.Unauthenticated {
				return web.Redirect(w, r, web.WithNext("/login", r), "/login")
			}
			return e
		}
		o.Render = func(w http.ResponseWriter, _ *http.Request, status int, e *errs.Error) error {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, err := io.WriteString(w, "<p>"+e.Sentence)
			return err
		}
	})
	h.Get("/admin", web.Roles(token.Administrator), say("in"))
	member := cookie(h.token(t, token.Member))
	if w := h.ask("GET", "/admin?a=1&b=2", ""); w.Code != 303 || w.Header().Get("Location") != "/login?next=%2Fadmin%3Fa%3D1%26b%3D2" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := h.ask("GET", "/admin", "", member); w.Code != 403 || w.Body.String() != "<p>You may not do this." {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for query, want := range map[string]int{"?answer": 303, "?fail": 503, "?promote": 200} {
		if w := h.ask("GET", "/admin"+query, "", member); w.Code != want {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}

func TestErrorsAndPanics(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.Get("/sql", web.Public, func(http.ResponseWriter, *http.Request) error { return errors.New("SELECT secret of CAUSE") })
	h.Get("/panic", web.Public, func(http.ResponseWriter, *http.Request) error { panic("CAUSE") })
	h.Get("/conflict", web.Public, func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("ETag", `"x"`)
		w.Header().Set("Content-Length", "999")
		return fmt.Errorf("up: %w", errs.New(errs.Conflict, "c.d", "No.").After(3*time.Second))
	})
	h.Get("/half", web.Public, func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half")
		return errors.New("CAUSE in the middle")
	})
	for _, path := range []string{"/sql", "/panic"} {
		w := h.ask("GET", path, "")
		if p := problem(t, w); w.Code != 500 || p.Detail != errs.Sorry || strings.Contains(w.Body.String(), "CAUSE") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	w := h.ask("GET", "/conflict", "")
	if w.Code != 409 || w.Header().Get("Retry-After") != "3" || w.Header().Get("ETag") != "" || w.Header().Get("Content-Length") == "999" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, accept := range []string{"", "Accept-Encoding: gzip"} {
		if w := h.ask("GET", "/half", "", accept); w.Body.String() != "half" {
			t.Errorf("a problem was written behind half an answer: %q", w.Body)
		}
	}
	if got := strings.Count(h.log.String(), "CAUSE"); got < 4 || !strings.Contains(h.log.String(), "goroutine") {
		t.Errorf("the log does not know the cause:\n%s", h.log)
	}
}

func TestARendererThatFails(t *testing.T) {
	t.Parallel()
	for name, render := range map[string]web.Renderer{
		"error": func(http.ResponseWriter, *http.Request, int, *errs.Error) error { return errors.New("template") },
		"panic": func(http.ResponseWriter, *http.Request, int, *errs.Error) error { panic("template") },
	} {
		h := newHouse(t, func(o *web.Options) { o.Render = render })
		if w := h.ask("GET", "/nowhere", ""); w.Code != 500 || problem(t, w).Code != errs.CodeInternal {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestMissingPagesAndMethods(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.Get("/articles/{slug}", web.Account, say("in"))
	h.Post("/articles/{slug}", web.Account, say("in"))
	h.Get("/{$}", web.Public, say("home"))
	for path, want := range map[string]int{"/": 200, "/nowhere": 404, "/articles/": 404, "/%2e%2e/etc/passwd": 404, "/articles/a/b": 404, "/articles/%00": 404} {
		if w := h.ask("GET", path, ""); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	w := h.ask("DELETE", "/articles/x", "")
	if w.Code != 405 || w.Header().Get("Allow") != "GET, POST" || problem(t, w).Code != "http.method" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := h.ask("MARKER", "/nowhere", ""); w.Code != 404 || strings.Contains(h.log.String(), "MARKER") {
		t.Errorf("an invented method: %d", w.Code)
	}
	if w := h.ask("GET", "/?q="+strings.Repeat("a", 5000), ""); w.Code != 414 {
		t.Errorf("a long query: %d", w.Code)
	}
}

func TestOriginOfChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *web.Options) { o.Origins = []string{"https://partner.example"} })
	h.Post("/x", web.Public, say("done"))
	h.Get("/x", web.Public, say("seen"))
	h.Socket("/ws", web.Public, say("open"))
	h.Post("/foreign", web.Public, say("done"), web.Foreign())
	for _, c := range []struct {
		method, path, headers string
		want                  int
	}{
		{"POST", "/x", "", 200},
		{"POST", "/x", "Sec-Fetch-Site: same-origin", 200},
		{"POST", "/x", "Sec-Fetch-Site: none", 200},
		{"POST", "/x", "Sec-Fetch-Site: same-site", 403},
		{"POST", "/x", "Sec-Fetch-Site: cross-site", 403},
		{"POST", "/x", "Origin: http://example.com", 200},
		{"POST", "/x", "Origin: http://example.com:81", 403},
		{"POST", "/x", "Origin: https://evil.example", 403},
		{"POST", "/x", "Origin: null", 403},
		{"POST", "/x", "Origin: https://partner.example", 200},
		{"POST", "/nowhere", "Origin: https://evil.example", 403},
		{"POST", "/foreign", "Origin: https://mail.example", 200},
		{"POST", "/foreign", "Sec-Fetch-Site: cross-site", 200},
		{"POST", "/foreign/", "Origin: https://mail.example", 403},
		{"GET", "/x", "Origin: https://evil.example", 200},
		{"GET", "/ws", "Origin: http://example.com", 200},
		{"GET", "/ws", "Origin: https://evil.example", 403},
		{"GET", "/ws", "Sec-Fetch-Site: cross-site", 403},
		{"GET", "/ws", "", 200},
	} {
		if w := h.ask(c.method, c.path, "", c.headers); w.Code != c.want {
			t.Errorf("%s %s %s: %d, want %d", c.method, c.path, c.headers, w.Code, c.want)
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	read := func(w http.ResponseWriter, r *http.Request) error {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		_, err = fmt.Fprint(w, len(b))
		return err
	}
	h.Post("/small", web.Public, read)
	h.Post("/large", web.Public, read, web.Body(1<<20))
	large := strings.Repeat("x", web.DefaultBody+1)
	if w := h.ask("POST", "/small", large[1:]); w.Code != 200 {
		t.Errorf("just small enough: %d", w.Code)
	}
	if w := h.ask("POST", "/small", large); w.Code != 413 || problem(t, w).Code != "http.too_large" {
		t.Errorf("announced: %d", w.Code)
	}
	r := httptest.NewRequest("POST", "/small", io.MultiReader(strings.NewReader(large)))
	r.ContentLength = -1
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 413 || problem(t, w).Code != "http.too_large" {
		t.Errorf("not announced: %d", w.Code)
	}
	if w := h.ask("POST", "/large", large); w.Code != 200 {
		t.Errorf("the route allows more: %d", w.Code)
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.Get("/slow", web.Public, func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	}, web.Within(20*time.Millisecond))
	if w := h.ask("GET", "/slow", ""); w.Code != 503 || problem(t, w).Code != errs.CodeDeadline {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
