// Package room is what happens in one room of a webinar, without any I/O: who is in it, what each has watched, which
// presence check is due for whom. The clock is passed in; what must be written down or sent is given back. So a test
// plays an hour in a microsecond, and a room can be rebuilt from its log after a crash.
//
// A viewer is an account with any number of streams (connections). All of them together have one meter, because time is
// the union of their intervals. The truth is the log in the database; a room in memory is only its running total.
//
//	stream:  joined ──beats──> left | lost            package rules/credit decides what that is worth
//	check:   planned ─due─> sent ─seen─> delivered ─> answered | missed
//	            └─ nobody was connected ─> void          └─ nothing of the viewer came back ─> void
//
// # How the server knows that a check was delivered
//
// Not by the word of a client alone, or one that keeps silent could make every check void. Either it says so, or the
// connection to which the check was written is still open after it must have answered a ping that was written later.
package room

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

// Plan is what is fixed when the room opens.
type Plan struct {
	Webinar    uuid.UUID
	Title      string
	VideoURL   string
	Opened     time.Time
	PlannedEnd time.Time
	Rule       credit.Rule
	Offered    credit.Points
	Seed       presence.Seed
	// Proof is how long after a check was written an open connection proves that it was received.
	Proof time.Duration
	// Incidents are times in which the service itself had failed.
	Incidents []credit.Span
}

// Person is who watches.
type Person struct {
	Account    uuid.UUID
	Name       string
	Host       bool
	Profession string
	Country    string
}

// Beat is one line for the watch log.
type Beat struct {
	credit.Beat
	Webinar, Account uuid.UUID
	PositionMS       int32
	Hidden           bool
}

// Past is what the database knows of a viewer, when the room was rebuilt after a restart.
type Past struct {
	Beats  []credit.Beat
	Checks []credit.Check
}

// Room is safe for use by many goroutines.
type Room struct {
	Plan

	mu      sync.Mutex
	viewers map[uuid.UUID]*viewer
	present int
	said    int // the number of present viewers that was told last
	closed  time.Time
}

// New opens a room with nobody in it.
func New(p Plan) *Room {
	return &Room{Plan: p, viewers: map[uuid.UUID]*viewer{}, said: -1}
}

// Knows says whether the viewer is known, so that nothing has to be read from the database for joining.
func (r *Room) Knows(account uuid.UUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.viewers[account] != nil
}

// Viewers is how many people are in the room now.
func (r *Room) Viewers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.present
}

// Present says whether an account is in the room now, on any device.
func (r *Room) Present(account uuid.UUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.viewers[account]
	return v != nil && len(v.streams) > 0
}

// Closed says whether the room has been closed.
func (r *Room) Closed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.closed.IsZero()
}

// Joined is what a viewer gets on entering.
type Joined struct {
	Beats  []Beat // for the log
	First  bool   // nobody of this account was in the room a moment ago
	Credit credit.Credit
	Check  *Asked // an open check
}

// Join lets a stream in. Past is used only for a viewer that the room does not know yet. Joining twice is once.
func (r *Room) Join(now time.Time, p Person, stream string, past Past) Joined {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.viewers[p.Account]
	if v == nil {
		v = r.remember(p, past)
		r.viewers[p.Account] = v
	}
	v.person = p
	var j Joined
	if _, in := v.streams[stream]; !in && r.closed.IsZero() {
		j.First = len(v.streams) == 0
		if j.First {
			r.present++
		}
		v.streams[stream] = &connection{}
		j.Beats = append(j.Beats, r.observe(now, v, Beat{Beat: credit.Beat{Stream: stream, Event: credit.Joined}}))
	}
	j.Credit = r.credit(now, v)
	if !r.closed.IsZero() {
		return j // nothing is asked any more, and this stream may never have been in the room
	}
	j.Check = v.open(now, r.Rule.CheckWindow.Duration())
	if j.Check != nil {
		v.streams[stream].written(j.Check.Number, now)
	}
	return j
}

// Observed is what a beat led to.
type Observed struct {
	Beat    Beat // for the log
	Refusal credit.Refusal
	Credit  credit.Credit
	Minutes []int // of the webinar that this viewer has watched for the first time, from 0
	Checks  []CheckRow
}

// Observe takes a beat of a stream; false when the stream is not in the room.
func (r *Room) Observe(now time.Time, account uuid.UUID, b Beat) (Observed, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.viewers[account]
	if v == nil || v.streams[b.Stream] == nil {
		return Observed{}, false
	}
	o := Observed{Checks: r.proven(now, v, b.Stream)}
	o.Refusal = v.tracker.Observe(r.stamp(now, v, &b))
	o.Beat = b
	if b.Event == credit.Left {
		r.drop(v, b.Stream)
	}
	o.Credit = r.credit(now, v)
	o.Minutes = v.minutes(r.Opened, o.Credit.Spans)
	return o, true
}

// Lose notes that a connection has gone; nil when it was not in the room.
func (r *Room) Lose(now time.Time, account uuid.UUID, stream string) *Beat {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.viewers[account]
	if v == nil || v.streams[stream] == nil {
		return nil
	}
	b := r.observe(now, v, Beat{Beat: credit.Beat{Stream: stream, Event: credit.Lost}})
	r.drop(v, stream)
	return &b
}

// Person is a viewer that has a stream of this name in the room.
func (r *Room) Person(account uuid.UUID, stream string) (Person, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.viewers[account]
	if v == nil || v.streams[stream] == nil || !r.closed.IsZero() {
		return Person{}, false
	}
	return v.person, true
}

// Close ends the room for everybody and gives the last lines of the log. Closing again changes nothing.
func (r *Room) Close(now time.Time) (time.Time, []Beat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed.IsZero() {
		return r.closed, nil
	}
	var last []Beat
	for _, v := range r.viewers {
		for stream := range v.streams {
			last = append(last, r.observe(now, v, Beat{Beat: credit.Beat{Stream: stream, Event: credit.Left}}))
			r.drop(v, stream)
		}
	}
	r.closed = now
	return now, last
}

func (r *Room) drop(v *viewer, stream string) {
	delete(v.streams, stream)
	if len(v.streams) == 0 {
		r.present--
	}
}

func (r *Room) observe(now time.Time, v *viewer, b Beat) Beat {
	v.tracker.Observe(r.stamp(now, v, &b))
	return b
}

// stamp writes what no client decides: who it is and when it came.
func (r *Room) stamp(now time.Time, v *viewer, b *Beat) credit.Beat {
	b.Webinar, b.Account = r.Webinar, v.person.Account
	b.Viewer, b.At = v.person.Account.String(), now
	v.tracker.Extend(now)
	return b.Beat
}

// credit is the live meter.
func (r *Room) credit(now time.Time, v *viewer) credit.Credit {
	end := r.PlannedEnd
	if now.After(end) {
		end = now // the host overruns
	}
	return credit.Evaluate(credit.Evidence{
		Rule:      r.Rule,
		Programme: credit.Programme{Started: r.Opened, Ended: end},
		Watched:   v.tracker.Intervals(),
		Checks:    v.evidence(),
		Incidents: r.Incidents,
		Offered:   r.Offered,
		At:        now,
	})
}
