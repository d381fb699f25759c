package crowd

import (
	"math"
	"time"
)

// Watched is what one viewer knows of its own watch time, without the server's rules and tables: when it said "playing" and
// when that was answered. The server stamped each word somewhere between the two, so the true time has a least and a most.
type Watched struct {
	spans []watchedSpan
	now   *watchedSpan // of the connection that is open
	sent  time.Time    // of the beat that is not answered yet
}

// moment is known to lie between two times.
type moment struct{ earliest, latest time.Time }

type watchedSpan struct{ from, to moment }

// Sent notes that a beat is on its way.
func (w *Watched) Sent(at time.Time) { w.sent = at }

// Answered notes that the server took it.
func (w *Watched) Answered(at time.Time) {
	if w.sent.IsZero() {
		return
	}
	m := moment{w.sent, at}
	w.sent = time.Time{}
	if w.now == nil {
		w.now = &watchedSpan{from: m}
	}
	w.now.to = m
}

// Lost notes that the connection has gone: time counts up to its last beat, and perhaps to the one that was on its way.
func (w *Watched) Lost(at time.Time) {
	if w.now != nil {
		if !w.sent.IsZero() {
			w.now.to.latest = at
		}
		w.spans = append(w.spans, *w.now)
	}
	w.now, w.sent = nil, time.Time{}
}

// Closed notes that the room was closed at this moment while the viewer was in it: time counts up to there.
func (w *Watched) Closed(at time.Time) {
	if w.now != nil {
		w.now.to = moment{at, at}
		w.spans = append(w.spans, *w.now)
	}
	w.now, w.sent = nil, time.Time{}
}

// Between is the least and the most that can have been watched; gaps up to grace between two connections are given.
func (w *Watched) Between(grace time.Duration) (least, most time.Duration) {
	var before *watchedSpan
	for i := range w.spans {
		s := &w.spans[i]
		least += max(0, s.to.earliest.Sub(s.from.latest))
		most += s.to.latest.Sub(s.from.earliest)
		if before != nil {
			widest, narrowest := s.from.latest.Sub(before.to.earliest), s.from.earliest.Sub(before.to.latest)
			if widest <= grace {
				least += max(0, widest)
			}
			if narrowest <= grace {
				most += max(0, narrowest)
			}
		}
		before = s
	}
	return least, most
}

// clockDoubt is how far apart the server's clock may have been when it stamped the first word and the last, beside ours: it is
// measured anew each second and put right within what the measurement doubts, which is up to half of 50 ms each time.
const clockDoubt = 50 * time.Millisecond

// Off is how many whole seconds a credited time is away from the truth: 0 when it fits. Stamped is the time between the
// server's own stamps. Credit is that, rounded down to the second, once and not by interval; and the stamps must be true.
func (w *Watched) Off(credited, stamped, grace time.Duration) int {
	if whole := stamped.Truncate(time.Second); credited != whole {
		return int((credited - whole) / time.Second)
	}
	least, most := w.Between(grace)
	switch least, most = least-clockDoubt, most+clockDoubt; {
	case stamped < least:
		return int(math.Floor((stamped - least).Seconds()))
	case stamped > most:
		return int(math.Ceil((stamped - most).Seconds()))
	default:
		return 0
	}
}
