// Package agency stands in for a chamber's agency that grants points: a REST server like the German one. It keeps, for
// each event, the request of its organiser (points required, people who watched) and one line for each doctor, and can be
// read back, so that a reconciliation has something to compare with.
//
//	PUT /events/{event}                    {"title","held_on","points","viewers"}  -> 200 Event with reference
//	PUT /events/{event}/doctors/{doctor}   {"attended","points"}                   -> 200 Line with reference
//	GET /events/{event}                    -> 200 Event
//	GET /events/{event}/doctors?after=&limit=   -> 200 {"lines":[Line],"next":doctor}
//
// A line is idempotent per (doctor, event): the same content again answers the same reference and changes nothing, other
// content is a correction, and attended=false takes the line back. What can go wrong, as documented by such agencies:
//
//	401 no or a wrong token       406 something is wrong with the event: unknown, refused, or closed for reports
//	422 the data are wrong        429 too many requests; Retry-After says when to come again
//	503 down, as told by Suffer
//
//	event:  PUT ──> open ──Close, or Closes days after held_on──> closed
//	           └──> refused (Refuse): 406 from then on
package agency

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options decide how the agency behaves; the zero value is patient and open to everybody.
type Options struct {
	Token     string           // Bearer token that is asked for; empty: none
	PerMinute int              // requests a minute before 429; 0: no limit
	Days      int              // days after held_on in which lines are taken; 0: for ever
	MaxPoints float64          // the most points an event may have; 0: 24
	Now       func() time.Time // time.Now when nil
}

// Event is an organiser's request and the agency's answer.
type Event struct {
	Event     string  `json:"event"`
	Title     string  `json:"title"`
	HeldOn    string  `json:"held_on"` // 2026-11-22
	Points    float64 `json:"points"`  // required for each doctor
	Viewers   int     `json:"viewers"` // people who watched
	State     string  `json:"state"`   // open, closed or refused
	Reason    string  `json:"reason,omitempty"`
	Reference string  `json:"reference"`
}

// Line is one doctor's attendance at one event.
type Line struct {
	Event      string    `json:"event"`
	Doctor     string    `json:"doctor"`
	Attended   bool      `json:"attended"`
	Points     float64   `json:"points"`
	Reference  string    `json:"reference"`
	Version    int       `json:"version"` // 1, and one more with each correction
	RecordedAt time.Time `json:"recorded_at"`
}

// Agency is the server. Its methods may be called while it serves.
type Agency struct {
	o   Options
	mux *http.ServeMux

	mu     sync.Mutex
	events map[string]*Event
	lines  map[string]map[string]Line // by event, then doctor
	recent []time.Time                // requests of the last minute
	down   bool
}

// New makes an agency without events.
func New(o Options) *Agency {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxPoints == 0 {
		o.MaxPoints = 24
	}
	a := &Agency{o: o, events: map[string]*Event{}, lines: map[string]map[string]Line{}, mux: http.NewServeMux()}
	a.mux.HandleFunc("PUT /events/{event}", a.putEvent)
	a.mux.HandleFunc("GET /events/{event}", a.getEvent)
	a.mux.HandleFunc("PUT /events/{event}/doctors/{doctor}", a.putLine)
	a.mux.HandleFunc("GET /events/{event}/doctors", a.getLines)
	return a
}

// ServeHTTP lets in who has the token and is not too fast.
func (a *Agency) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.o.Token != "" && r.Header.Get("Authorization") != "Bearer "+a.o.Token {
		refuse(w, http.StatusUnauthorized, "token", "a valid token is needed")
		return
	}
	switch wait, down := a.admit(); {
	case down:
		refuse(w, http.StatusServiceUnavailable, "down", "the agency is not available")
	case wait > 0:
		w.Header().Set("Retry-After", seconds(wait))
		refuse(w, http.StatusTooManyRequests, "too_many", "too many requests")
	default:
		a.mux.ServeHTTP(w, r)
	}
}

// admit counts the requests of the last minute and says how long to wait for room.
func (a *Agency) admit() (wait time.Duration, down bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down {
		return 0, true
	}
	if a.o.PerMinute == 0 {
		return 0, false
	}
	now := a.o.Now()
	a.recent = slices.DeleteFunc(a.recent, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(a.recent) >= a.o.PerMinute {
		return a.recent[0].Add(time.Minute).Sub(now), false
	}
	a.recent = append(a.recent, now)
	return 0, false
}

// Suffer takes the agency down, or up again.
func (a *Agency) Suffer(down bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = down
}

// Refuse turns an event down, for a reason.
func (a *Agency) Refuse(event, reason string) { a.decide(event, "refused", reason) }

// Close ends the reports for an event.
func (a *Agency) Close(event string) { a.decide(event, "closed", "the time for reports is over") }

func (a *Agency) decide(event, state, reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.events[event]
	if e == nil {
		e = &Event{Event: event, Reference: reference("E", event)}
		a.events[event] = e
	}
	e.State, e.Reason = state, reason
}

// Lines answers what the agency holds for an event, by doctor; a test compares it with the ledger.
func (a *Agency) Lines(event string) []Line {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]Line, 0, len(a.lines[event]))
	for _, l := range a.lines[event] {
		all = append(all, l)
	}
	slices.SortFunc(all, func(x, y Line) int { return strings.Compare(x.Doctor, y.Doctor) })
	return all
}

// reference is the same whenever the same thing is sent, as an idempotent answer must be.
func reference(kind string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "DEMO-" + kind + "-" + strings.ToUpper(hex.EncodeToString(sum[:5]))
}
