package ssr_test

import (
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

// TestHostList asks for one's own, or for all where somebody may host all, and leads to each console.
func TestHostList(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, figures{bffpb.Hosting_Hosted_FullMethodName: &bffpb.HostedResponse{
		Webinars: []*bffpb.WebinarCard{sepsis("planned")}, NextPageToken: "further",
	}})
	h.page("/host?page=here", token.Host, []string{"/webinars/sepsis/console", "page=further", "&lt;b&gt;", "First page"}, nil)
	if q := last[*bffpb.HostedRequest](t, h.programme); q.GetState() != "planned" || !q.GetOwn() || q.GetPageToken() != "here" {
		t.Errorf("a host asked for %v", q)
	}
	h.page("/host?when=past", token.Administrator, []string{`value="all" selected`}, nil)
	if q := last[*bffpb.HostedRequest](t, h.programme); q.GetState() != "ended" || q.GetOwn() {
		t.Errorf("an administrator asked for %v", q)
	}
	h.page("/host?when=past&of=own", token.Administrator, nil, nil)
	if q := last[*bffpb.HostedRequest](t, h.programme); !q.GetOwn() {
		t.Errorf("an administrator asked for %v", q)
	}
	h.page("/host?when=past&of=all", token.Member, nil, []string{`name="of"`}) // a lecturer without a role has nothing to choose
	if q := last[*bffpb.HostedRequest](t, h.programme); !q.GetOwn() {
		t.Errorf("a member asked for %v", q)
	}
	for _, role := range []string{token.Applicant, token.Analyst} {
		if answer, _ := h.send(http.MethodGet, "/host", role, nil); answer.StatusCode != http.StatusForbidden {
			t.Errorf("as %q: %d", role, answer.StatusCode)
		}
	}

	empty := newTheatre(t, figures{bffpb.Hosting_Hosted_FullMethodName: &bffpb.HostedResponse{}})
	empty.page("/host", token.Host, []string{"Nothing is planned for you", "See all webinars"}, nil)
	empty.page("/host?when=past", token.Host, []string{"None has ended yet"}, nil)
	empty.fails[bffpb.Hosting_Hosted_FullMethodName] = errs.New(errs.Unavailable, "x", "y")
	empty.page("/host", token.Host, []string{"missing right now"}, nil)
}

// TestConsolePage has the whole desk before and during the webinar, and the way to what stays afterwards.
func TestConsolePage(t *testing.T) {
	t.Parallel()
	show := func(state string) *theatre {
		return newTheatre(t, figures{bffpb.Hosting_Stage_FullMethodName: &bffpb.StageResponse{Card: sepsis(state), StartedAt: timestamppb.New(now)}})
	}
	show("planned").page("/webinars/sepsis/console", token.Host, []string{`data-state="planned"`, `action="/webinars/sepsis/begin"`, `id="section-polls"`, "&lt;b&gt;"}, nil)
	show("planned").page("/webinars/sepsis/console", token.Host, []string{`data-opens="begin" aria-haspopup="dialog" hidden`, "You can start it from", `data-begin="1500000"`}, nil)
	soon := sepsis("planned")
	soon.StartsAt = timestamppb.New(now.Add(15 * time.Minute))
	newTheatre(t, figures{bffpb.Hosting_Stage_FullMethodName: &bffpb.StageResponse{Card: soon}}).page("/webinars/sepsis/console", token.Host,
		[]string{`data-opens="begin" aria-haspopup="dialog">`, `data-begin-later hidden`, `data-begin="0"`}, nil)
	show("live").page("/webinars/sepsis/console", token.Member, []string{`data-state="live"`, `action="/webinars/sepsis/end"`, "/webinars/sepsis/room"}, nil)
	show("ended").page("/webinars/sepsis/console", token.Host, []string{"This webinar has ended"}, []string{"data-console=", "console-"})
	show("cancelled").page("/webinars/sepsis/console", token.Host, []string{"was cancelled"}, []string{"data-console="})

	refused := newTheatre(t, figures{})
	refused.fails[bffpb.Hosting_Stage_FullMethodName] = errs.New(errs.Forbidden, "room.hosts", "Only the lecturer, hosts and administrators may do this.")
	if answer, page := refused.send(http.MethodGet, "/webinars/sepsis/console", token.Member, nil); answer.StatusCode != http.StatusForbidden || !strings.Contains(page, "Only the lecturer") {
		t.Errorf("who hosts it not: %d", answer.StatusCode)
	}
}

// TestBeginAndEnd hand on the wish with its key, come back to the console, and say there what cannot be done now.
func TestBeginAndEnd(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, figures{
		bffpb.Hosting_Stage_FullMethodName: &bffpb.StageResponse{Card: sepsis("planned")}, bffpb.Webinars_BeginWebinar_FullMethodName: &bffpb.BeginWebinarResponse{},
		bffpb.Webinars_EndWebinar_FullMethodName: &bffpb.EndWebinarResponse{},
	})
	key := uuid.NewString()
	form := url.Values{"idempotency_key": {key}}
	for _, what := range []string{"begin", "end"} {
		answer, _ := h.send(http.MethodPost, "/webinars/sepsis/"+what, token.Host, form)
		if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/webinars/sepsis/console" {
			t.Errorf("%s: %d to %q", what, answer.StatusCode, answer.Header.Get("Location"))
		}
	}
	if q := last[*bffpb.BeginWebinarRequest](t, h.programme); q.GetRequestId() != key || q.GetId() == "" {
		t.Errorf("asked %v", q)
	}
	if q := last[*bffpb.EndWebinarRequest](t, h.programme); q.GetRequestId() != key {
		t.Errorf("asked %v", q)
	}
	h.fails[bffpb.Webinars_BeginWebinar_FullMethodName] = errs.New(errs.Conflict, "webinar.too_early", "A webinar can begin at most 15 minutes before its time. Move it, so that everybody is told.")
	answer, page := h.send(http.MethodPost, "/webinars/sepsis/begin", token.Host, form)
	if answer.StatusCode != http.StatusConflict || !strings.Contains(page, "at most 15 minutes before its time") || strings.Contains(page, key) {
		t.Errorf("too early: %d", answer.StatusCode)
	}
}

// A form that was sent with a token that was too old goes through the refresh and keeps its body; who never logged in is told.
func TestFormWithAnOldToken(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, figures{})
	send := func(cookie string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/articles/sepsis/comments?to=1", strings.NewReader("body="+strings.Repeat("x", 1<<20)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if cookie != "" {
			r.AddCookie(&http.Cookie{Name: "rounds_access", Value: cookie})
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode, answer.Header.Get("Location")
	}
	old, err := h.signer.Sign(token.Claims{Account: uuid.New(), Session: uuid.New(), Roles: []string{token.Member}, Language: "en", Zone: "UTC", Issued: now.Add(-2 * time.Hour), Expires: now.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if status, place := send(old); status != http.StatusTemporaryRedirect || place != "/auth/refresh?next=%2Farticles%2Fsepsis%2Fcomments%3Fto%3D1" {
		t.Errorf("%d to %q", status, place)
	}
	if status, place := send(""); status != http.StatusUnauthorized || place != "" {
		t.Errorf("a visitor: %d to %q", status, place)
	}
}
