package token

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// mostKnown bounds the memory of a verifier, to some 5 MB.
const mostKnown = 10_000

// memory knows tokens whose signature was right, by the hash of all their bytes, until they expire. Whoever has a token that is
// known here has one that auth signed; a token that differs in a single byte is another one. Only rights that the token itself
// gives are remembered, and forgotten with the keys that proved them:
//
//	unknown ──signature right──> known ──expired, keys read again, memory full──> unknown
type memory struct {
	mu         sync.RWMutex
	known      map[[sha256.Size]byte]Claims
	generation int // of the keys
}

func (m *memory) get(hash [sha256.Size]byte, now time.Time) (Claims, bool) {
	m.mu.RLock()
	c, ok := m.known[hash]
	m.mu.RUnlock()
	// The same two times, with the same leeway, as the parser looks at.
	if !ok || !now.Add(-leeway).Before(c.Expires) || now.Add(leeway).Before(c.Issued) {
		return Claims{}, false
	}
	c.Roles = slices.Clone(c.Roles) // nobody may change what others are told
	return c, true
}

// begin is called before the keys are looked at, so that put can tell whether they were forgotten meanwhile.
func (m *memory) begin() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.generation
}

func (m *memory) put(hash [sha256.Size]byte, c Claims, generation int) {
	c.Roles = slices.Clone(c.Roles)
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation != m.generation {
		return
	}
	if m.known == nil || len(m.known) >= mostKnown {
		m.known = map[[sha256.Size]byte]Claims{}
	}
	m.known[hash] = c
}

func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = nil
	m.generation++
}
