package crowd

import (
	"testing"
	"time"
)

func TestLedgerFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                           string
		begin                          int32
		seen                           []int32
		last                           int32
		count, lost, doubled, misplace int
	}{
		{"all of it", 0, []int32{1, 2, 3}, 3, 3, 0, 0, 0},
		{"from where it came in", 7, []int32{8, 9}, 9, 2, 0, 0, 0},
		{"one lost in the middle", 0, []int32{1, 3, 4}, 4, 3, 1, 0, 0},
		{"the first lost", 5, []int32{7}, 7, 1, 1, 0, 0},
		{"the last lost", 0, []int32{1, 2}, 4, 2, 2, 0, 0},
		{"nothing came", 3, nil, 5, 0, 2, 0, 0},
		{"one twice", 0, []int32{1, 2, 2, 3}, 3, 3, 0, 1, 0},
		{"one twice, later", 0, []int32{1, 2, 3, 1}, 3, 3, 0, 1, 0},
		{"two exchanged", 0, []int32{1, 3, 2, 4}, 4, 4, 0, 0, 1},
		{"exchanged and again", 0, []int32{1, 3, 2, 2, 4}, 4, 4, 0, 1, 1},
		{"one in the answer and pushed", 4, []int32{4, 5}, 5, 1, 0, 0, 0},
		{"one in the answer and pushed twice", 4, []int32{4, 4, 5}, 5, 1, 0, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var l Ledger
			l.Begin(c.begin)
			for _, n := range c.seen {
				l.See(n)
			}
			if l.Seen != c.count || l.Lost(c.last) != c.lost || l.Doubled != c.doubled || l.Reordered != c.misplace {
				t.Errorf("seen %d, lost %d, doubled %d, reordered %d", l.Seen, l.Lost(c.last), l.Doubled, l.Reordered)
			}
		})
	}
}

func TestLedgerAcrossConnections(t *testing.T) {
	t.Parallel()
	var l Ledger
	l.Begin(2)
	for _, n := range []int32{3, 4} {
		l.See(n)
	}
	l.Connect()
	for _, n := range []int32{5, 6} { // what was said meanwhile
		l.Told(n)
	}
	for _, n := range []int32{6, 7} { // 6 was on its way while it was asked for
		l.See(n)
	}
	if l.Seen != 5 || l.Overlaps != 1 || l.Doubled+l.Reordered+l.Lost(7) != 0 {
		t.Errorf("%+v, lost %d", l, l.Lost(7))
	}
	l.Connect()
	l.Told(7) // asked for what comes after 7, and given it again
	l.See(9)
	if l.Doubled != 1 || l.Lost(9) != 1 {
		t.Errorf("%+v, lost %d", l, l.Lost(9))
	}
}

func TestLatencyKnowsItsQuantiles(t *testing.T) {
	t.Parallel()
	var l Latency
	if l.Quantile(0.99) != 0 || l.Max() != 0 {
		t.Error("nothing took some time")
	}
	for i := range 1000 {
		l.Add(time.Duration(i) * time.Millisecond)
	}
	for q, want := range map[float64]time.Duration{0.5: 500 * time.Millisecond, 0.99: 990 * time.Millisecond, 0: 0} {
		if got := l.Quantile(q); got < want || got > want+latencyStep {
			t.Errorf("%v: %s, want %s", q, got, want)
		}
	}
	l.Add(2 * latencyMost)
	l.Add(-time.Second)
	if l.Max() != 2*latencyMost || l.Count() != 1002 || l.Quantile(1) != l.Max() {
		t.Errorf("max %s, %d, last %s", l.Max(), l.Count(), l.Quantile(1))
	}
}

func TestWatchedKnowsItsLimits(t *testing.T) {
	t.Parallel()
	at := func(seconds float64) time.Time {
		return time.Unix(1000, 0).Add(time.Duration(seconds * float64(time.Second)))
	}
	const grace = time.Minute
	beat := func(w *Watched, sent float64) {
		w.Sent(at(sent))
		w.Answered(at(sent + 0.1))
	}
	var w Watched
	beat(&w, 0)
	beat(&w, 15)
	w.Closed(at(20))
	if least, most := w.Between(grace); least != 19900*time.Millisecond || most != 20*time.Second {
		t.Errorf("between %s and %s", least, most)
	}
	for _, c := range []struct {
		credited, stamped float64
		off               int
	}{
		{19, 19.9, 0}, {20, 20, 0}, {20, 20.04, 0}, {19, 19.86, 0}, // right, as far as clocks can tell
		{19, 20, -1}, {20, 19.95, 1}, {0, 19.95, -19}, {600, 20, 580}, // not what the stamps say
		{19, 19.8, -1}, {20, 20.2, 1}, {18, 18.5, -2}, {600, 600, 580}, // stamps that cannot be true
	} {
		credited, stamped := at(c.credited).Sub(at(0)), at(c.stamped).Sub(at(0))
		if got := w.Off(credited, stamped, grace); got != c.off {
			t.Errorf("%v s of %v s: off by %d, want %d", c.credited, c.stamped, got, c.off)
		}
	}

	var cut Watched // a beat may or may not have arrived, then a gap that is given
	beat(&cut, 0)
	beat(&cut, 15)
	cut.Sent(at(30))
	cut.Lost(at(30.2))
	beat(&cut, 40)
	cut.Closed(at(50))
	if least, most := cut.Between(grace); least != 49900*time.Millisecond || most != 50*time.Second {
		t.Errorf("a gap that is given: between %s and %s", least, most)
	}
	if least, most := cut.Between(5 * time.Second); least != 24800*time.Millisecond || most != 40200*time.Millisecond {
		t.Errorf("a gap that is not given: between %s and %s", least, most)
	}

	var never Watched
	never.Sent(at(0))
	never.Lost(at(1))
	never.Closed(at(9))
	if least, most := never.Between(grace); least != 0 || most != 0 || never.Off(2*time.Second, 2*time.Second, grace) != 2 {
		t.Errorf("nothing was answered: between %s and %s", least, most)
	}
}
