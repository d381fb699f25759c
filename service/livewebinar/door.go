package livewebinar

import (
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
)

// door remembers on a connection who was let into a room's channel, because joining follows at once and would ask the accounts the
// same again: thousands who come back together ask half as often. It opens once, and only as long as an answer may take; whoever
// joins later, or again, is asked for anew.
type door struct{ last atomic.Pointer[admitted] }

type admitted struct {
	webinar uuid.UUID
	person  room.Person
	at      time.Time
}

// open lets a person through. A connection that is none of a socket has no door.
func (d *door) open(webinar uuid.UUID, person room.Person, now time.Time) {
	if d != nil {
		d.last.Store(&admitted{webinar, person, now})
	}
}

// pass is who was let into this room a moment ago.
func (d *door) pass(webinar uuid.UUID, now time.Time) (room.Person, bool) {
	if d == nil {
		return room.Person{}, false
	}
	a := d.last.Swap(nil)
	if a == nil || a.webinar != webinar || now.Sub(a.at) > callWithin {
		return room.Person{}, false
	}
	return a.person, true
}
