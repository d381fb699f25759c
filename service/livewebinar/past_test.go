package livewebinar

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
)

// Those who ask while a query is under way share the next one, and everybody gets their own answer.
func TestGather(t *testing.T) {
	t.Parallel()
	var reads atomic.Int32
	under, free := make(chan struct{}, gatherers), make(chan struct{})
	g := gather[int, int]{most: 1000, read: func(_ context.Context, keys []int) (map[int]int, error) {
		reads.Add(1)
		select {
		case under <- struct{}{}:
		default:
		}
		<-free
		got := map[int]int{}
		for _, k := range keys {
			got[k] = 2 * k
		}
		return got, nil
	}}
	var all sync.WaitGroup
	ask := func(k int) {
		all.Go(func() {
			if got, err := g.get(t.Context(), k); err != nil || got != 2*k {
				t.Errorf("%d: %d %v", k, got, err)
			}
		})
	}
	for k := range gatherers {
		ask(k)
		<-under
	}
	for k := range 500 {
		ask(k)
	}
	for waiting := 0; waiting < 500; {
		g.mu.Lock()
		waiting = len(g.waiting)
		g.mu.Unlock()
	}
	close(free)
	all.Wait()
	if n := reads.Load(); n > gatherers+2 {
		t.Errorf("%d queries for 502 wishes", n)
	}
}
