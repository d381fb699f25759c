package room

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

// viewer is one account in one room.
type viewer struct {
	person  Person
	tracker *credit.Tracker
	streams map[string]*connection
	checks  []*check
	minute  map[int]bool // of the webinar, watched and told
}

// connection remembers which check was last written to it, and when.
type connection struct {
	number int
	at     time.Time
}

func (c *connection) written(number int, at time.Time) { c.number, c.at = number, at }

type check struct {
	credit.Check
	settled bool // its end has been told
}

// remember makes a viewer from what the database knows.
func (r *Room) remember(p Person, past Past) *viewer {
	id := p.Account.String()
	v := &viewer{person: p, streams: map[string]*connection{}, minute: map[int]bool{}}
	v.tracker = credit.NewTracker(credit.Session{Viewer: id, Opened: r.Opened, Silence: credit.DefaultSilence})
	slices.SortStableFunc(past.Beats, func(a, b credit.Beat) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Stream, b.Stream))
	})
	for _, b := range past.Beats {
		b.Viewer = id
		v.tracker.Extend(b.At)
		v.tracker.Observe(b)
	}
	programme := credit.Union(credit.Span{From: r.Opened, To: r.PlannedEnd})
	for i, due := range presence.Times(r.Seed, id, programme, presence.For(r.Rule)) {
		c := &check{Check: credit.Check{Number: i + 1, Due: due}}
		for _, was := range past.Checks {
			if was.Number == c.Number {
				c.Check = was
			}
		}
		v.checks = append(v.checks, c)
	}
	return v
}

func (v *viewer) evidence() []credit.Check {
	all := make([]credit.Check, len(v.checks))
	for i, c := range v.checks {
		all[i] = c.Check
	}
	return all
}

// minutes are those of the webinar that were touched since it was asked last.
func (v *viewer) minutes(opened time.Time, watched credit.Spans) []int {
	var fresh []int
	for _, s := range watched {
		last := int(s.To.Sub(opened)-1) / int(time.Minute)
		for m := int(s.From.Sub(opened) / time.Minute); m <= last; m++ {
			if !v.minute[m] {
				v.minute[m] = true
				fresh = append(fresh, m)
			}
		}
	}
	return fresh
}

// CheckRow is a check of a viewer as it is to be written down.
type CheckRow struct {
	credit.Check
	Webinar, Account uuid.UUID
}
