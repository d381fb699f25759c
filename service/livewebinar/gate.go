package livewebinar

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// gate lets only so many do something at once; the last who came is the next.
//
// Why: when thousands come back in one moment and there is more to do than their patience lasts, doing a bit for all of them ends
// with nobody inside: all hang up, and come back. Who came first is no better served first, because by then little is left of
// that patience for the steps that follow. Who came last has all of it, and whoever has hung up while waiting costs nothing.
//
// What was begun is finished first: a gate stays shut while many wait at a later one. Else an overloaded room lets thousands
// connect whom it cannot let in. They give up after a while and connect again, soon, because a browser begins its back-off anew with
// each connection: then all that the room does is to shake hands.
type gate struct {
	mu      sync.Mutex
	free    int
	waiting []chan struct{}
	queue   atomic.Int32 // as many as wait, for the gates before this one

	later, earlier []*gate
}

// crowdedGate is how many wait at a gate when those before it shut.
const crowdedGate = 64

// The gates on the way into a room. None is held while something is waited for that the other end decides.
type gates struct{ handshake, subscribe, join *gate }

func newGates() gates {
	g := gates{handshake: newGate(8), subscribe: newGate(16), join: newGate(64)}
	g.handshake.before(g.subscribe, g.join)
	g.subscribe.before(g.join)
	return g
}

func newGate(most int) *gate { return &gate{free: most} }

// before says which gates are the later ones.
func (g *gate) before(later ...*gate) {
	g.later = later
	for _, l := range later {
		l.earlier = append(l.earlier, g)
	}
}

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
	if g.free > 0 && !g.shut() {
		g.free--
		g.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, turn)
	g.queue.Add(1)
	g.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	}
	g.mu.Lock()
	at := slices.Index(g.waiting, turn)
	if at >= 0 {
		g.take(at)
	}
	g.mu.Unlock()
	g.tell()
	return at < 0 // its turn came in the same moment, so it has to be given back
}

func (g *gate) leave() {
	g.mu.Lock()
	g.free++
	g.next()
	g.mu.Unlock()
	g.tell()
}

// shut is whether too many wait at a later gate.
func (g *gate) shut() bool {
	return slices.ContainsFunc(g.later, func(l *gate) bool { return l.queue.Load() >= crowdedGate })
}

// next lets in who may come now. It is called with mu held.
func (g *gate) next() {
	for g.free > 0 && len(g.waiting) > 0 && !g.shut() {
		g.free--
		close(g.take(len(g.waiting) - 1))
	}
}

func (g *gate) take(at int) chan struct{} {
	turn := g.waiting[at]
	g.waiting = slices.Delete(g.waiting, at, at+1)
	g.queue.Add(-1)
	return turn
}

// tell lets the gates before this one look again, after fewer wait here. Their looking and their queueing exclude each other, so
// nobody waits for a look that has been.
func (g *gate) tell() {
	if g.queue.Load() >= crowdedGate {
		return
	}
	for _, e := range g.earlier {
		e.mu.Lock()
		e.next()
		e.mu.Unlock()
		e.tell()
	}
}
