package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// ScreenshotDir names the directory that Screenshot writes to; without it no picture is taken.
const ScreenshotDir = "ROUNDS_SCREENSHOTS"

// violation is one finding of axe.
type violation struct {
	ID     string   `json:"id"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
	Impact string   `json:"impact"`
}

// Accessible fails the test for each violation of WCAG 2.2 AA that axe finds on the page as it is now.
func (p *Page) Accessible() {
	p.t.Helper()
	source, err := axe()
	if err != nil {
		p.t.Fatal(err)
	}
	if !Eval[bool](p, `Boolean(window.axe)`) {
		p.do("load axe", "", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](source))
			return err
		}))
	}
	// Axe takes a core for seconds. One page after the other: together they would only be late, and all the others with them.
	p.axe <- struct{}{}
	defer func() { <-p.axe }()
	// What is still fading in has not its own colours yet. We look, and do not wait for the promise of an animation: one whose element
	// is hidden, or whose style changes meanwhile, may never keep it.
	p.Until(`!document.getAnimations().some((a) => a.playState === "running")`)
	found := Eval[[]violation](p, `Promise.resolve()
		.then(() => axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"], selectors: false}))
		.then((r) => r.violations.map((v) => ({id: v.id, help: v.help, impact: v.impact, nodes: v.nodes.slice(0, 5).map((n) => n.html.slice(0, 200) + " :: " + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ""))})))`)
	for _, v := range found {
		p.t.Errorf("%s at %s: axe %s (%s): %s", p.t.Name(), Eval[string](p, `location.pathname`), v.ID, v.Impact, v.Help+"\n    "+strings.Join(v.Nodes, "\n    "))
	}
}

// Fits fails the test when the page is wider than its window, which makes a phone scroll sideways.
func (p *Page) Fits() {
	p.t.Helper()
	wide := Eval[[]string](p, `document.documentElement.scrollWidth <= innerWidth ? [] :
		[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map((e) => e.outerHTML.slice(0, 150))`)
	if len(wide) > 0 {
		p.t.Errorf("%s is wider than its window: %s", Eval[string](p, `location.pathname`), strings.Join(wide, "\n"))
	}
}

// Screenshot writes the whole page as <name>-390.png and <name>-1440.png where pictures are wanted.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	dir := os.Getenv(ScreenshotDir)
	if dir == "" {
		return
	}
	for _, width := range []int64{390, 1440} {
		p.Width(width)
		ctx, cancel := context.WithTimeout(p.ctx, Patience)
		picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		cancel()
		if err != nil {
			p.fail("take a picture", "", err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)), picture, 0o600); err != nil {
			p.t.Fatalf("keep a picture: %v", err)
		}
	}
}

// axe is the script that finds violations; it comes from npm with the other tools of the pages.
func axe() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod above the test")
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "node_modules/axe-core/axe.min.js"))
	if err != nil {
		return "", fmt.Errorf("axe-core is missing, run npm ci: %w", err)
	}
	return string(raw), nil
}
