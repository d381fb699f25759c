package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/chromedp"
)

// A click on a link or a form's button ends long before the next page is there, and whatever is done meanwhile is done
// to the page that goes. So what may lead away is watched: the page is marked, and it notes whether it is being left.
// (A form that its own script sends says nothing of the kind; then the step after it waits for what it needs.)
const watch = `(() => {
	if (window.e2eLeaving !== undefined) { window.e2eLeaving = false; return true; }
	window.e2eLeaving = false;
	navigation.addEventListener("navigate", (e) => { if (!e.destination.sameDocument && e.downloadRequest === null) window.e2eLeaving = true; });
	addEventListener("submit", (e) => {
		if (!e.defaultPrevented && e.target.method !== "dialog" && !e.target.target) window.e2eLeaving = true;
	});
	return true;
})()`

// follow does what may lead to another page, and waits for that page if it does.
func (p *Page) follow(what, selector string, action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	p.until(what, selector, watch)
	p.do(what, selector, action)
	if p.leaving() {
		p.until(what+": the page that it leads to", selector, `window.e2eLeaving === undefined && document.readyState === "complete"`)
	}
}

// leaving asks the page after it had the time to begin. No answer, or one without the mark, is that of another page.
func (p *Page) leaving() bool {
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	state, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(
		`new Promise((done) => setTimeout(() => setTimeout(() => done(%s))))`, `String(window.e2eLeaving)`), chromedp.EvalAwaitPromise))
	return err != nil || state != "false"
}
