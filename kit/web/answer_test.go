package web_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/web"
)

func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *web.Options) {
		o.HTTPS = true
		o.Policy = web.Policy{Media: []string{"blob:"}, Connect: []string{"wss://live.example"}}
	})
	h.Get("/", web.Public, say("x"))
	h.Get("/panic", web.Public, func(http.ResponseWriter, *http.Request) error { panic("x") })
	for _, path := range []string{"/x", "/panic"} {
		got := h.ask("GET", path, "").Header()
		csp := got.Get("Content-Security-Policy")
		for _, part := range []string{
			"default-src 'self'", "script-src 'self';", "style-src 'self';", "img-src 'self' data:;", "media-src 'self' blob:;",
			"connect-src 'self' wss://live.example;", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
		} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: %q is not in %q", path, part, csp)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Error(csp)
		}
		for _, name := range []string{"X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy", "Strict-Transport-Security", web.RequestID} {
			if got.Get(name) == "" {
				t.Errorf("%s: no %s", path, name)
			}
		}
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	text := strings.Repeat("Learning for doctors. ", 500)
	page := func(kind string) web.Handler {
		return func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", kind)
			_, err := io.WriteString(w, text)
			return err
		}
	}
	h.Get("/page", web.Public, page("text/html; charset=utf-8"))
	h.Get("/video", web.Public, page("video/mp4"))
	h.Get("/raw", web.Public, page("text/html"), web.Raw())
	for path, want := range map[string]string{"/page": "gzip", "/video": "", "/raw": ""} {
		w := h.ask("GET", path, "", "Accept-Encoding: gzip")
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("%s: %q", path, got)
		}
		var body io.Reader = w.Body
		if want == "gzip" {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if b, err := io.ReadAll(body); err != nil || string(b) != text {
			t.Errorf("%s: %d bytes, %v", path, len(b), err)
		}
	}
}

func TestRoutesAreListed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.Post("/b", web.Roles("host", "administrator"), say(""), web.Body(7))
	h.Get("/b", web.Public, say(""))
	h.Put("/c", web.Account, say(""))
	h.Patch("/c", web.Account, say(""))
	h.Delete("/c", web.Account, say(""))
	h.Socket("/a", web.Account, say(""))
	var got []string
	for _, r := range h.Routes() {
		got = append(got, fmt.Sprint(r.Method, " ", r.Pattern, " ", r.Access.Names(), " ", r.MaxBody()))
	}
	want := []string{
		"GET /a [account] 65536", "GET /b [public] 65536", "POST /b [host administrator] 7",
		"DELETE /c [account] 65536", "PATCH /c [account] 65536", "PUT /c [account] 65536",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestLineAndMetric(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.Get("/confirm/{code}", web.Public, func(w http.ResponseWriter, r *http.Request) error {
		obs.Event(r.Context()).Set("webinar", "w1")
		return say("x")(w, r)
	})
	h.ask("GET", "/confirm/MARKERpath?email=MARKERquery%40x.example", "", "Remote: 203.0.113.77:1", "User-Agent: MARKERagent", "Referer: MARKERreferer")
	var line map[string]any
	if err := json.Unmarshal(h.log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line["unit"] != "GET /confirm/{code}" || line["status"] != 200.0 || line["webinar"] != "w1" || line["net"] != "203.0.113.0/24" || line["service"] != "test" {
		t.Errorf("got %v", line)
	}
	if strings.Contains(h.log.String(), "MARKER") || strings.Contains(h.log.String(), "113.77") {
		t.Errorf("personal data: %s", h.log)
	}
	all, err := h.metrics.Gather()
	if err != nil || len(all) != 1 || !strings.Contains(fmt.Sprint(all[0]), "GET /confirm/{code}") {
		t.Errorf("%v %v", all, err)
	}
}
