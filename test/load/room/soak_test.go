package room

import (
	"testing"
	"time"

	"github.com/rounds-cme/rounds/test/load/crowd"
)

// watched is somebody who knows of twenty seconds.
func watched() *crowd.Watched {
	var w crowd.Watched
	start := time.Unix(1000, 0)
	w.Sent(start)
	w.Answered(start.Add(10 * time.Millisecond))
	w.Closed(start.Add(20 * time.Second))
	return &w
}

// TestBooksFindWrongCredit is why "credit of all right to the second" can be believed.
func TestBooksFindWrongCredit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		given granted
		found bool
		wrong bool
	}{
		{"right", granted{20 * time.Second, 2}, true, false},
		{"rounded down", granted{19 * time.Second, 2}, true, false},
		{"a second too much", granted{21 * time.Second, 2}, true, true},
		{"a second too little", granted{18 * time.Second, 2}, true, true},
		{"nothing", granted{0, 2}, true, true},
		{"a check lost", granted{20 * time.Second, 1}, true, true},
		{"a check too many", granted{20 * time.Second, 3}, true, true},
		{"forgotten", granted{}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b books
			b.compare(watched(), 2, granted{20 * time.Second, 2}, true)
			b.compare(watched(), 2, c.given, c.found)
			if wrong := b.report(0) != nil; wrong != c.wrong {
				t.Errorf("wrong is %v: %+v", wrong, b)
			}
		})
	}
}
