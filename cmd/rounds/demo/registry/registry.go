// Package registry stands in for a chamber's registry of accredited medical staff: somebody else's small HTTP server that
// is asked during registration. The demo runs it beside itself, because no chamber lets strangers ask the real one; tests
// run it with troubles of their own (test/fake/registry).
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

// Registry is the server.
type Registry struct{ people map[[2]string]Person }

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

// ServeHTTP answers one question.
func (r *Registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path != "/people" || q.Method != http.MethodGet {
		Answer(w, http.StatusNotFound, map[string]string{"error": "ask GET /people?country=&licence="})
		return
	}
	country, licence := q.URL.Query().Get("country"), q.URL.Query().Get("licence")
	if country == "" || licence == "" {
		Answer(w, http.StatusBadRequest, map[string]string{"error": "country and licence are needed"})
		return
	}
	p, ok := r.people[key(country, licence)]
	if !ok {
		Answer(w, http.StatusNotFound, map[string]bool{"found": false})
		return
	}
	Answer(w, http.StatusOK, struct {
		Found bool `json:"found"`
		Person
	}{true, p})
}

// Answer writes what the registry says.
func Answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has left: nobody to tell
}
