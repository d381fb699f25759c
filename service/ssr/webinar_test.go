package ssr_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr"
)

// programme answers for the bff as figures do, fails where it is told to, and keeps what it was asked.
type programme struct {
	figures

	mu    sync.Mutex
	fails map[string]error
	asked []proto.Message
}

func (p *programme) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	p.mu.Lock()
	p.asked = append(p.asked, proto.Clone(args.(proto.Message)))
	err := p.fails[method]
	p.mu.Unlock()
	if err != nil {
		return err
	}
	return p.figures.Invoke(ctx, method, args, reply, opts...)
}

// last is the latest question of a kind.
func last[M proto.Message](t *testing.T, p *programme) M {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.asked) - 1; i >= 0; i-- {
		if found, ok := p.asked[i].(M); ok {
			return found
		}
	}
	t.Fatalf("nobody asked for %T", *new(M))
	return *new(M)
}

func sepsis(state string) *bffpb.WebinarCard {
	return &bffpb.WebinarCard{
		Id: uuid.NewString(), Slug: "sepsis", Title: "Sepsis; the first hour, <b>", State: state,
		Lecturer: &bffpb.Lecturer{Id: uuid.NewString(), Slug: "cuk", Name: "Živa Čuk"},
		Category: &bffpb.Category{Id: uuid.NewString(), Slug: "acute", NameEn: "Acute care", NameSl: "Nujna medicina"},
		StartsAt: timestamppb.New(now.Add(40 * time.Minute)), Zone: "America/New_York", Minutes: 50, Hundredths: 150, Sequence: 3,
	}
}

func standardRule() *bffpb.CreditRule {
	return &bffpb.CreditRule{
		MinPercent: 80, MinChecksPercent: 75, ChecksPerHour: 3, CheckWindow: 75, ReconnectGrace: 60, ReconnectPercent: proto.Int32(10), Award: "event", MinutesPerPoint: 60,
		CreditStep: 50, DailyCap: 800,
	}
}

// theatre serves the pages over a programme. It asks as somebody with a role, or as a visitor with none.
type theatre struct {
	*programme

	t      *testing.T
	url    string
	signer *token.Signer
}

func newTheatre(t *testing.T, f figures) *theatre {
	t.Helper()
	clock := func() time.Time { return now }
	keys := t.TempDir()
	if err := token.Ensure(keys, now); err != nil {
		t.Fatal(err)
	}
	p := &programme{figures: f, fails: map[string]error{}}
	alone := rpc.NewDialer("ssr", rpc.NewLocal(), nil).Dial
	s, err := ssr.New(&run.Deps{
		Name: "ssr", Now: clock, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		Tokens: token.NewVerifier(filepath.Join(keys, "jwks.json"), clock), BaseURL: "https://rounds.example",
		Dial: func(name string) grpc.ClientConnInterface {
			if name == "bff" || name == "livewebinar" {
				return p
			}
			return alone(name)
		},
	}, ssr.Config{Zone: "Europe/Ljubljana"})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(s.HTTP)
	t.Cleanup(site.Close)
	return &theatre{programme: p, t: t, url: site.URL, signer: token.NewSigner(keys, clock)}
}

// answered is what came back, without its body.
type answered struct {
	StatusCode int
	Header     http.Header
}

func (h *theatre) send(method, path, role string, form url.Values) (got answered, page string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if role != "" {
		signed, err := h.signer.Sign(token.Claims{
			Account: uuid.New(), Session: uuid.New(), Roles: []string{role}, Language: "en", Zone: "Europe/Ljubljana", Expires: now.Add(time.Hour),
		})
		if err != nil {
			h.t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: "rounds_access", Value: signed})
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answered{answer.StatusCode, answer.Header}, string(body)
}

// page is what somebody reads; its text must hold each of want and none of not.
func (h *theatre) page(path, role string, want, not []string) {
	h.t.Helper()
	answer, page := h.send(http.MethodGet, path, role, nil)
	if answer.StatusCode != http.StatusOK {
		h.t.Fatalf("%s as %q: %d", path, role, answer.StatusCode)
	}
	text := strings.Join(strings.Fields(page), " ")
	for _, w := range want {
		if !strings.Contains(text, w) {
			h.t.Errorf("%s as %q lacks %q", path, role, w)
		}
	}
	for _, n := range not {
		if strings.Contains(text, n) {
			h.t.Errorf("%s as %q has %q", path, role, n)
		}
	}
}

