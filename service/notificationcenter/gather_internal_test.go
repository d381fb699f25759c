package notificationcenter

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
)

// TestGatherer: everybody gets their own answer, two of one key are never asked at once, and one that cannot be asked harms no other.
func TestGatherer(t *testing.T) {
	t.Parallel()
	broken := errors.New("not this one")
	g := newGatherer(func(q int) any { return q }, func(_ context.Context, all []int) ([]int, error) {
		var answers []int
		for i, q := range all {
			if q == 13 {
				return nil, broken
			}
			if slices.Contains(all[:i], q) {
				t.Errorf("%d is asked twice at once", q)
			}
			answers = append(answers, 2*q)
		}
		return answers, nil
	})
	stop := make(chan struct{})
	var running, asking sync.WaitGroup
	running.Go(func() { g.run(stop) })
	for i := range 1000 {
		asking.Go(func() {
			q := i % 100
			got, err := g.of(t.Context(), q)
			if q == 13 && !errors.Is(err, broken) || q != 13 && (err != nil || got != 2*q) {
				t.Errorf("%d: %d, %v", q, got, err)
			}
		})
	}
	asking.Wait()
	close(stop)
	running.Wait()
}
