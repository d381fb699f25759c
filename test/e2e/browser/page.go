package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Patience is how long a step waits for what it needs. Only what fails waits so long: a machine that does ten things at
// once may take its time.
const Patience = 60 * time.Second

const look = 20 * time.Millisecond // between two looks at the page

// Page is one person's tab.
type Page struct {
	t    testing.TB
	ctx  context.Context //nolint:containedctx // it is the handle that chromedp gives for the tab
	base string
	axe  chan struct{}
	step int // how many were begun

	mu       sync.Mutex
	said     []string // what the console was told
	bad      []string // what a test fails for
	forgiven []string
}

// New opens an empty tab for one person, with cookies of its own. base is the address of the site.
func (b *Browser) New(t testing.TB, base string) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p := &Page{t: t, ctx: ctx, axe: b.axe, base: strings.TrimSuffix(base, "/")}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900)); err != nil {
		cancel()
		t.Fatalf("open a tab: %v", err)
	}
	messages := chromedp.Console(ctx)
	var reading sync.WaitGroup
	reading.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			p.hear(m)
		}
	})
	t.Cleanup(func() {
		p.clean()
		cancel()
		reading.Wait()
	})
	return p
}

// hear keeps what the browser says; what it complains of fails the test at its end.
func (p *Page) hear(m chromedp.ConsoleMessage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("%s: %s (%s)", m.Type, m.Text, m.URL)
	p.said = append(p.said, line)
	if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleException || strings.Contains(m.Text, "Content Security Policy") {
		p.bad = append(p.bad, line)
	}
}

// Forgive lets complaints pass that contain one of the texts, such as "404" on a page that is meant to be missing.
func (p *Page) Forgive(texts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgiven = append(p.forgiven, texts...)
}

// clean fails the test for complaints that were not forgiven.
func (p *Page) clean() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.bad {
		forgiven := false
		for _, text := range p.forgiven {
			forgiven = forgiven || strings.Contains(line, text)
		}
		if !forgiven {
			p.t.Errorf("the browser complained: %s", line)
		}
	}
}

// do runs one step and fails the test when it cannot be done in time.
func (p *Page) do(what, selector string, action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	p.step++
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, action); err != nil {
		p.fail(what, selector, err)
	}
}

// until looks at the page until a JavaScript expression is true. The selector is what it is about, for who reads a failure.
func (p *Page) until(what, selector, expression string) {
	p.t.Helper()
	p.step++
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	for {
		// A page that is just being replaced answers with an error: look again.
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`Boolean(`+expression+`)`))
		if ok && err == nil {
			return
		}
		select {
		case <-ctx.Done():
			p.fail(what, selector, errors.Join(fmt.Errorf("not within %s", Patience), err))
			return
		case <-time.After(look):
		}
	}
}

// Eval evaluates JavaScript on the page; promises are awaited.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	p.step++
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail("evaluate "+expression, "", err)
	}
	return v
}

// Width sets the size of the window: 390 is a phone, 1440 a desk.
func (p *Page) Width(width int64) {
	p.t.Helper()
	height := int64(900)
	if width < 600 {
		height = 844
	}
	p.do("set the width", "", chromedp.EmulateViewport(width, height))
}

// Dark sets what the device prefers.
func (p *Page) Dark(dark bool) {
	p.t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[dark]
	p.do("prefer "+scheme, "", func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return chromedp.Void{}, err
	})
}

// Cookie gives this person a cookie of the site.
func (p *Page) Cookie(name, value string) {
	p.t.Helper()
	p.do("set the cookie "+name, "", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: p.base})
		return err
	}))
}

// Context is the tab for chromedp actions that this package has no word for.
func (p *Page) Context() context.Context { return p.ctx }

func quote(s string) string {
	raw, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	return string(raw)
}
