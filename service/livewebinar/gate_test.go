package livewebinar

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
)

func TestGateLetsFewInAndForgetsWhoHasGone(t *testing.T) {
	t.Parallel()
	g := make(gate, 2)
	var inside, most, done atomic.Int32
	hold := make(chan struct{})
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			g.pass(t.Context(), func() {
				if n := inside.Add(1); n > most.Load() {
					most.Store(n)
				}
				<-hold
				inside.Add(-1)
				done.Add(1)
			})
		})
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if g.pass(gone, func() { t.Error("done for somebody who has gone") }) {
		t.Error("somebody who has gone passed")
	}
	close(hold)
	all.Wait()
	if most.Load() > 2 || done.Load() != 10 {
		t.Errorf("%d at once, %d in all", most.Load(), done.Load())
	}
	if free := make(gate, 1); free.pass(gone, func() { t.Error("done for somebody who has gone") }) {
		t.Error("somebody who has gone passed a free gate")
	}
	func() {
		defer func() { _ = recover() }()
		g.pass(t.Context(), func() { panic("inside") })
	}()
	if len(g) != 0 {
		t.Error("a place is never given back")
	}
}
