package livewebinar

import (
	"context"
	"slices"
	"sync"
)

// gate lets only so many do something at once; the last who came is the next.
//
// Why: when thousands come back in one moment and there is more to do than their patience lasts, doing a bit for all of them ends
// with nobody inside: all hang up, and come back. Who came first is no better served first, because by then little is left of
// that patience for the steps that follow. Who came last has all of it, and whoever has hung up while waiting costs nothing.
// The later the step, the wider its gate, so that what was begun is finished first.
type gate struct {
	mu      sync.Mutex
	free    int
	waiting []chan struct{}
}

// The gates on the way into a room. None is held while something is waited for that the other end decides.
type gates struct{ handshake, subscribe, join *gate }

func newGates() gates {
	return gates{handshake: newGate(8), subscribe: newGate(16), join: newGate(64)}
}

func newGate(most int) *gate { return &gate{free: most} }

// pass does it when it is its turn; false when whoever asked had gone before.
func (g *gate) pass(ctx context.Context, do func()) bool {
	if !g.enter(ctx) {
		return false
	}
	defer g.leave()
	if ctx.Err() != nil {
		return false
	}
	do()
	return true
}

func (g *gate) enter(ctx context.Context) bool {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	}
	g.mu.Lock()
	at := slices.Index(g.waiting, turn)
	if at >= 0 {
		g.waiting = slices.Delete(g.waiting, at, at+1)
	}
	g.mu.Unlock()
	return at < 0 // its turn came in the same moment, so it has to be given back
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	last := len(g.waiting) - 1
	if last < 0 {
		g.free++
		return
	}
	close(g.waiting[last])
	g.waiting = slices.Delete(g.waiting, last, last+1)
}
