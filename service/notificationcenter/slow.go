package notificationcenter

import (
	"errors"
	"strings"
	"sync"
	"time"
)

// slow keeps recipients that hang from taking the place of all others: one that ran into the time-out is tried with more
// patience, but never by more than half of the workers.
type slow struct {
	now  func() time.Time
	most int

	mu    sync.Mutex
	until map[string]time.Time
	busy  int
}

const (
	patience   = 8 // times the time-out of others
	rememberIt = time.Hour
)

var errSlow = errors.New("the recipient's server answers slowly, and others are being waited for")

func newSlow(now func() time.Time, most int) *slow {
	return &slow{now: now, most: most, until: map[string]time.Time{}}
}

// enter asks whether a recipient may be tried now; known says that it is one of the slow ones.
func (s *slow) enter(recipient string) (leave func(), known bool, err error) {
	recipient = strings.ToLower(recipient)
	s.mu.Lock()
	defer s.mu.Unlock()
	until, known := s.until[recipient]
	if !known {
		return func() {}, false, nil
	}
	if s.now().After(until) {
		delete(s.until, recipient)
		return func() {}, false, nil
	}
	if s.busy >= s.most {
		return nil, true, errSlow
	}
	s.busy++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy--
	}, true, nil
}

func (s *slow) note(recipient string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.until) > 10_000 {
		clear(s.until) // An hour of a server that hangs for everybody.
	}
	s.until[strings.ToLower(recipient)] = s.now().Add(rememberIt)
}

func (s *slow) forget(recipient string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.until, strings.ToLower(recipient))
}
