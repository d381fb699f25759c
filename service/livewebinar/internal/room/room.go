// Package room is what happens in one room of a webinar, without any I/O: who is in it, what each has watched, which
// presence check is due for whom. The clock is passed in; what must be written down or sent is given back. So a test
// plays an hour in a microsecond, and a room can be rebuilt from its log after a crash.
//
// A viewer is an account with any number of streams (connections). All of them together have one meter, because time is
// the union of their intervals. The truth is the log in the database; a room in memory is only its running total.
//
//	stream:  joined ──beats──> left | lost                   package rules/credit decides what that is worth
//	check:   planned ──> sent ──> answered | missed | void   package rules/presence decides when it is asked, and asked again
//
// # Several instances
//
// A room is served by any number of instances, and each has it in memory. What viewers do elsewhere comes in through
// [Room.Feed] and [Room.Checked] from the log, a second later, as often as one likes: what is known already changes nothing.
// A stream lives in one instance; those of an instance that died are taken out by [Room.Keep].
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
	// Incidents are times that are held against nobody.
	Incidents []credit.Span
	// Segments are what the host marked: from each moment on it is that, until the next.
	Segments []Mark
	// Outage says when so many lost their connection that it cannot be their fault.
	Outage Outage
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
	// Clean says of a lost connection that its browser closed it in good order, as when a page is left.
	Clean bool
}

// Past is what the database knows of a viewer, when the room was rebuilt after a restart.
type Past struct {
	Beats  []credit.Beat
	Checks []credit.Check
	Tries  map[int]presence.Tries // by the number of the check
}

// Room is safe for use by many goroutines.
type Room struct {
	Plan

	mu      sync.Mutex
	viewers map[uuid.UUID]*viewer
	present int
	said    int // the number of present viewers that was told last
	closed  time.Time
	outage  outage
}

// New opens a room with nobody in it.
func New(p Plan) *Room {
	return &Room{Plan: p, viewers: map[uuid.UUID]*viewer{}, said: -1}
}

// Knows says whether the past of the viewer is known, so that nothing has to be read from the database for joining.
func (r *Room) Knows(account uuid.UUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.viewers[account]
	return v != nil && v.tracker != nil
}

// Present says whether an account is in the room now, on any device and any instance.
func (r *Room) Present(account uuid.UUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.viewers[account]
	return v != nil && v.in()
}

// Viewers is how many people are in the room now, over all instances.
func (r *Room) Viewers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.present
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
	v := r.viewer(p.Account)
	v.person = p
	if v.tracker == nil {
		r.remember(v, past)
	}
	var j Joined
	if _, in := v.streams[stream]; !in && r.closed.IsZero() {
		j.First = !v.in()
		r.change(v, func() { v.streams[stream] = &connection{event: credit.Joined} })
		v.back = now
		j.Beats = append(j.Beats, r.observe(now, v, Beat{Beat: credit.Beat{Stream: stream, Event: credit.Joined}}))
	}
	j.Credit = r.credit(now, v)
	if !r.closed.IsZero() {
		return j // nothing is asked any more, and this stream may never have been in the room
	}
	j.Check = v.asking.Enter(now, stream)
	return j
}

// viewer is the one of an account; nothing is known of a new one.
func (r *Room) viewer(account uuid.UUID) *viewer {
	v := r.viewers[account]
	if v == nil {
		v = &viewer{person: Person{Account: account}, streams: map[string]*connection{}, far: map[string]*far{}, minute: map[int]bool{}}
		r.viewers[account] = v
	}
	return v
}

// change counts who is in the room, around whatever changes that.
func (r *Room) change(v *viewer, do func()) {
	was := v.in()
	do()
	switch is := v.in(); {
	case is && !was:
		r.present++
	case was && !is:
		r.present--
	}
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
	o := Observed{Checks: r.rows(v, v.asking.Beat(now, b.Stream))}
	o.Refusal = v.tracker.Observe(r.stamp(now, v, &b))
	o.Beat = b
	v.streams[b.Stream].event = b.Event
	if b.Event == credit.Left {
		r.drop(v, b.Stream)
		v.part(now, b.Stream)
	}
	evidence := r.evidence(now, v)
	o.Credit = v.tracker.Evaluate(evidence)
	o.Minutes = v.minutes(r.Opened, o.Credit.Spans)
	v.tracker.Settle(evidence) // now that its minutes are counted
	return o, true
}

// Lose notes that a connection has vanished; nil when it was not in the room.
func (r *Room) Lose(now time.Time, account uuid.UUID, stream string) *Beat {
	return r.end(now, account, Beat{Beat: credit.Beat{Stream: stream, Event: credit.Lost}})
}

// Part notes that the browser closed a connection in good order. What was watched is worth the same as if it had vanished, whether the
// person comes back or not; but however many do so, it is no outage.
func (r *Room) Part(now time.Time, account uuid.UUID, stream string) *Beat {
	return r.end(now, account, Beat{Beat: credit.Beat{Stream: stream, Event: credit.Lost}, Clean: true})
}

func (r *Room) end(now time.Time, account uuid.UUID, b Beat) *Beat {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.viewers[account]
	if v == nil || v.streams[b.Stream] == nil {
		return nil
	}
	b = r.observe(now, v, b)
	r.drop(v, b.Stream)
	switch {
	case b.Clean:
		v.part(now, b.Stream)
	case !v.in():
		v.lose(now, b.Stream)
	}
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
		r.change(v, func() { clear(v.far) })
	}
	r.closed = now
	return now, last
}

func (r *Room) drop(v *viewer, stream string) {
	r.change(v, func() { delete(v.streams, stream) })
	v.asking.Leave(stream)
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
	return v.tracker.Evaluate(r.evidence(now, v))
}

// evidence is what there is of a viewer but what was watched, which the meter has.
func (r *Room) evidence(now time.Time, v *viewer) credit.Evidence {
	end := r.PlannedEnd
	if now.After(end) {
		end = now // the host overruns
	}
	return credit.Evidence{
		Rule:      r.Rule,
		Programme: Programme(r.Opened, end, now, r.Segments),
		Checks:    v.asking.Checks(),
		Incidents: r.Incidents,
		Offered:   r.Offered,
		At:        now,
	}
}