func TestWebinarInEachState(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state, role string
		want, not   []string
	}{
		{
			"planned", "",
			[]string{
				"Friday 27 November 2026, 11:40 CET", "in 40 minutes", "05:40 EST (America/New_York)", "The description is for members",
				"40 of 50 minutes", "1.5 points", "/login?next=%2Fwebinars%2Fsepsis", "/webinars/sepsis/calendar.ics", "&lt;b&gt;",
			},
			[]string{"/room", `action="/subscriptions"`, "<p>Secret</p>"},
		},
		{"planned", token.Applicant, []string{"Members can subscribe"}, []string{`action="/subscriptions"`, "/room"}},
		{"planned", token.Member, []string{"<p>Secret</p>", `value="subscribe"`, "btn-primary"}, []string{"data-locked", "/room"}},
		{"live", "", []string{"This webinar is live", "Log in to enter"}, []string{"/sepsis/room"}},
		{"live", token.Applicant, []string{"Members can enter the room"}, []string{"/sepsis/room"}},
		{"live", token.Member, []string{"/webinars/sepsis/room", "10 minutes ago"}, nil},
		{"ended", token.Member, []string{"This webinar has ended", `href="/me"`}, []string{`data-follows="webinar"`, "calendar.ics", "/sepsis/room"}},
		{"cancelled", token.Member, []string{"This webinar was cancelled", "Reason: The lecturer is ill."}, []string{"/sepsis/room"}},
	} {
		t.Run(c.state+" "+c.role, func(t *testing.T) {
			t.Parallel()
			answer := &bffpb.WebinarResponse{Card: sepsis(c.state), Rule: standardRule(), Locked: c.role != token.Member, StartedAt: timestamppb.New(now.Add(-10 * time.Minute))}
			if !answer.GetLocked() {
				answer.Html = "<p>Secret</p>"
			}
			if c.state == "cancelled" {
				answer.CancelReason = "The lecturer is ill."
			}
			newTheatre(t, figures{bffpb.Webinars_Webinar_FullMethodName: answer}).page("/webinars/sepsis", c.role, c.want, c.not)
		})
	}
}

// TestListFilters hands on what was asked for, and only the wishes that it knows.
func TestListFilters(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, figures{bffpb.Webinars_Webinars_FullMethodName: &bffpb.WebinarsResponse{
		Webinars: []*bffpb.WebinarCard{sepsis("ended")}, NextPageToken: "further",
	}})
	h.page("/webinars?when=past&category=acute&lecturer=cuk&followed=1&page=here", token.Member,
		[]string{"category=acute", "page=further", "First page", "Ended"}, nil)
	if q := last[*bffpb.WebinarsRequest](t, h.programme); q.GetWhen() != "past" || q.GetCategory() != "acute" || q.GetLecturer() != "cuk" || !q.GetFollowed() || q.GetPageToken() != "here" {
		t.Errorf("asked for %v", q)
	}
	h.page("/webinars?when=past&followed=1", "", nil, []string{"Only what I follow"})
	if q := last[*bffpb.WebinarsRequest](t, h.programme); q.GetFollowed() {
		t.Error("a visitor follows nothing")
	}
	h.fails[bffpb.Webinars_Webinars_FullMethodName] = errs.New(errs.Invalid, "webinar.filter", "We cannot list this.")
	if answer, _ := h.send(http.MethodGet, "/webinars?page=nonsense", "", nil); answer.StatusCode != http.StatusBadRequest && answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a page that cannot be is answered with %d", answer.StatusCode)
	}
}

// TestBlocksFailAlone: what one source lacks is said in its place, and the rest stands.
func TestBlocksFailAlone(t *testing.T) {
	t.Parallel()
	articles := &bffpb.ArticlesResponse{Articles: []*bffpb.ArticleCard{{Slug: "lactate", Title: "Lactate", Category: &bffpb.Category{NameEn: "Acute care"}, PublishedAt: timestamppb.New(now)}}}
	cards := &bffpb.WebinarsResponse{Webinars: []*bffpb.WebinarCard{sepsis("live")}}
	for _, role := range []string{"", token.Member} {
		newTheatre(t, figures{bffpb.Content_Articles_FullMethodName: articles}).page("/", role, []string{"missing right now", "Lactate"}, nil)
		newTheatre(t, figures{bffpb.Webinars_Webinars_FullMethodName: cards}).page("/", role, []string{"missing right now", "Živa Čuk"}, nil)
	}
	newTheatre(t, figures{}).page("/webinars", "", []string{"Webinars: missing right now"}, nil)
	category := figures{bffpb.Webinars_Category_FullMethodName: &bffpb.CategoryResponse{Category: sepsis("").GetCategory()}}
	newTheatre(t, category).page("/categories/acute", token.Member, []string{"Acute care", "Upcoming: missing", "Past: missing", "New articles: missing"}, nil)
}

