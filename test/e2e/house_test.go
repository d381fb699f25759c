package e2e

import (
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr"
	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// pagesAlone serves the pages with every peer missing.
func pagesAlone(t *testing.T) string {
	t.Helper()
	return pagesFor(t, nil)
}

func pagesFor(t *testing.T, tokens *token.Verifier) string {
	t.Helper()
	return pagesOn(t, tokens, rpc.NewDialer("ssr", rpc.NewLocal(), nil).Dial)
}

// pagesWith has one peer answer for all.
func pagesWith(t *testing.T, tokens *token.Verifier, peer grpc.ClientConnInterface) string {
	t.Helper()
	return pagesOn(t, tokens, func(string) grpc.ClientConnInterface { return peer })
}

func pagesOn(t *testing.T, tokens *token.Verifier, dial func(string) grpc.ClientConnInterface) string {
	t.Helper()
	s, err := ssr.New(&run.Deps{
		Name: "ssr", Now: time.Now, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Dial: dial, Tokens: tokens,
	}, ssr.Config{Zone: "Europe/Ljubljana"})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(s.HTTP)
	t.Cleanup(site.Close)
	return site.URL
}

// TestHouse looks at the pages that need no peer: both languages, both themes, a phone and a desk.
func TestHouse(t *testing.T) {
	t.Parallel()
	base := pagesAlone(t)
	for _, page := range []struct{ name, path, heading, headingSlovenian string }{
		{"landing", "/", "Continuing education", "Stalno izobraževanje"},
		{"design", "/design", "Design system", "Oblikovni sistem"},
		{"missing", "/nowhere", "This page does not exist", "Te strani ni"},
		{"help", "/help", "Help", "Pomoč"},
		{"privacy", "/privacy", "How your data are used", "Kako uporabljamo vaše podatke"},
	} {
		t.Run(page.name, func(t *testing.T) {
			t.Parallel()
			p := chromium.New(t, base)
			p.Forgive("404")
			p.Open(page.path)
			p.SeeText("h1", page.heading)
			looks(p, page.name+"-en", look{390, false}, look{1440, false}, look{390, true}, look{1440, true})
			p.Click("footer button[lang=sl]")
			p.SeeText("h1", page.headingSlovenian)
			if lang := browser.Eval[string](p, "document.documentElement.lang"); lang != "sl" {
				t.Errorf("the page says its language is %q", lang)
			}
			looks(p, page.name+"-sl", look{390, true}, look{1440, false})
		})
	}
}

// look is a way to look at a page: how wide, and with which theme preferred.
type look struct {
	width int64
	dark  bool
}

// looks checks a page in each way, by default on a light phone and a dark desk, and takes its picture.
func looks(p *browser.Page, name string, ways ...look) {
	if len(ways) == 0 {
		ways = []look{{390, false}, {1440, true}}
	}
	for _, way := range ways {
		p.Dark(way.dark)
		p.Width(way.width)
		p.Accessible()
		p.Fits()
		p.Screenshot(name + map[bool]string{true: "-dark", false: ""}[way.dark])
	}
}

// TestHeader shows who has every role the way to every room, on a desk and in the menu of a phone.
func TestHeader(t *testing.T) {
	t.Parallel()
	keys := t.TempDir()
	if err := token.Ensure(keys, time.Now()); err != nil {
		t.Fatal(err)
	}
	signed, err := token.NewSigner(keys, time.Now).Sign(token.Claims{
		Account: uuid.New(), Session: uuid.New(), Roles: token.Roles(), Language: "sl", Zone: "Europe/London", Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	p := chromium.New(t, pagesFor(t, token.NewVerifier(filepath.Join(keys, "jwks.json"), time.Now)))
	p.Cookie("rounds_access", signed)
	withoutRooms(p)
	p.Open("/help")
	p.SeeText("footer", "Europe/London")
	for _, href := range []string{"/articles", "/webinars", "/backoffice", "/analyst", "/notifications"} {
		p.See("header a[href='" + href + "']")
	}
	p.Gone("header a[href='/profile']")
	p.Click("[data-menu=account] summary")
	p.See("header a[href='/profile']")
	p.See("header a[href='/me']")
	p.See("header form[action='/auth/logout'] button")
	looks(p, "header", look{1440, true}, look{1440, false})
	p.Key(kb.Escape)
	p.Gone("header a[href='/profile']")
	p.Until(`document.activeElement.matches("[data-menu=account] summary")`)
	p.Width(390)
	p.Gone("header a[href='/backoffice']")
	p.Click("[data-menu=account] summary")
	p.See("header a[href='/profile']")
	looks(p, "header-account", look{390, true}, look{390, false})
	p.Screenshot("account-menu")
	p.Width(390)
	p.Click("[data-menu=''] summary")
	p.See("[data-menu=''] a[href='/backoffice']")
	p.Gone("header a[href='/profile']")
	p.Accessible()
	p.Fits()
	p.Screenshot("menu")
}

func TestTheme(t *testing.T) {
	t.Parallel()
	p := chromium.New(t, pagesAlone(t))
	p.Open("/help")
	p.Click("button[name=theme][value=dark]")
	p.Until(`document.documentElement.dataset.theme === "rounds-dark"`)
	p.Reload()
	p.Until(`document.documentElement.dataset.theme === "rounds-dark" && getComputedStyle(document.body).colorScheme.includes("dark")`)
	p.Click("button[name=theme][value=system]")
	p.Until(`document.documentElement.dataset.theme === undefined`)
}

// TestKeyboard finds the skip link first, and the error summary focused where a form has mistakes.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	p := chromium.New(t, pagesAlone(t))
	p.Open("/design")
	p.Until(`document.activeElement.matches("[data-error-summary]")`)
	p.Click("[data-error-summary] a[href='#f-email']")
	p.Until(`document.activeElement.id === "f-email"`)
	p.Open("/help")
	if first := browser.Eval[string](p, `document.querySelector("a, button, input").className`); !strings.Contains(first, "skip") {
		t.Errorf("the first thing to tab to is %q, want the skip link", first)
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	p := chromium.New(t, pagesAlone(t))
	p.Open("/design")
	p.Fill("#f-password", "secret words")
	p.Click("[data-shows-password]")
	p.Until(`document.querySelector("#f-password").type === "text"`)
	p.Fill("#f-comment", "žče")
	p.SeeText("#f-comment-count", "397 characters left")
	p.Press("Cancel the webinar")
	p.See("dialog[open]")
	p.Click("dialog [data-closes]")
	p.Gone("dialog[open]")
}

// withoutRooms is for houses that the rooms are no part of: every page of who is logged in listens for news of the bell, and browsers
// complain that nobody answers.
func withoutRooms(pages ...*browser.Page) {
	for _, p := range pages {
		p.Forgive("/live/connection/websocket")
	}
}
