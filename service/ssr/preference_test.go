package ssr_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

const wishes = "/rounds.bff.v1.Preferences/"

// wished is somebody who gets no mail of articles, has an exception, and follows a category.
func wished() figures {
	shown := &bffpb.PreferencesShowResponse{
		QuietFrom: "22:00", QuietTo: "06:30", ArticleDigest: "weekly", Zone: "America/New_York",
		Exceptions: []*bffpb.PreferenceException{{Topic: "webinar", Channel: "push", TargetId: uuid.NewString(), TargetKind: "lecturer", NameEn: "Živa <b>", NameSl: "Živa"}},
	}
	for _, topic := range []string{"webinar", "change", "article", "reply", "points", "licence"} {
		for _, channel := range []string{"site", "email", "push"} {
			shown.Choices = append(shown.Choices, &bffpb.PreferenceChoice{Topic: topic, Channel: channel, On: topic != "article" || channel != "email"})
		}
	}
	return figures{
		wishes + "Show": shown, wishes + "Save": &bffpb.PreferencesSaveResponse{}, wishes + "Except": &bffpb.PreferencesExceptResponse{},
		wishes + "Pause": &bffpb.PreferencesPauseResponse{PausedUntil: timestamppb.New(now.Add(48 * time.Hour))},
		"/rounds.bff.v1.Webinars/Subscriptions": &bffpb.SubscriptionsResponse{Subscriptions: []*bffpb.Subscription{
			{Kind: "category", TargetId: uuid.NewString(), NameEn: "Heart", NameSl: "Srce"},
		}},
	}
}

const onBrowsers = "/rounds.bff.v1.Browsers/"

func TestBrowsersBlock(t *testing.T) {
	t.Parallel()
	world := wished()
	id := uuid.NewString()
	world[onBrowsers+"List"] = &bffpb.BrowsersListResponse{Key: "BKey", Browsers: []*bffpb.Browser{
		{BrowserId: id, Label: "Firefox <b>, Android", CreatedAt: timestamppb.New(now), UsedAt: timestamppb.New(now)},
		{BrowserId: uuid.NewString(), Label: "Chrome", CreatedAt: timestamppb.New(now), Reason: "the push service answered 403 Forbidden"},
	}}
	world[onBrowsers+"Remove"] = &bffpb.BrowsersRemoveResponse{}
	h := newTheatre(t, world)
	h.page("/me/notifications", token.Member, []string{
		`data-browsers="BKey"`, "Firefox &lt;b&gt;, Android", "Turn on in this browser", "It did not take the last message", `value="` + id + `"`,
	}, []string{"<b>, Android", "403 Forbidden"})
	answer, _ := h.send(http.MethodPost, "/me/notifications/browsers", token.Member, url.Values{"browser": {id}, "idempotency_key": {"k"}})
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/me/notifications" {
		t.Errorf("turned off: %d to %q", answer.StatusCode, answer.Header.Get("Location"))
	}
	world[onBrowsers+"List"] = &bffpb.BrowsersListResponse{}
	h.page("/me/notifications", token.Member, []string{"cannot be turned on right now"}, []string{"Turn on in this browser"})
	delete(world, onBrowsers+"List")
	h.page("/me/notifications", token.Member, []string{"data-choices"}, []string{"data-browsers"})
}

func TestWorkerIsAtTheTop(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, figures{})
	answer, body := h.send(http.MethodGet, "/sw.js", "", nil)
	header := answer.Header
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/javascript") || header.Get("Cache-Control") != "no-cache" {
		t.Errorf("%d %v", answer.StatusCode, header)
	}
	if !strings.Contains(body, "notificationclick") || strings.Contains(body, "import") {
		t.Errorf("not a script that runs by itself:\n%.200s", body)
	}
}

