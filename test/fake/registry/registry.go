// Package registry is the registry of the demo (cmd/rounds/demo/registry) with troubles: Rounds must bear it slow, down and
// wrong, so all three can be switched on while it runs.
package registry

import (
	"net/http"
	"sync"
	"time"

	"github.com/rounds-cme/rounds/cmd/rounds/demo/registry"
)

// Person is one entry of the registry.
type Person = registry.Person

// Trouble is how the registry misbehaves. Its zero value is a registry in good health.
type Trouble struct {
	Delay  time.Duration // before each answer
	Status int           // answer this, such as 503, to everything
	Broken bool          // answer with JSON that ends in its middle
}

// Registry is the server. Its methods may be called while it serves.
type Registry struct {
	healthy *registry.Registry

	mu      sync.Mutex
	trouble Trouble
	asked   int
}

// New makes a registry that knows these people.
func New(people ...Person) *Registry { return &Registry{healthy: registry.New(people...)} }

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
		registry.Answer(w, trouble.Status, map[string]string{"error": "the registry is not available"})
	case trouble.Broken:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"found":true,"name":"Ma`)) // nobody to tell
	default:
		r.healthy.ServeHTTP(w, q)
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
