package room

import (
	"testing"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
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
		{"right", granted{20 * time.Second, 20 * time.Second, 2}, true, false},
		{"rounded down", granted{19 * time.Second, 19993 * time.Millisecond, 2}, true, false},
		{"a second too much", granted{21 * time.Second, 20 * time.Second, 2}, true, true},
		{"stamped a second too much", granted{21 * time.Second, 21 * time.Second, 2}, true, true},
		{"rounded twice", granted{19 * time.Second, 20 * time.Second, 2}, true, true},
		{"a second too little", granted{18 * time.Second, 18500 * time.Millisecond, 2}, true, true},
		{"nothing", granted{0, 0, 2}, true, true},
		{"a check lost", granted{20 * time.Second, 20 * time.Second, 1}, true, true},
		{"a check too many", granted{20 * time.Second, 20 * time.Second, 3}, true, true},
		{"forgotten", granted{}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b books
			b.compare(watched(), 2, granted{20 * time.Second, 20 * time.Second, 2}, true)
			b.compare(watched(), 2, c.given, c.found)
			if wrong := b.report(0) != nil; wrong != c.wrong {
				t.Errorf("wrong is %v: %+v", wrong, b)
			}
		})
	}
}

func TestStampedTime(t *testing.T) {
	t.Parallel()
	span := func(from, to int, dropped bool) credit.Interval {
		at := func(ms int) time.Time { return time.Unix(1000, 0).Add(time.Duration(ms) * time.Millisecond) }
		return credit.Interval{Span: credit.Span{From: at(from), To: at(to)}, Dropped: dropped}
	}
	for _, c := range []struct {
		name string
		all  []credit.Interval
		want time.Duration
	}{
		{"none", nil, 0},
		{"one", []credit.Interval{span(0, 1600, false)}, 1600 * time.Millisecond},
		{"halves of a second in two", []credit.Interval{span(70000, 71700, false), span(0, 1700, false)}, 3400 * time.Millisecond},
		{"a gap that is given", []credit.Interval{span(0, 1500, true), span(3000, 4100, false)}, 4100 * time.Millisecond},
		{"a gap that is not", []credit.Interval{span(0, 1500, true), span(62000, 63100, false)}, 2600 * time.Millisecond},
		{"a new connection before the old one was given up", []credit.Interval{span(0, 3000, false), span(2500, 4100, false)}, 4100 * time.Millisecond},
	} {
		if got := stamped(c.all); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
