package e2e

import (
	"testing"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/optout"
	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// TestPreferences is a member who says what she is told of, is told what cannot be, and stops one kind of mail without logging in.
func TestPreferences(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	ana := s.Account("ana@rounds.example", "Ana Novak")
	s.programme(ana)
	p := chromium.New(t, s.URL)
	p.Forgive("422")
	login(p, "ana@rounds.example")
	p.Open("/me")
	p.Click("a[href='/me/notifications']")
	p.SeeText("h1", "What you are told")

	// What cannot be is said beside its row, and what was typed stays.
	p.Click("input[name=change_site]")
	p.Click("input[name=change_email]")
	p.Set("#f-quiet_from", "22:00")
	p.Set("#f-quiet_to", "06:30")
	p.Press("Save")
	p.SeeText("[data-error-summary]", "keep the site or e-mail")
	looks(p, "preferences-error", look{390, true}, look{1440, false})
	if from := p.Value("#f-quiet_from"); from != "22:00" {
		t.Errorf("the quiet hours begin at %q again", from)
	}
	p.Click("input[name=change_email]")
	p.Click("input[name=article_push]")
	p.Click("input[name=article_digest][value=daily]")
	p.Press("Save")
	p.SeeText("[data-toast]", "Site off; New articles: Push off; quiet hours from 22:00 to 06:30")
	p.Until(`!document.querySelector("input[name=article_push]").checked && document.querySelector("input[name=article_email]").checked`)

	p.Press("Make an exception")
	p.Press("Save the exception")
	p.SeeText("[data-exception]", "Webinars in Intensive care")
	p.Press("For a week")
	p.SeeText("[data-pause]", "paused until")
	looks(p, "preferences", look{390, false}, look{390, true}, look{1440, true}, look{1440, false})
	p.Cookie("rounds_language", "sl")
	p.Open("/me/notifications")
	p.SeeText("h1", "O čem vas obveščamo")
	looks(p, "preferences-sl", look{390, false})

	// What the service worker does with a message, and with a click on it. Browsers without a window can neither subscribe to a push
	// service nor show anything, so it runs here with a stage of our own; what the notification center sends is tested there.
	p.Cookie("rounds_language", "en")
	p.Open("/me/notifications")
	p.SeeText("[data-browsers]", "Push")
	script := browser.Eval[string](p, `fetch("/sw.js").then((answer) => answer.text())`)
	shown := browser.Eval[string](p, `(async () => {
		const hears = {}, seen = [];
		const stage = {
			registration: {showNotification: async (title, o) => { seen.push(title, o.body, o.tag, o.data); }},
			clients: {matchAll: async () => [], openWindow: async (url) => { seen.push("opened " + url); }, claim: async () => {}},
			skipWaiting: async () => {}, addEventListener: (kind, hear) => { hears[kind] = hear; },
		};
		((self) => {`+script+`})(stage);
		const happens = (kind, event) => new Promise((done) => hears[kind]({...event, waitUntil: (work) => done(work)}));
		for (const path of ["/webinars", "//elsewhere.example/x"]) {
			await happens("push", {data: {json: () => ({title: "Soon", text: "Sepsis", path, tag: "t", language: "en"})}});
			await happens("notificationclick", {notification: {close() {}, data: seen.at(-1)}});
		}
		await happens("push", {data: {json: () => { throw new Error("not ours"); }}});
		return seen.join("|").replaceAll(location.origin, "");
	})()`)
	const want = "Soon|Sepsis|t|/webinars|opened /webinars|Soon|Sepsis|t|/notifications|opened /notifications|Rounds|||/notifications"
	if shown != want {
		t.Errorf("shown: %s\nwant:  %s", shown, want)
	}

	// The link of a mail, in the browser of somebody who is not logged in.
	visitor := chromium.New(t, s.URL)
	visitor.Open("/unsubscribe?token=" + optout.New("test").Sign(optout.Choice{Account: ana, Topic: "points", Target: uuid.Nil, Channel: "email"}))
	visitor.SeeText("main", "a…@rounds.example")
	looks(visitor, "unsubscribe", look{390, false}, look{1440, true})
	visitor.Press("Stop it")
	visitor.SeeText("h1", "This has stopped")
	if n := s.count(`SELECT count(*) FROM datamanagement.preference WHERE topic = 'points' AND channel = 'email' AND NOT enabled`); n != 1 {
		t.Error("mails about points still come")
	}
	visitor.Press("Undo")
	visitor.SeeText("h1", "You are told again")

	// Whoever logs out is told nothing more here, by the browser's hand and by the server's. The browser is on stage again.
	if _, err := s.admin.Exec(t.Context(), `INSERT INTO notificationcenter.push_subscription (id, account_id, endpoint, p256dh, auth, label, created_at)
		VALUES (gen_random_uuid(), $1, 'https://push.example/x', 'k', 'a', 'Firefox', now())`, ana); err != nil {
		t.Fatal(err)
	}
	browser.Eval[bool](p, `(() => {
		const subscription = {endpoint: "https://push.example/x", unsubscribe: async () => { sessionStorage.setItem("push", "off"); return true; }};
		navigator.serviceWorker.getRegistration = async () => ({pushManager: {getSubscription: async () => subscription}});
		document.querySelector("header form[action='/auth/logout']").requestSubmit();
		return true;
	})()`)
	p.See("header a[href='/login']")
	p.Until(`sessionStorage.getItem("push") === "off"`)
	s.await("the server has forgotten it", func() bool { return s.count(`SELECT count(*) FROM notificationcenter.push_subscription`) == 0 })
}
