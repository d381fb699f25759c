package rabbitmq

import "sync"

// remembered is how many finished messages a process knows again. Doubles come within seconds, after a connection was
// lost; this is as many as can be finished in that time.
const remembered = 100_000

// memory finds doubles of a queue's messages by their ids.
type memory struct {
	mu    sync.Mutex
	known map[copyOf]bool
	ring  []copyOf
	next  int
}

func newMemory() *memory { return &memory{known: map[copyOf]bool{}} }

// knows tells whether the message was finished, or this copy of it replaced by another.
func (m *memory) knows(c copyOf) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[c] || m.known[c.done()]
}

func (m *memory) add(c copyOf) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known[c] {
		return
	}
	m.known[c] = true
	if len(m.ring) < remembered {
		m.ring = append(m.ring, c)
		return
	}
	delete(m.known, m.ring[m.next])
	m.ring[m.next] = c
	m.next = (m.next + 1) % remembered
}
