package access

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
)

// Words that stand in what only some may see.
const (
	draftWords = "draft-words-of-an-author"
	mailWords  = "mail-words-for-somebody"
	proofName  = "proof-words-of-a-person.pdf"
)

// door is one route of one service.
type door struct {
	web.Route

	service string
}

func (d door) String() string { return d.Method + " " + d.Pattern }

// page tells whether people are sent to the login instead of being told a number.
func (d door) page() bool { return d.service == "ssr" && d.Method == http.MethodGet }

// changes tells whether the route changes something.
func (d door) changes() bool { return d.Method != http.MethodGet }

// socket is no page and no form: it asks for another protocol.
func (d door) socket() bool { return strings.HasSuffix(d.Pattern, "/websocket") }

func (h *house) doors() []door {
	var all []door
	for _, service := range services(h.t) {
		for _, r := range h.routes(service) {
			if h.known(r.Pattern) {
				all = append(all, door{r, service})
			}
		}
	}
	if len(all) < 50 {
		h.t.Fatalf("only %d routes: the test does not see them", len(all))
	}
	return all
}

// wish is one request.
type wish struct {
	door   door
	who    person
	path   string
	query  string
	body   []byte
	media  string
	header map[string]string
}

//nolint:gochecknoglobals // Every request of every test comes from an address of its own: limits are not what is tested here.
var visits atomic.Uint32

// ask sends a request to the service, as the front router would.
func (h *house) ask(w wish) *httptest.ResponseRecorder {
	url := w.path
	if w.query != "" {
		url += "?" + w.query
	}
	r := httptest.NewRequestWithContext(h.t.Context(), w.door.Method, url, bytes.NewReader(w.body))
	n := visits.Add(1)
	r.RemoteAddr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 1234).String()
	r.Host = "rounds.test"
	if w.media != "" {
		r.Header.Set("Content-Type", w.media)
	}
	for name, value := range w.header {
		r.Header.Set(name, value)
	}
	if w.who.account != uuid.Nil {
		r.AddCookie(&http.Cookie{Name: web.AccessCookie, Value: h.session(w.who)})
	}
	answer := httptest.NewRecorder()
	h.members[w.door.service].Service.HTTP.ServeHTTP(answer, r)
	h.inspect(w, answer)
	return answer
}

// inspect is what holds for every answer to anybody: no failure of ours, no inner words, nothing of another person.
func (h *house) inspect(w wish, answer *httptest.ResponseRecorder) {
	h.t.Helper()
	body := answer.Body.String()
	if answer.Code >= http.StatusInternalServerError {
		h.t.Errorf("%s: %d\n%.300s", w, answer.Code, regexp.MustCompile(`(?s)<head>.*</header>`).ReplaceAllString(body, ""))
	}
	for _, word := range []string{"SQLSTATE", "goroutine ", "pgx.", "rpc error", "runtime error"} {
		if strings.Contains(body, word) {
			h.t.Errorf("%s: %d with inner words: %q", w, answer.Code, word)
		}
	}
	reviewer := slices.Contains(w.who.roles, token.Administrator)
	for _, found := range private.FindAllString(body, -1) {
		switch {
		case strings.HasPrefix(found, "notice-for-"):
			if found == "notice-for-"+w.who.account.String() {
				continue
			}
		case reviewer || (w.who.account != uuid.Nil && (found == email(w.who.account) || found == licence(w.who.account))):
			continue
		}
		h.t.Errorf("%s: the answer has %q in it, which is another's", w, found)
	}
}

var private = regexp.MustCompile(`[0-9a-f]{8}@private\.example|\bL[0-9a-f]{12}\b|notice-for-[0-9a-f-]{36}|` + draftWords + `|` + mailWords + `|` + proofName)

func (w wish) String() string {
	text := fmt.Sprintf("%s, asked by %s as %s", w.door, w.who.role, w.path)
	if w.query != "" {
		text += fmt.Sprintf("?%.80s", w.query)
	}
	if w.media != "" {
		text += fmt.Sprintf(", %s %.80q", w.media, w.body)
	}
	return text
}

// TestRoutes calls every route as everybody, for each object that it can name.
func TestRoutes(t *testing.T) {
	t.Parallel()
	h := open(t, io.Discard)
	each(h.doors(), func(d door) {
		for _, role := range everybody() {
			which := []string{own}
			if len(parameters(d.Pattern)) > 0 {
				which = append(which, foreign, missing, "not-an-id", "%00", "%ff%fe", "..%2f..%2fetc%2fpasswd", strings.Repeat("a", 300), "1'%20OR%20'1'='1")
			}
			for _, one := range which {
				who := h.person(role)
				w := wish{door: d, who: who, path: h.address(d.Pattern, one, who)}
				if d.changes() {
					if one == foreign {
						w.path = h.address(d.Pattern, foreign+" to change", who)
					}
					w.media, w.body = form, nil
					if d.service == "bff" {
						w.media, w.body = "application/json", h.wellFormed(d)
					}
				}
				answer := h.ask(w)
				if problem := h.judge(w, one, answer); problem != "" {
					t.Errorf("%s (%s object): %d to %s, %s", w, one, answer.Code, answer.Header().Get("Location"), problem)
				}
				if !h.admitted(d, who) {
					break // The other objects are behind the same door.
				}
			}
		}
	})
	h.untouched()
}

