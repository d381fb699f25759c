package browser

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// lookBack is how long a failure may take to look at the page once more.
const lookBack = 10 * time.Second

// fail ends the test with what a reader needs who was not there: the step, what it waited for and how that stands on the
// page, where the page is, what it says, and what the browser was told.
func (p *Page) fail(what, selector string, err error) {
	p.t.Helper()
	p.mu.Lock()
	said := strings.Join(p.said, "\n")
	p.mu.Unlock()
	wanted := "what the step says"
	if selector != "" {
		wanted = selector + ": " + p.ask(fmt.Sprintf(matches, quote(selector)))
	}
	p.t.Fatalf("step %d: %s: %v\n--- waited for\n%s\n--- at\n%s\n--- page\n%s\n--- console\n%s", p.step, what, err, wanted,
		p.ask(`location.href + " (" + document.title + ", " + document.readyState + ")"`),
		p.ask(`(document.body?.innerText ?? "").slice(0, 3000)`), said)
}

// matches tells what a selector finds.
const matches = `((all) => all.length + " found, " + all.filter((e) => e.checkVisibility()).length + " of them visible" +
	(all[0] ? ": " + all[0].outerHTML.slice(0, 300) : ""))([...document.querySelectorAll(%s)])`

// ask evaluates one text of a page that may not answer any more.
func (p *Page) ask(expression string) string {
	ctx, cancel := context.WithTimeout(p.ctx, lookBack)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		return fmt.Sprintf("(the page does not answer: %v)", err)
	}
	return text
}