func TestPreferencesPage(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, wished())
	h.page("/me/notifications", token.Member, []string{
		`name="points_push" value="yes" checked`, `name="article_email" value="yes" aria-label`, `name="quiet_from" type="time" value="22:00"`, `value="weekly" checked`,
		"America/New York", "Webinars with Živa &lt;b&gt;", "Push: off", "Articles in Heart", `value="2026-11-28"`,
	}, []string{"data-pause", "<b>"})

	// Saved: all boxes together, and what is different is said.
	key := uuid.NewString()
	answer, _ := h.send(http.MethodPost, "/me/notifications", token.Member, url.Values{
		"idempotency_key": {key}, "article_email": {"yes"}, "change_site": {"yes"}, "quiet_from": {"21:00"}, "quiet_to": {"06:30"}, "article_digest": {"weekly"},
	})
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/me/notifications" {
		t.Errorf("%d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	q := last[*bffpb.PreferencesSaveRequest](t, h.programme)
	on := 0
	for _, c := range q.GetChoices() {
		if c.GetOn() {
			on++
		}
	}
	if q.GetRequestId() != key || len(q.GetChoices()) != 18 || on != 2 || q.GetQuietFrom() != "21:00" {
		t.Errorf("asked to save %v", q)
	}
	if said := notice(t, answer); !strings.Contains(said, "E-mail on") && !strings.Contains(said, "Site off") || !strings.Contains(said, "more changes") {
		t.Errorf("said %s", said)
	}
}

func TestPreferencesKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, wished())
	h.fails[wishes+"Save"] = errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("change", "preference.change", "x").Field("quiet_to", "preference.quiet", "x")
	answer, page := h.send(http.MethodPost, "/me/notifications", token.Member, url.Values{"reply_push": {"yes"}, "quiet_from": {"23:45"}, "article_digest": {"daily"}})
	for _, want := range []string{"Error:", `href="#f-change"`, "keep the site or e-mail", `href="#f-quiet_to"`, `value="23:45"`, `value="daily" checked`, `name="reply_push" value="yes" checked`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if answer.StatusCode != http.StatusUnprocessableEntity || strings.Contains(page, `name="points_push" value="yes" checked`) {
		t.Errorf("%d; what was not ticked is ticked again", answer.StatusCode)
	}
	for path, form := range map[string]url.Values{
		"/me/notifications/pause":      {"until": {"2020-01-01"}},
		"/me/notifications/exceptions": {"thing": {"webinar:x"}, "channel": {"email"}, "choice": {"on"}},
	} {
		h.fails[wishes+"Pause"] = errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("until", "preference.pause_past", "x")
		h.fails[wishes+"Except"] = errs.New(errs.Conflict, "preference.many", "x")
		answer, page := h.send(http.MethodPost, path, token.Member, form)
		if answer.StatusCode < 400 || !strings.Contains(page, "data-error-summary") || !strings.Contains(page, "still to come") && !strings.Contains(page, "200 exceptions") {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
		// What was saved before stands in the other form.
		if !strings.Contains(page, `value="22:00"`) {
			t.Errorf("%s lost the quiet hours", path)
		}
	}
}

func TestPauseAndExceptionsCanBeTakenBack(t *testing.T) {
	t.Parallel()
	f := wished()
	h := newTheatre(t, f)
	answer, _ := h.send(http.MethodPost, "/me/notifications/pause", token.Member, url.Values{"until": {"2026-11-29"}})
	if q := last[*bffpb.PreferencesPauseRequest](t, h.programme); answer.StatusCode != http.StatusSeeOther || q.GetUntil() != "2026-11-29" || !strings.Contains(notice(t, answer), `"u":"/me/notifications/pause"`) {
		t.Errorf("%d, %v, %s", answer.StatusCode, q, notice(t, answer))
	}
	target := f[wishes+"Show"].(*bffpb.PreferencesShowResponse).GetExceptions()[0].GetTargetId()
	answer, _ = h.send(http.MethodPost, "/me/notifications/exceptions", token.Member, url.Values{"thing": {"webinar:" + target}, "channel": {"push"}, "choice": {"topic"}})
	if q := last[*bffpb.PreferencesExceptRequest](t, h.programme); q.GetTopic() != "webinar" || q.GetTargetId() != target || q.GetChoice() != "topic" {
		t.Errorf("asked for %v", q)
	}
	if said := notice(t, answer); !strings.Contains(said, `"choice":"off"`) || !strings.Contains(said, "exception_ended") {
		t.Errorf("said %s", said)
	}
	f[wishes+"Show"].(*bffpb.PreferencesShowResponse).PausedUntil = timestamppb.New(now.Add(48 * time.Hour))
	h.page("/me/notifications", token.Member, []string{"data-pause", "paused until Sunday 29 November 2026", "End the pause"}, []string{"Until tomorrow"})
}

// The one click comes from a mail program's server, from another site, without cookies; a person does the same with the button.
func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	scope := func(stopped bool) *bffpb.OptoutScope {
		return &bffpb.OptoutScope{Topic: "article", Channel: "email", TargetKind: "category", TargetEn: "Heart", TargetSl: "Srce", MaskedEmail: "a…@example.org", Stopped: stopped}
	}
	h := newTheatre(t, figures{wishes + "ShowOptout": scope(false), wishes + "Optout": scope(true), wishes + "UndoOptout": scope(false)})
	h.page("/unsubscribe?token=A-b_c", "", []string{
		"Stop this?", "Articles in Heart", "a…@example.org", `action="/unsubscribe?token=A-b_c"`, `name="List-Unsubscribe" value="One-Click"`, `data-optout="on"`,
	}, []string{"Undo"})

	once := func(media, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/unsubscribe?token=A-b_c", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", media)
		r.Header.Set("Origin", "https://mail.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var page strings.Builder
		if err := answer.Write(&page); err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, page.String()
	}
	const form, parts = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
	for media, body := range map[string]string{
		form:  "List-Unsubscribe=One-Click",
		parts: "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
	} {
		status, page := once(media, body)
		if status != http.StatusOK || !strings.Contains(page, `data-optout="stopped"`) || !strings.Contains(page, `action="/unsubscribe/undo?token=A-b_c"`) || !strings.Contains(page, "no-referrer") {
			t.Errorf("%s: %d %.300s", media, status, page)
		}
		if q := last[*bffpb.OptoutRequest](t, h.programme); q.GetToken() != "A-b_c" {
			t.Errorf("asked for %v", q)
		}
	}
	if status, page := once(form, "something=else"); status != http.StatusUnprocessableEntity || !strings.Contains(page, "does not say that something shall stop") {
		t.Errorf("without the word: %d", status)
	}
	if answer, page := h.send(http.MethodPost, "/unsubscribe/undo?token=A-b_c", "", nil); answer.StatusCode != http.StatusOK || !strings.Contains(page, "You are told again") {
		t.Errorf("undo: %d", answer.StatusCode)
	}

	h.fails[wishes+"ShowOptout"] = errs.New(errs.NotFound, "optout.token", "x")
	h.fails[wishes+"Optout"] = errs.New(errs.NotFound, "optout.token", "x")
	if answer, page := h.send(http.MethodGet, "/unsubscribe?token=x", "", nil); answer.StatusCode != http.StatusNotFound || !strings.Contains(page, "This link is not one of ours") {
		t.Errorf("a wrong token: %d", answer.StatusCode)
	}
	if status, _ := once(form, "List-Unsubscribe=One-Click"); status != http.StatusNotFound {
		t.Errorf("one click with a wrong token: %d", status)
	}
}

// notice is what the next page will say, as it stands in the cookie.
func notice(t *testing.T, a answered) string {
	t.Helper()
	for _, line := range a.Header.Values("Set-Cookie") {
		cookie, err := http.ParseSetCookie(line)
		if err != nil || cookie.Name != "rounds_notice" {
			continue
		}
		raw, err := base64.RawURLEncoding.DecodeString(cookie.Value)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	t.Error("nothing was said")
	return ""
}
