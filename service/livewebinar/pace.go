package livewebinar

import (
	"math"
	"time"
)

// How a room gathers what is said. Writing a frame to one viewer costs about 20 µs however little is in it, so a frame a message
// is what a quiet room can afford and a full and busy one cannot: the same messages in half the frames cost half.
const (
	pulse     = 50 * time.Millisecond // between two frames, at least
	busyFrom  = 25_000                // deliveries a second; below, what is said goes at once
	busyHold  = 100 * time.Millisecond
	busyFull  = 50_000                 // deliveries a second at which a message waits that long for others
	crowded   = 5_000                  // viewers; above, a frame alone takes as long as that
	eachCosts = 20 * time.Microsecond  // for one viewer
	holdMost  = 250 * time.Millisecond // whatever happens
	paceSpan  = 2.0                    // seconds over which it is judged how busy the room is
)

// pace tells how busy a room is: messages a second, of which the older ones count less.
type pace struct {
	rate float64
	at   time.Time
}

// said notes one message.
func (p *pace) said(now time.Time) {
	p.rate = p.now(now) + 1/paceSpan
	p.at = now
}

func (p *pace) now(now time.Time) float64 {
	return p.rate * math.Exp(-max(0, now.Sub(p.at).Seconds())/paceSpan)
}

// hold is how long a message waits for others before all go in one frame: not at all while few deliveries a second are made, a
// tenth of a second in a busy room, and longer than that only where so many watch that a frame takes as long by itself.
func (p *pace) hold(now time.Time, viewers int) time.Duration {
	deliveries := p.now(now) * float64(viewers)
	if deliveries < busyFrom {
		return 0
	}
	most := busyHold
	if viewers > crowded {
		most = min(holdMost, time.Duration(viewers)*eachCosts)
	}
	return min(most, time.Duration(deliveries/busyFull*float64(busyHold)))
}
