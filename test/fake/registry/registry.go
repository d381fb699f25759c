// Package registry stands in for a chamber's registry of accredited medical staff: somebody else's small HTTP server that
// is asked during registration. Rounds must bear it slow, down and wrong, so all three can be switched on while it runs.
//
//	GET /people?country=SI&licence=0010452
//	200 {"found":true,"name":…,"profession":…,"speciality":…,"valid_until":"2029-12-31","status":"active"}
//	404 {"found":false}        nobody has that number there
//	400 {"error":…}            country or licence is missing
//
// An entry that is known but not valid any more is found, with the status "suspended" or "expired": what follows from it is
// the reviewer's to decide.
package registry

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Person is one entry of the registry.
type Person struct {
	Country    string `json:"-"`
	Licence    string `json:"-"`
	Name       string `json:"name"`
	Profession string `json:"profession"`
	Speciality string `json:"speciality"`
	ValidUntil string `json:"valid_until,omitempty"` // 2029-12-31; empty for no limit
	Status     string `json:"status"`                // active, suspended or expired
}

// Trouble is how the registry misbehaves. Its zero value is a registry in good health.
type Trouble struct {
	Delay  time.Duration // before each answer
	Status int           // answer this, such as 503, to everything
	Broken bool          // answer with JSON that ends in its middle
}

// Registry is the server. Its methods may be called while it serves.
type Registry struct {
	people map[[2]string]Person

	mu      sync.Mutex
	trouble Trouble
	asked   int
}

// New makes a registry that knows these people.
func New(people ...Person) *Registry {
	r := &Registry{people: make(map[[2]string]Person, len(people))}
	for _, p := range people {
		r.people[key(p.Country, p.Licence)] = p
	}
	return r
}

// key forgives what people type differently: case, and spaces at the ends.
func key(country, licence string) [2]string {
	return [2]string{strings.ToUpper(strings.TrimSpace(country)), strings.ToUpper(strings.TrimSpace(licence))}
}

// Suffer makes the registry misbehave from the next question on, or recover with a zero Trouble.
func (r *Registry) Suffer(t Trouble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble = t
}

// Asked tells how many questions came, also those that were not answered.
func (r *Registry) Asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

// ServeHTTP answers one question.
func (r *Registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	r.asked++
	trouble := r.trouble
	r.mu.Unlock()
	if !wait(q, trouble.Delay) {
		return // who asked has given up
	}
	switch {
	case trouble.Status != 0:
		answer(w, trouble.Status, map[string]string{"error": "the registry is not available"})
	case trouble.Broken:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"found":true,"name":"Ma`)) // nobody to tell
	case q.URL.Path != "/people" || q.Method != http.MethodGet:
		answer(w, http.StatusNotFound, map[string]string{"error": "ask GET /people?country=&licence="})
	default:
		r.find(w, q)
	}
}

// wait is over after the delay, or at once when the caller leaves.
func wait(q *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-q.Context().Done():
		return false
	}
}

func (r *Registry) find(w http.ResponseWriter, q *http.Request) {
	country, licence := q.URL.Query().Get("country"), q.URL.Query().Get("licence")
	if country == "" || licence == "" {
		answer(w, http.StatusBadRequest, map[string]string{"error": "country and licence are needed"})
		return
	}
	p, ok := r.people[key(country, licence)]
	if !ok {
		answer(w, http.StatusNotFound, map[string]bool{"found": false})
		return
	}
	answer(w, http.StatusOK, struct {
		Found bool `json:"found"`
		Person
	}{true, p})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has left: nobody to tell
}