func TestCalendarFile(t *testing.T) {
	t.Parallel()
	card := sepsis("cancelled")
	h := newTheatre(t, figures{bffpb.Webinars_Webinar_FullMethodName: &bffpb.WebinarResponse{Card: card, Locked: true}})
	answer, file := h.send(http.MethodGet, "/webinars/sepsis/calendar.ics", "", nil)
	if got := answer.Header.Get("Content-Type"); got != "text/calendar; charset=utf-8; method=PUBLISH" {
		t.Error(got)
	}
	for _, line := range []string{
		"UID:" + card.GetId() + "@rounds\r\n", "SEQUENCE:3\r\n", "DTSTART;TZID=America/New_York:20261127T054000\r\n", "DTEND;TZID=America/New_York:20261127T063000\r\n", "STATUS:CANCELLED\r\n",
		`SUMMARY:Sepsis\; the first hour\, <b>` + "\r\n", "URL:https://rounds.example/webinars/sepsis\r\n",
	} {
		if !strings.Contains(file, line) {
			t.Errorf("%q is not in\n%s", line, file)
		}
	}
}

func TestSubscriptionForm(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, figures{bffpb.Webinars_Subscribe_FullMethodName: &bffpb.SubscribeResponse{}, bffpb.Webinars_Unsubscribe_FullMethodName: &bffpb.UnsubscribeResponse{}})
	key, id := uuid.NewString(), uuid.NewString()
	form := url.Values{"idempotency_key": {key}, "kind": {"lecturer"}, "target_id": {id}, "name": {"Živa Čuk"}, "wish": {"subscribe"}, "next": {"/lecturers/cuk"}}
	with := func(name, value string) url.Values {
		changed := url.Values{name: {value}}
		for k, v := range form {
			if k != name {
				changed[k] = v
			}
		}
		return changed
	}
	post := func(role string, form url.Values) answered {
		answer, _ := h.send(http.MethodPost, "/subscriptions", role, form)
		return answer
	}

	answer := post(token.Member, form)
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/lecturers/cuk" {
		t.Errorf("answered with %d to %q", answer.StatusCode, answer.Header.Get("Location"))
	}
	if q := last[*bffpb.SubscribeRequest](t, h.programme); q.GetRequestId() != key || q.GetKind() != "lecturer" || q.GetTargetId() != id {
		t.Errorf("asked %v", q)
	}
	post(token.Member, with("wish", "unsubscribe"))
	if q := last[*bffpb.UnsubscribeRequest](t, h.programme); q.GetRequestId() != key {
		t.Errorf("asked %v", q)
	}
	for _, elsewhere := range []string{"https://evil.example", "//evil.example", "/\\evil.example", ""} {
		if to := post(token.Member, with("next", elsewhere)).Header.Get("Location"); to != "/me/subscriptions" {
			t.Errorf("next %q leads to %q", elsewhere, to)
		}
	}
	if status := post(token.Member, with("wish", "both")).StatusCode; status < 400 || status > 499 {
		t.Errorf("a wish that there is not: %d", status)
	}
	for _, role := range []string{"", token.Applicant, token.Analyst} {
		if status := post(role, form).StatusCode; status != http.StatusUnauthorized && status != http.StatusForbidden {
			t.Errorf("as %q: %d", role, status)
		}
	}
	h.fails[bffpb.Webinars_Subscribe_FullMethodName] = errs.New(errs.Conflict, "subscription.many", "You follow 1,000 things already.")
	if answer := post(token.Member, form); answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Set-Cookie") == "" {
		t.Errorf("too many: %d, and no message", answer.StatusCode)
	}
	h.fails[bffpb.Webinars_Subscribe_FullMethodName] = errs.New(errs.NotFound, "content.none", "This does not exist.")
	if status := post(token.Member, form).StatusCode; status != http.StatusNotFound {
		t.Errorf("nothing to follow: %d", status)
	}
}
