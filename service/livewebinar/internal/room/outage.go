package room

import (
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Outage says when so many viewers lost their connection that it is held against nobody. Who leaves, or closes the page, has lost
// nothing: only connections that vanished count.
type Outage struct {
	Percent int           // of all who are or were just in the room, more than which must have lost it
	Least   int           // and at least so many people
	Within  time.Duration // of each other
	Most    time.Duration // that one incident may last
}

// What bounds those who cut their connections on purpose, to have a time left out for which they were not there: the share
// and the least number of people; the longest incident; that anybody's own losses count for two incidents of a room and no
// more; and that all of them together take at most so many times the longest from a webinar.
const (
	countedMost   = 2
	outagesInRoom = 3
)

// outage is an incident that is going on, or what is left of the ones before.
//
//	(none) ──more than the share lost within the window──> going on ──the share is back, or it lasted too long──> (none)
type outage struct {
	from    time.Time // zero: none is going on
	members map[uuid.UUID]bool
	used    time.Time // losses until then belong to an incident that is over
	total   time.Duration
}

// Incident looks whether there is one, and gives it as far as it has come. The keeper asks once a second.
func (r *Room) Incident(now time.Time) (credit.Span, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &r.outage
	if r.Outage.Percent <= 0 || !r.closed.IsZero() || o.total >= outagesInRoom*r.Outage.Most {
		return credit.Span{}, false
	}
	lost, base, begun := r.losses(now)
	if o.from.IsZero() {
		if len(lost) < r.Outage.Least || !r.share(len(lost), base) {
			return credit.Span{}, false
		}
		o.from, o.members = begun, map[uuid.UUID]bool{}
	}
	for _, id := range lost {
		o.members[id] = true
	}
	away, back := r.away()
	over := away < r.Outage.Least || !r.share(away, r.present+away)
	to := now
	if over && away == 0 {
		to = later(o.from.Add(time.Second), back)
	}
	if longest := o.from.Add(r.Outage.Most); !to.Before(longest) {
		to, over = longest, true
	}
	span := credit.Span{From: o.from, To: to}
	if over {
		r.settle(now, span)
	}
	return span, span.Length() > 0
}

func (r *Room) share(some, of int) bool { return some*100 > r.Outage.Percent*of }

// losses are the people who lost their connection within the window, among how many, and when the first did.
func (r *Room) losses(now time.Time) (lost []uuid.UUID, base int, begun time.Time) {
	for id, v := range r.viewers {
		hurt := v.lost.After(r.outage.used) && now.Sub(v.lost) <= r.Outage.Within
		if hurt && v.counted >= countedMost && !v.ours.Equal(v.lost) {
			continue
		}
		// Those who have just left were there: else the few who are still there when an evening ends would soon be a large share.
		if hurt || v.in() || now.Sub(v.parted) <= r.Outage.Within {
			base++
		}
		if hurt {
			lost = append(lost, id)
			if begun.IsZero() || v.lost.Before(begun) {
				begun = v.lost
			}
		}
	}
	return lost, base, begun
}

// away is how many of those who lost their connection are still away, and when the last one came back.
func (r *Room) away() (away int, back time.Time) {
	for id := range r.outage.members {
		if v := r.viewers[id]; v.in() {
			back = later(back, v.back)
		} else {
			away++
		}
	}
	return away, back
}

func (r *Room) settle(now time.Time, span credit.Span) {
	for id := range r.outage.members {
		if v := r.viewers[id]; !v.ours.Equal(v.lost) {
			v.counted++
		}
	}
	r.outage = outage{used: now, total: r.outage.total + span.Length()}
}

// Know sets what is known of incidents and of the programme, as it stands in the database.
func (r *Room) Know(incidents []credit.Span, segments []Mark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Incidents, r.Segments = incidents, segments
}
