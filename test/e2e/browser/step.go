package browser

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Open goes to an address of the site, or to a whole one.
func (p *Page) Open(path string) {
	p.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = p.base + path
	}
	p.do("open "+path, "", chromedp.Navigate(path))
}

// Reload loads the page again.
func (p *Page) Reload() {
	p.t.Helper()
	p.do("reload", "", chromedp.Reload())
}

// Click presses what the selector finds, once it is there, in sight and enabled. If that leads to another page, the next
// step begins on that one.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.follow("click "+selector, selector, chromedp.Steps(
		chromedp.ScrollIntoView(chromedp.CSS(selector)), chromedp.WaitEnabled(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector))))
}

// Press presses the button or link with that text.
func (p *Page) Press(text string) {
	p.t.Helper()
	mark := "data-e2e-pressed"
	p.until("find a button or link "+quote(text), "["+mark+"]", fmt.Sprintf(`(() => { document.querySelectorAll("[%[1]s]").forEach((e) => e.removeAttribute("%[1]s"));
		const found = [...document.querySelectorAll("button, a, summary, [role=tab], label")].find((e) => e.textContent.replace(/\s+/g, " ").trim() === %[2]s && e.checkVisibility());
		found?.setAttribute("%[1]s", ""); return found; })()`, mark, quote(text)))
	p.Click("[" + mark + "]")
}

// Fill empties a field and types into it.
func (p *Page) Fill(selector, text string) {
	p.t.Helper()
	p.Set(selector, "")
	// Inserted as an input method would: single keys lose letters such as ž that the keyboard lacks.
	p.do("fill "+selector, selector, chromedp.Steps(chromedp.Focus(chromedp.CSS(selector)), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})))
}

// Key presses one key where the focus is, such as kb.Enter; a page that it leads to is waited for.
func (p *Page) Key(key string) {
	p.t.Helper()
	p.follow("press the key "+quote(key), ":focus", chromedp.KeyEvent(key))
}

// Set sets the value of a field that is not typed, such as a date, and tells the page of the change.
func (p *Page) Set(selector, value string) {
	p.t.Helper()
	// Tried until it is there: a page that is being left may take the field with it.
	p.until("set the field "+selector, selector, fmt.Sprintf(`(() => { const e = document.querySelector(%s); if (!e?.checkVisibility()) return false; e.value = %s;
		e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`, quote(selector), quote(value)))
}

// Choose chooses an option of a select by its value, once there is one. Looked at in the same breath: a filter leaves the page at once.
func (p *Page) Choose(selector, value string) {
	p.t.Helper()
	p.until("choose the option "+value, selector, fmt.Sprintf(`(() => { const e = document.querySelector(%[1]s), value = %[2]s;
		if (!e?.checkVisibility() || ![...e.options].some((o) => o.value === value)) return false; e.value = value;
		e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`, quote(selector), quote(value)))
}

// Upload chooses files in a file field.
func (p *Page) Upload(selector string, files ...string) {
	p.t.Helper()
	p.do("upload to "+selector, selector, chromedp.SetUploadFiles(chromedp.CSS(selector), files))
}

// See waits until the selector finds something visible.
func (p *Page) See(selector string) {
	p.t.Helper()
	p.until("see "+selector, selector, fmt.Sprintf(`[...document.querySelectorAll(%s)].some((e) => e.checkVisibility())`, quote(selector)))
}

// SeeText waits until the first match of the selector contains the text.
func (p *Page) SeeText(selector, text string) {
	p.t.Helper()
	p.until("see "+quote(text), selector, fmt.Sprintf(`[...document.querySelectorAll(%s)].some((e) => e.textContent.replace(/\s+/g, " ").includes(%s))`, quote(selector), quote(text)))
}

// Gone waits until the selector finds nothing visible.
func (p *Page) Gone(selector string) {
	p.t.Helper()
	p.until("see no "+selector, selector, fmt.Sprintf(`![...document.querySelectorAll(%s)].some((e) => e.checkVisibility())`, quote(selector)))
}

// At waits until the address contains the text.
func (p *Page) At(text string) {
	p.t.Helper()
	p.until("be at "+text, "", fmt.Sprintf(`(location.pathname + location.search).includes(%s) && document.readyState === "complete"`, quote(text)))
}

// Until waits until a JavaScript expression is true.
func (p *Page) Until(expression string) {
	p.t.Helper()
	p.until(expression, "", expression)
}

// Text is the text of the first match, once there is one, with single blanks.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	p.See(selector)
	return Eval[string](p, fmt.Sprintf(`document.querySelector(%s).textContent.replace(/\s+/g, " ").trim()`, quote(selector)))
}

// Value is what stands in a field.
func (p *Page) Value(selector string) string {
	p.t.Helper()
	p.See(selector)
	return Eval[string](p, fmt.Sprintf(`document.querySelector(%s).value`, quote(selector)))
}

// Count is how many elements the selector finds now.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	return Eval[int](p, fmt.Sprintf(`document.querySelectorAll(%s).length`, quote(selector)))
}

// Title is the title of the page.
func (p *Page) Title() string {
	p.t.Helper()
	return Eval[string](p, `document.title`)
}

// SeeTextAfterReload loads the page again until it shows a text: for what arrives on its own time and is no news to a page that is open.
func (p *Page) SeeTextAfterReload(selector, text string, within time.Duration) {
	p.t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); p.Reload() {
		if strings.Contains(p.Text(selector), text) {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	p.SeeText(selector, text)
}