// untouched looks whether anybody changed what only its owner may.
func (h *house) untouched() {
	h.t.Helper()
	const ofStrangers = ` WHERE account_id IN (SELECT id FROM datamanagement.account WHERE name IN ('Person stranger', 'Person writer')) AND `
	for what, query := range map[string]string{
		"sessions ended":     `auth.session` + ofStrangers + `revoked_at IS NOT NULL`,
		"notifications seen": `notificationcenter.notification` + ofStrangers + `seen_at IS NOT NULL`,
		"comments edited":    `datamanagement.comment` + ofStrangers + `edited_at IS NOT NULL`,
	} {
		var changed int
		if err := h.admin.QueryRow(h.t.Context(), `SELECT count(*) FROM `+query).Scan(&changed); err != nil || changed > 0 {
			h.t.Errorf("%s of strangers: %d, %v", what, changed, err)
		}
	}
}

const form = "application/x-www-form-urlencoded"

// admitted tells whether the route lets somebody in, by its own word.
func (h *house) admitted(d door, who person) bool {
	names := d.Access.Names()
	return enters(names, who.role) || slices.ContainsFunc(who.roles, func(role string) bool { return enters(names, role) })
}

// judge says what is wrong about an answer.
func (h *house) judge(w wish, which string, answer *httptest.ResponseRecorder) string {
	code, d := answer.Code, w.door
	if !h.admitted(d, w.who) {
		return refusal(w, answer)
	}
	reads := !d.changes()
	switch {
	case which == own && (code == http.StatusUnauthorized || (code == http.StatusForbidden && reads)) && !special(d):
		return "this role may come in"
	case which == own && reads && code >= http.StatusBadRequest && !special(d) && !asksForMore(d, code):
		return "what is there should be shown"
	case which == foreign && hidden(d, w.who) && code != http.StatusNotFound && code != http.StatusForbidden:
		return "what is another's should be as if it were not there"
	case which != own && which != foreign && (code < http.StatusBadRequest || (reads && code == http.StatusForbidden)) && !special(d):
		return "what is not there should be 404, or 400"
	}
	return ""
}

// refusal says what is wrong about how somebody was kept out.
func refusal(w wish, answer *httptest.ResponseRecorder) string {
	switch {
	case w.who.role == visitor && w.door.page():
		if answer.Code != http.StatusSeeOther || !strings.HasPrefix(answer.Header().Get("Location"), "/login?next=") {
			return "a visitor should be sent to the login, and back"
		}
	case w.who.role == visitor && answer.Code != http.StatusUnauthorized:
		return "a visitor should get 401"
	case w.who.role != visitor && answer.Code != http.StatusForbidden:
		return "this role should get 403"
	}
	return ""
}

// hidden tells whether a door must not open on an object of a stranger for this person.
func hidden(d door, who person) bool {
	for noun := range parameters(d.Pattern) {
		m := makers()[noun]
		if m.personal && (d.Method == http.MethodGet || d.Method == http.MethodPatch) {
			return true
		}
		if m.staff && !slices.Contains(who.roles, token.Administrator) {
			return true
		}
	}
	return false
}

// asksForMore tells whether a list of the API says which question is missing; pages ask it by themselves.
func asksForMore(d door, code int) bool {
	return d.service == "bff" && len(parameters(d.Pattern)) == 0 && code == http.StatusUnprocessableEntity
}

// special are doors that answer otherwise, each with its reason.
func special(d door) bool {
	_, known := map[string]string{
		"POST /auth/refresh":                       "asks for the secret of a session, beside the token",
		"GET /live/connection/websocket":           "speaks another protocol",
		"GET /backoffice/applications/{id}/proof":  "the document of this test is encrypted with no key",
		"GET /analyst/leaving.csv":                 "is about one webinar, which stands in the query",
		"GET /me/webinars/{slug}":                  "shows what one did in a webinar; this person was in none",
		"GET /me/webinars/{slug}/outcome":          "says nothing yet of a webinar that one was not in",
		"GET /me/webinars/{slug}/evidence.json":    "gives the same to programs",
		"GET /api/me/webinars/{slug}":              "the same",
		"POST /profile/sessions/{id}/end":          "ends what is one's own; what is not there has ended",
		"GET /backoffice/rules/dry-run":            "plays one evening at a time, and says so while it plays",
		"GET /unsubscribe":                         "shows what the token in its query would stop",
		"GET /api/optout":                          "gives the same to programs",
		"GET /api/analytics/webinars/{webinar_id}": "figures outlive the webinar that they are about; of none there are none",
	}[d.String()]
	return known || strings.HasSuffix(d.Pattern, "...}") // the name of a built file
}

// borrowsNothing are doors for programs of other sites: what they may do stands in what they bring, and no cookie counts.
func borrowsNothing(d door) bool { return d.String() == "POST /unsubscribe" }

// TestForeignOrigin sends what changes something from the page of another site.
func TestForeignOrigin(t *testing.T) {
	t.Parallel()
	h := open(t, io.Discard)
	each(h.doors(), func(d door) {
		if d.FromAnywhere() != borrowsNothing(d) {
			t.Errorf("%s takes requests of other sites: %t", d, d.FromAnywhere())
		}
		if !d.changes() && !d.socket() || borrowsNothing(d) {
			return
		}
		for _, role := range []string{visitor, token.Applicant, token.Administrator} {
			who := h.person(role)
			for _, header := range []map[string]string{
				{"Origin": "https://evil.example"},
				{"Origin": "null", "Sec-Fetch-Site": "cross-site"},
				{"Origin": "http://rounds.test.evil.example", "Sec-Fetch-Site": "same-site"},
			} {
				w := wish{door: d, who: who, path: h.address(d.Pattern, missing, who), media: form, header: header}
				if answer := h.ask(w); answer.Code != http.StatusForbidden {
					t.Errorf("%s from %v: %d, and another site should be refused", w, header, answer.Code)
				}
			}
		}
	})
}
