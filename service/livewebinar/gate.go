package livewebinar

import "context"

// gate lets only so many do something at once, in the order in which they came.
//
// Why: when thousands come back in one moment and there is more to do than their patience lasts, doing a bit for all of them ends
// with nobody inside: all hang up, and come back. One after the other, the first are inside soon, and whoever has hung up while
// waiting costs nothing. The later the step, the wider its gate, so that what was begun is finished first.
type gate chan struct{}

// The gates on the way into a room. None is held while something is waited for that the other end decides.
type gates struct{ handshake, subscribe, join gate }

func newGates() gates {
	return gates{handshake: make(gate, 8), subscribe: make(gate, 16), join: make(gate, 64)}
}

// pass does it when it is its turn; false when whoever asked had gone before.
func (g gate) pass(ctx context.Context, do func()) bool {
	select {
	case g <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-g }()
	if ctx.Err() != nil {
		return false
	}
	do()
	return true
}
