package notificationcenter

import (
	"testing"

	"github.com/google/uuid"
)

// TestBells: ten thousand people are ten calls, however often each was touched, and what is remembered has a bound.
func TestBells(t *testing.T) {
	t.Parallel()
	b := newBells(nil)
	people := make([]uuid.UUID, 10*ringAtOnce)
	for i := range people {
		people[i] = uuid.New()
	}
	b.touch(people...)
	b.touch(people...)
	calls, told := 0, map[uuid.UUID]bool{}
	for some := b.take(); len(some) > 0; some = b.take() {
		calls++
		for _, account := range some {
			if told[account] {
				t.Fatalf("%s is told twice", account)
			}
			told[account] = true
		}
	}
	if calls != 10 || len(told) != len(people) {
		t.Errorf("%d people in %d calls", len(told), calls)
	}
	for range mostRings + 100 {
		b.touch(uuid.New())
	}
	if len(b.changed) != mostRings {
		t.Errorf("%d people are remembered", len(b.changed))
	}
}
