package page

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// The demo's member and the password of all its people.
const (
	memberEmail = "member@rounds.example"
	password    = "rounds-demo-2026" //nolint:gosec // printed at every start of the demo
	accessName  = "rounds_access"
)

// member is somebody logged in, as a browser would be.
type member struct {
	site   string
	access string // the cookie with the token
	client *http.Client
}

func login(site string) (*member, error) {
	m := &member{site: site, client: &http.Client{
		Timeout: answerTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	cookies, err := m.post("/auth/login", url.Values{"email": {memberEmail}, "password": {password}})
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	for _, cookie := range cookies {
		if cookie.Name == accessName && cookie.Value != "" {
			m.access = cookie.Value
			return m, nil
		}
	}
	return nil, errors.New("log in: no token came back")
}

// post sends a form and expects to be sent on, as after every form that did what it should. It gives the cookies that were set.
func (m *member) post(path string, form url.Values) ([]*http.Cookie, error) {
	r, err := http.NewRequest(http.MethodPost, m.site+path, strings.NewReader(form.Encode())) //nolint:noctx // the client has a time-out
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", m.site)
	if m.access != "" {
		r.AddCookie(&http.Cookie{Name: accessName, Value: m.access})
	}
	answer, err := m.client.Do(r)
	if err != nil {
		return nil, err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("POST %s answered %s", path, answer.Status)
	}
	return answer.Cookies(), nil
}

// discuss comments until an article has so many comments.
func (m *member) discuss(article string, want int) error {
	for n := range want {
		_, body, err := m.page("/articles/"+article, false).once()
		if err != nil {
			return err
		}
		if strings.Count(string(body), "data-comment>") >= want {
			return nil
		}
		_, err = m.post("/articles/"+article+"/comments", url.Values{
			"idempotency_key": {uuid.NewString()}, "do": {"add"},
			"body": {fmt.Sprintf("Comment %d: in our department we saw the same, and changed how we hand patients over at night.", n+1)},
		})
		if err != nil {
			return fmt.Errorf("comment: %w", err)
		}
	}
	return fmt.Errorf("%s has not got %d comments", article, want)
}

// page is the request of one page with the cookies of the member.
func (m *member) page(path string, compressed bool) load {
	header := http.Header{
		"Host": {strings.TrimPrefix(m.site, "http://")}, "Cookie": {accessName + "=" + m.access}, "Accept": {"text/html"},
		"Accept-Language": {"en"}, "User-Agent": {"rounds-load"},
	}
	if compressed {
		header.Set("Accept-Encoding", "gzip")
	}
	return load{address: host(m.site), request: get(path, header)}
}
