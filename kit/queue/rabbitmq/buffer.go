package rabbitmq

import (
	"slices"
	"time"
)

// buffer is what was delivered and not begun. It decides what comes next: the urgent before the rest, and in an ordered
// queue the head of a lane that nobody works on and that does not wait for a back-off.
type buffer struct {
	batch int
	plain [2][]*item // urgent, normal
	since time.Time  // when the first of the normal ones came that wait
	lanes []*lane
	first int // the lane to look at first, so that each has its turn
}

type lane struct {
	items  []*item
	busy   bool
	resume time.Time
}

const notALane = -1

// gathers is how long a batch that is not full waits for more: a call of the handler, its line in the log and what it asks the database
// cost more than a message.
const gathers = 5 * time.Millisecond

func newBuffer(q Queue, batch int) buffer {
	b := buffer{batch: batch}
	if q.Ordered {
		for range lanes {
			b.lanes = append(b.lanes, &lane{})
		}
	}
	return b
}

// lane is where messages with a routing key belong.
func (b *buffer) lane(key string) int {
	for n := range b.lanes {
		if laneKey(n) == key {
			return n
		}
	}
	return notALane
}

func (b *buffer) add(i *item) {
	switch {
	case i.lane != notALane:
		l := b.lanes[i.lane]
		l.items = append(l.items, i)
	case i.key == keyUrgent:
		b.plain[0] = append(b.plain[0], i)
	default:
		if len(b.plain[1]) == 0 {
			b.since = time.Now()
		}
		b.plain[1] = append(b.plain[1], i)
	}
}

// next is what a worker should do now; without any, how long until there may be, 0 if only a delivery can tell.
func (b *buffer) next(now time.Time) (*run, time.Duration) {
	var soonest time.Duration
	for urgency, items := range b.plain {
		if len(items) == 0 {
			continue
		}
		if wait := gathers - now.Sub(b.since); urgency > 0 && len(items) < b.batch && wait > 0 {
			soonest = wait
			continue
		}
		return &run{items: items[:min(b.batch, len(items))]}, 0
	}
	for n := range b.lanes {
		l := b.lanes[(b.first+n)%len(b.lanes)]
		if l.busy || len(l.items) == 0 {
			continue
		}
		if wait := l.resume.Sub(now); wait > 0 {
			if soonest == 0 || wait < soonest {
				soonest = wait
			}
			continue
		}
		return &run{lane: l, items: l.items[:min(b.batch, len(l.items))]}, 0
	}
	return nil, soonest
}

// take removes a run from the buffer, which a worker has begun.
func (b *buffer) take(r *run) {
	n := len(r.items)
	r.items = slices.Clone(r.items)
	if r.lane != nil {
		r.lane.items, r.lane.busy = r.lane.items[n:], true
		b.first = (b.first + 1) % len(b.lanes)
		return
	}
	for which, items := range b.plain {
		if len(items) > 0 && items[0] == r.items[0] {
			b.plain[which] = items[n:]
		}
	}
}

// done opens the lane of a run again; what is left of it comes first.
func (b *buffer) done(r *run, now time.Time) {
	r.lane.items = append(r.left, r.lane.items...)
	r.lane.busy, r.lane.resume = false, now.Add(r.wait)
}

func (b *buffer) all() []*item {
	all := slices.Concat(b.plain[0], b.plain[1])
	for _, l := range b.lanes {
		all = append(all, l.items...)
	}
	return all
}
