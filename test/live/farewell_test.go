package live

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// farewell posts what a page says when it goes away, and tells the status.
func (h *House) farewell(t *testing.T, as uuid.UUID, form url.Values, change func(*http.Request)) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.Address+"/live/leave", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://"+h.Address)
	if as != uuid.Nil {
		r.AddCookie(&http.Cookie{Name: "rounds_access", Value: h.Cookie(as, time.Hour)})
	}
	if change != nil {
		change(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// named connects, and tells what the server calls the connection.
func (s *seat) named(t *testing.T, account uuid.UUID) string {
	t.Helper()
	client, err := Open(t.Context(), s.h.Options(account))
	if err != nil {
		t.Fatal(err)
	}
	s.Client = client
	t.Cleanup(client.Kill)
	text, err := client.Command(t.Context(), "connect", struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Client string }
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	join := &livewebinarpb.JoinRequest{WebinarId: s.h.Webinar.String()}
	s.h.Await("the room lets somebody in", func() bool {
		time.Sleep(120 * time.Millisecond) // who floods is cut
		return client.Call(t.Context(), "room.join", join, &livewebinarpb.JoinResponse{}) == nil
	})
	return answer.Client
}

// TestFarewell closes a page whose connection says nothing any more: the request beside it says who left, at once, to whichever
// instance it comes, and once.
func TestFarewell(t *testing.T) {
	t.Parallel()
	h := Build(t)
	one, two := h.Instance(Setup{}), h.Instance(Setup{})
	h.GoLive()
	anaID, borID := h.Account("Ana"), h.Account("Bor")
	count := func(id uuid.UUID, event string) int {
		return h.Count(`SELECT count(*) FROM livewebinar.beat WHERE account_id = $1 AND event = $2`, id, event)
	}
	for i, elsewhere := range []*Instance{one, two} {
		h.Address = one.Address
		watcher := h.enter(borID, 0)
		desk, phone := &seat{h: h}, &seat{h: h}
		name := desk.named(t, anaID)
		phone.named(t, anaID)
		form := url.Values{"webinar": {h.Webinar.String()}, "connection": {name}, "sequence": {"7"}}
		h.Address = elsewhere.Address
		if got := h.farewell(t, borID, form, nil); got != http.StatusNoContent || count(anaID, "left") != i {
			t.Errorf("somebody else's connection: %d", got)
		}
		h.Await("it is known that Ana left, on one device", func() bool { // the other instance must have heard of her first
			if got := h.farewell(t, anaID, form, nil); got != http.StatusNoContent && got != http.StatusTooManyRequests {
				t.Fatalf("a farewell: %d", got)
			}
			return count(anaID, "left") == i+1
		})
		h.Await("she left on that connection", func() bool {
			_, err := desk.beat(8, livewebinarpb.Player_PLAYER_PLAYING)
			return refused(err, "room.not_joined")
		})
		must(phone.beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t)
		watcher.heard(t, 2)
		desk.Kill()
		phone.Kill()
		h.Await("the phone is lost", func() bool { return count(anaID, "lost") == i+1 })
		watcher.Kill()
		h.Await("Bor is lost", func() bool { return count(borID, "lost") == i+1 })
	}
	if n := count(anaID, "left"); n != 2 {
		t.Errorf("she left %d times", n)
	}
}

// TestHostileFarewells are refused with a status, and nobody leaves.
func TestHostileFarewells(t *testing.T) {
	t.Parallel()
	h := open(t)
	ana := h.Account("Ana")
	s := &seat{h: h}
	good := url.Values{"webinar": {h.Webinar.String()}, "connection": {s.named(t, ana)}, "sequence": {"1"}}
	for what, c := range map[string]struct {
		as     uuid.UUID
		field  string
		value  string
		change func(*http.Request)
		want   int
	}{
		"a visitor":        {want: http.StatusUnauthorized},
		"another site":     {as: ana, want: http.StatusForbidden, change: func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }},
		"another webinar":  {as: ana, field: "webinar", value: uuid.NewString(), want: http.StatusNoContent},
		"no webinar":       {as: ana, field: "webinar", value: "1", want: http.StatusUnprocessableEntity},
		"no connection":    {as: ana, field: "connection", value: "", want: http.StatusUnprocessableEntity},
		"rubbish":          {as: ana, field: "connection", value: "\x00\xff", want: http.StatusUnprocessableEntity},
		"an id in braces":  {as: ana, field: "connection", value: "{" + good.Get("connection") + "}", want: http.StatusUnprocessableEntity},
		"a number below 0": {as: ana, field: "sequence", value: "-1", want: http.StatusUnprocessableEntity},
		"a huge number":    {as: ana, field: "sequence", value: "99999999999", want: http.StatusUnprocessableEntity},
		"no number":        {as: ana, field: "sequence", value: "", want: http.StatusUnprocessableEntity},
		"half a form":      {as: ana, want: http.StatusUnprocessableEntity, change: func(r *http.Request) { r.URL.RawQuery = "%zz" }},
		"a long body":      {as: ana, field: "more", value: strings.Repeat("x", 5000), want: http.StatusRequestEntityTooLarge},
	} {
		form := url.Values{}
		for name := range good {
			form.Set(name, good.Get(name))
		}
		if c.field != "" {
			form.Set(c.field, c.value)
		}
		if got := h.farewell(t, c.as, form, c.change); got != c.want {
			t.Errorf("%s: %d, not %d", what, got, c.want)
		}
	}
	if _, err := s.beat(2, livewebinarpb.Player_PLAYER_PLAYING); err != nil {
		t.Errorf("Ana was sent away: %v", err)
	}
}
