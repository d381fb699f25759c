package agency_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/test/fake/agency"
)

const (
	efn   = "000000000000018" // passes the check digit
	event = `{"title":"Sepsis","held_on":"2026-11-20","points":1.5,"viewers":40}`
	line  = `{"attended":true,"points":1.5}`
)

// send is one request; it answers the status, the code of a refusal and a line.
func send(t *testing.T, a http.Handler, method, path, body string) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Errorf("%s %s: %v: %s", method, path, err, w.Body) // not Fatal: it is called from many goroutines
	}
	return w, got
}

func at(when string) func() time.Time {
	return func() time.Time {
		now, err := time.Parse(time.DateOnly, when)
		if err != nil {
			panic(err)
		}
		return now
	}
}

func TestALineIsKeptOnce(t *testing.T) {
	t.Parallel()
	a := agency.New(agency.Options{})
	send(t, a, "PUT", "/events/E-1", event)
	_, first := send(t, a, "PUT", "/events/E-1/doctors/"+efn, line)
	_, again := send(t, a, "PUT", "/events/E-1/doctors/"+efn, line)
	if fmt.Sprint(first) != fmt.Sprint(again) || len(a.Lines("E-1")) != 1 {
		t.Errorf("first %v, again %v, holds %v", first, again, a.Lines("E-1"))
	}
	_, back := send(t, a, "PUT", "/events/E-1/doctors/"+efn, `{"attended":false,"points":0}`)
	if back["reference"] != first["reference"] || back["version"] != 2.0 || a.Lines("E-1")[0].Attended {
		t.Errorf("taken back: %v", back)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	a := agency.New(agency.Options{Days: 8, Now: at("2026-11-22")})
	send(t, a, "PUT", "/events/E-2", event)
	for _, c := range []struct {
		path, body string
		status     int
		code       string
	}{
		{"/events/none/doctors/" + efn, line, 406, "event_unknown"},
		{"/events/E-2/doctors/000000000000019", line, 422, "doctor_number"},
		{"/events/E-2/doctors/a", line, 422, "doctor_number"},
		{"/events/E-2/doctors/" + efn, `{"attended":true,"points":1.6}`, 422, "points"},
		{"/events/E-2/doctors/" + efn, `{"attended":false,"points":1}`, 422, "points"},
		{"/events/E-2/doctors/" + efn, `{"attended":`, 422, "json"},
		{"/events/E-2", `{"title":"","held_on":"2026-11-20","points":1}`, 422, "event_data"},
		{"/events/E-2", `{"title":"x","held_on":"yesterday","points":1}`, 422, "event_data"},
		{"/events/E-2", `{"title":"x","held_on":"2026-11-20","points":99}`, 422, "event_data"},
		{"/events/0000000000000000001", event, 422, "event_data"},
	} {
		w, got := send(t, a, "PUT", c.path, c.body)
		if w.Code != c.status || got["code"] != c.code {
			t.Errorf("%s %s: %d %v, want %d %s", c.path, c.body, w.Code, got, c.status, c.code)
		}
	}
	if len(a.Lines("E-2")) != 0 {
		t.Errorf("kept %v", a.Lines("E-2"))
	}
}

func TestEventsCloseAndAreRefused(t *testing.T) {
	t.Parallel()
	a := agency.New(agency.Options{Days: 8, Now: at("2026-11-30")})
	send(t, a, "PUT", "/events/E-old1", event)
	send(t, a, "PUT", "/events/E-new1", strings.Replace(event, "11-20", "11-25", 1))
	for number, code := range map[string]string{"E-old1": "event_closed", "E-new1": ""} {
		w, got := send(t, a, "PUT", "/events/"+number+"/doctors/"+efn, line)
		if code == "" && w.Code != 200 || code != "" && (w.Code != 406 || got["code"] != code) {
			t.Errorf("%s: %d %v", number, w.Code, got)
		}
	}
	a.Refuse("E-new1", "not accredited")
	w, got := send(t, a, "PUT", "/events/E-new1/doctors/"+efn, line)
	if w.Code != 406 || got["message"] != "not accredited" {
		t.Errorf("refused: %d %v", w.Code, got)
	}
	if _, got = send(t, a, "GET", "/events/E-new1", ""); got["state"] != "refused" || got["viewers"] != 40.0 {
		t.Errorf("read back: %v", got)
	}
}

func TestBackOffTokenAndOutage(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	a := agency.New(agency.Options{Token: "secret", PerMinute: 2, Now: func() time.Time { return now }})
	send(t, a, "PUT", "/events/E-1", event)
	now = now.Add(10 * time.Second)
	send(t, a, "GET", "/events/E-1", "")
	w, _ := send(t, a, "GET", "/events/E-1", "")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "50" {
		t.Errorf("too fast: %d, come again in %s", w.Code, w.Header().Get("Retry-After"))
	}
	now = now.Add(50 * time.Second)
	if w, _ = send(t, a, "GET", "/events/E-1", ""); w.Code != http.StatusOK {
		t.Errorf("after waiting: %d", w.Code)
	}
	a.Suffer(true)
	if w, _ = send(t, a, "GET", "/events/E-1", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("down: %d", w.Code)
	}
	stranger := httptest.NewRecorder()
	a.ServeHTTP(stranger, httptest.NewRequest(http.MethodGet, "/events/E-1", http.NoBody))
	if stranger.Code != http.StatusUnauthorized {
		t.Errorf("without a token: %d", stranger.Code)
	}
}

func TestReadBackInPagesAfterManyWroteAtOnce(t *testing.T) {
	t.Parallel()
	a := agency.New(agency.Options{})
	send(t, a, "PUT", "/events/E-1", event)
	var all sync.WaitGroup
	for i := range 25 {
		all.Go(func() {
			for range 3 {
				send(t, a, "PUT", fmt.Sprintf("/events/E-1/doctors/DEMO-%03d", i), line)
			}
		})
	}
	all.Wait()
	seen, after := 0, ""
	for {
		_, page := send(t, a, "GET", "/events/E-1/doctors?limit=10&after="+after, "")
		lines, ok := page["lines"].([]any)
		if !ok {
			t.Fatalf("page: %v", page)
		}
		seen += len(lines)
		if after, ok = page["next"].(string); !ok {
			break
		}
	}
	if seen != 25 {
		t.Errorf("read %d lines, want 25", seen)
	}
}
