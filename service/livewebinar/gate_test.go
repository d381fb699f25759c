package livewebinar

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// queued waits until so many wait at a gate.
func (g *gate) queued(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(45 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		g.mu.Lock()
		waiting := len(g.waiting)
		g.mu.Unlock()
		if waiting == n {
			return
		}
	}
	t.Fatalf("never %d in the queue", n)
}

func TestGateServesTheLastFirstAndForgetsWhoHasGone(t *testing.T) {
	t.Parallel()
	g := newGate(1)
	inside, hold := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { g.pass(t.Context(), func() { close(inside); <-hold }) })
	<-inside
	var order []int
	for n := range 3 {
		all.Go(func() { g.pass(t.Context(), func() { order = append(order, n) }) })
		g.queued(t, n+1)
	}
	gone, cancel := context.WithCancel(t.Context())
	all.Go(func() {
		if g.pass(gone, func() { t.Error("done for somebody who has gone") }) {
			t.Error("somebody who has gone passed")
		}
	})
	g.queued(t, 4)
	cancel()
	g.queued(t, 3)
	close(hold)
	all.Wait()
	if want := []int{2, 1, 0}; !slices.Equal(order, want) || g.free != 1 {
		t.Errorf("in the order %v, %d free", order, g.free)
	}
	if g.pass(gone, func() { t.Error("done for somebody who has gone") }) {
		t.Error("somebody who has gone passed a free gate")
	}
	func() {
		defer func() { _ = recover() }()
		g.pass(t.Context(), func() { panic("inside") })
	}()
	if g.free != 1 {
		t.Error("a place is not given back")
	}
}

func TestGateKeepsItsPlaces(t *testing.T) {
	t.Parallel()
	g := newGate(3)
	var inside, most atomic.Int32
	var all sync.WaitGroup
	for i := range 2000 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*100*time.Microsecond)
			defer cancel()
			g.pass(ctx, func() {
				n := inside.Add(1)
				for is := most.Load(); n > is && !most.CompareAndSwap(is, n); is = most.Load() {
				}
				time.Sleep(50 * time.Microsecond)
				inside.Add(-1)
			})
		})
	}
	all.Wait()
	if most.Load() > 3 || g.free != 3 || len(g.waiting) != 0 {
		t.Errorf("%d at once, %d free, %d wait", most.Load(), g.free, len(g.waiting))
	}
}

// While many wait to subscribe nobody is let in to connect, and those who go make room as those do who are let in.
func TestGateWaitsForLaterOnes(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"they are let in", "they give up"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			first, second := newGate(1), newGate(1)
			first.before(second)
			inside, hold := make(chan struct{}), make(chan struct{})
			release := sync.OnceFunc(func() { close(hold) })
			var all sync.WaitGroup
			all.Go(func() { second.pass(t.Context(), func() { close(inside); <-hold }) })
			<-inside
			ctx, gone := context.WithCancel(t.Context())
			defer gone()
			for range crowdedGate {
				all.Go(func() { second.pass(ctx, func() {}) })
			}
			second.queued(t, crowdedGate)
			passed := make(chan struct{})
			all.Go(func() { first.pass(t.Context(), func() { close(passed) }) })
			first.queued(t, 1)
			select {
			case <-passed:
				t.Error("passed before those who had begun")
			default:
			}
			if what == "they give up" {
				gone()
			} else {
				release()
			}
			<-passed
			release()
			all.Wait()
			if first.free != 1 || second.free != 1 || first.queue.Load() != 0 {
				t.Errorf("%d and %d free, %d wait", first.free, second.free, first.queue.Load())
			}
		})
	}
}
