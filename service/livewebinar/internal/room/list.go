package room

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Seat is a person who is in the room, as hosts see it.
type Seat struct {
	Person

	Devices int
	Player  credit.Event // playing, stalled or paused: the best of all devices
}

// Seats are all who are in the room, by name. Those who are only on other instances have no name until they were introduced.
func (r *Room) Seats() []Seat {
	r.mu.Lock()
	defer r.mu.Unlock()
	seats := make([]Seat, 0, r.present)
	for _, v := range r.viewers {
		if v.in() {
			seats = append(seats, Seat{Person: v.person, Devices: len(v.streams) + len(v.far), Player: v.player()})
		}
	}
	slices.SortFunc(seats, func(a, b Seat) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), slices.Compare(a.Account[:], b.Account[:]))
	})
	return seats
}

func (v *viewer) player() credit.Event {
	best := credit.Paused
	better := func(e credit.Event) {
		if e == credit.Playing || e == credit.Stalled && best == credit.Paused {
			best = e
		}
	}
	for _, s := range v.streams {
		better(s.event)
	}
	for _, f := range v.far {
		better(f.event)
	}
	return best
}

// Strangers are people in the room whose names are not known here, at most so many.
func (r *Room) Strangers(most int) []uuid.UUID {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []uuid.UUID
	for id, v := range r.viewers {
		if v.person.Name == "" && v.in() && len(ids) < most {
			ids = append(ids, id)
		}
	}
	return ids
}

// Introduce says who people are that came elsewhere.
func (r *Room) Introduce(people []Person) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range people {
		if v := r.viewers[p.Account]; v != nil && v.person.Name == "" {
			v.person = p
		}
	}
}

// Recall gives somebody who is in the room, and was never here, the past that the database knows.
func (r *Room) Recall(account uuid.UUID, past Past) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := r.viewers[account]; v != nil && v.tracker == nil {
		r.remember(v, past)
	}
}

// Meter is the live meter of somebody whose past is known.
func (r *Room) Meter(now time.Time, account uuid.UUID) (credit.Credit, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.viewers[account]
	if v == nil || v.tracker == nil {
		return credit.Credit{}, false
	}
	return r.credit(now, v), true
}
