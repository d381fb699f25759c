package credit

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// Event is what a line of the watch log reports. Joined, Left and Lost are written by the
// server itself; the others are the player's state, sent by the client every 15 seconds and
// at every change.
type Event string

// The events of a connection.
const (
	Joined  Event = "joined"
	Playing Event = "playing"
	Paused  Event = "paused"
	Stalled Event = "stalled" // no picture though the person did not pause
	Left    Event = "left"    // closed by the person, or by the server at the end
	Lost    Event = "lost"    // the connection broke
)

// Beat is one line of the watch log. It has no field for a time that the client claims: At is
// the server's clock at receipt. Stream is one connection; a reconnect is another stream.
// Sequence grows within a stream; the server's own events have none.
type Beat struct {
	Viewer   string    `json:"viewer"`
	Stream   string    `json:"stream"`
	Sequence int64     `json:"sequence,omitempty"`
	At       time.Time `json:"at"`
	Event    Event     `json:"event"`
}

// Refusal says why a beat is worth nothing. Refused beats stay in the log as evidence.
type Refusal string

// The refusals; the empty one means accepted.
const (
	Accepted  Refusal = ""
	Foreign   Refusal = "foreign"    // another viewer's
	NotJoined Refusal = "not_joined" // no open connection of that name
	Replayed  Refusal = "replayed"   // sequence or joining seen before
	Backwards Refusal = "backwards"  // received before the stream's last beat
	TooEarly  Refusal = "too_early"  // before the room was open
	TooLate   Refusal = "too_late"   // after it closed, or from the future
	Unknown   Refusal = "unknown"    // no such event
)

// Session is the frame in which the beats of one viewer are judged.
type Session struct {
	Viewer string
	Opened time.Time // of the room; lobby included
	Closed time.Time // of the room, or now while it is open
	// Silence is the longest time between two beats that the first still vouches for. Twice the
	// beat and some slack, so that one lost beat costs nothing; anything longer was a lost
	// connection, and only the reconnect grace may keep it.
	Silence time.Duration
}

// BeatEvery is how often the client reports; DefaultSilence belongs to it.
const (
	BeatEvery      = 15 * time.Second
	DefaultSilence = 2*BeatEvery + 5*time.Second
)

// Tracker folds beats into intervals, one at a time. Time is credited between two beats of
// one stream, when the first said playing and the second came within the silence: so a beat
// never vouches for the future, and a thousand beats in a second are worth that second.
//
// Streams are independent of each other, so a tracker per connection, or per instance, gives
// the same union as one for the viewer.
type Tracker struct {
	session Session
	streams map[string]*stream
	growing map[string]*stream // those of which an interval is growing
	done    []Interval         // by their ends
}

type stream struct {
	state    Event
	last     time.Time
	sequence int64
	from     time.Time // of the interval that is growing; zero if none
	closed   bool
}

// NewTracker starts with nothing watched.
func NewTracker(s Session) *Tracker {
	return &Tracker{session: s, streams: map[string]*stream{}, growing: map[string]*stream{}}
}

// Extend moves the closing of the room, as a live meter does with every tick.
func (t *Tracker) Extend(closed time.Time) { t.session.Closed = closed }

// Observe takes the next beat and says whether it was accepted.
func (t *Tracker) Observe(b Beat) Refusal {
	b.At = exact(b.At)
	if r := t.refuse(b); r != Accepted {
		return r
	}
	s := t.streams[b.Stream]
	if s == nil {
		t.streams[b.Stream] = &stream{state: Joined, last: b.At}
		return Accepted
	}
	t.advance(b, s)
	s.state, s.last = b.Event, b.At
	s.sequence = max(s.sequence, b.Sequence)
	s.closed = b.Event == Left || b.Event == Lost
	return Accepted
}

func (t *Tracker) refuse(b Beat) Refusal {
	s := t.streams[b.Stream]
	switch {
	case b.Viewer != t.session.Viewer:
		return Foreign
	case b.At.Before(exact(t.session.Opened)):
		return TooEarly
	case b.At.After(exact(t.session.Closed)):
		return TooLate
	case b.Event == Joined && s != nil:
		return Replayed
	case b.Event == Joined:
		return Accepted
	case s == nil || s.closed:
		return NotJoined
	case b.At.Before(s.last):
		return Backwards
	case b.Event == Left || b.Event == Lost:
		return Accepted
	case b.Event != Playing && b.Event != Paused && b.Event != Stalled:
		return Unknown
	case b.Sequence <= s.sequence:
		return Replayed
	default:
		return Accepted
	}
}

// advance credits the time since the last beat and closes the interval where it ends.
func (t *Tracker) advance(b Beat, s *stream) {
	if s.state == Playing {
		if s.from.IsZero() {
			s.from = s.last
			t.growing[b.Stream] = s
		}
		silent := b.At.Sub(s.last) > t.session.Silence
		switch {
		case silent, b.Event == Lost:
			t.end(b.Stream, s, s.last, true)
		case b.Event != Playing:
			t.end(b.Stream, s, b.At, b.Event == Stalled)
		}
	}
}

func (t *Tracker) end(name string, s *stream, to time.Time, dropped bool) {
	if s.from.Before(to) {
		t.done = append(t.done, Interval{Span: Span{From: s.from, To: to}, Device: name, Dropped: dropped})
		for i := len(t.done) - 1; i > 0 && t.done[i].To.Before(t.done[i-1].To); i-- { // nearly always the last
			t.done[i], t.done[i-1] = t.done[i-1], t.done[i]
		}
	}
	s.from = time.Time{}
	delete(t.growing, name)
}

// Intervals is what has been watched so far, sorted; a stream still playing counts up to
// its last beat.
func (t *Tracker) Intervals() []Interval { return t.since(time.Time{}) }

// since are those that ended at a moment or later.
func (t *Tracker) since(from time.Time) []Interval {
	first := sort.Search(len(t.done), func(i int) bool { return !t.done[i].To.Before(from) })
	all := slices.Clone(t.done[first:])
	for name, s := range t.growing {
		if !s.last.Before(from) {
			all = append(all, Interval{Span: Span{From: s.from, To: s.last}, Device: name, Dropped: true})
		}
	}
	slices.SortFunc(all, func(a, b Interval) int {
		return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To), cmp.Compare(a.Device, b.Device))
	})
	return all
}

// Refused is a beat with the reason why it was not accepted.
type Refused struct {
	Beat
	Why Refusal `json:"why"`
}

// Watch is the whole log of one viewer, in any order, as intervals. What was written by the
// server comes first where times are equal, except the end of a connection, which comes last.
func Watch(s Session, log []Beat) ([]Interval, []Refused) {
	sorted := slices.Clone(log)
	slices.SortFunc(sorted, func(a, b Beat) int {
		return cmp.Or(exact(a.At).Compare(exact(b.At)), cmp.Compare(a.Stream, b.Stream),
			cmp.Compare(rank(a.Event), rank(b.Event)), cmp.Compare(a.Sequence, b.Sequence),
			cmp.Compare(a.Event, b.Event), cmp.Compare(a.Viewer, b.Viewer))
	})
	t := NewTracker(s)
	var refused []Refused
	for _, b := range sorted {
		if why := t.Observe(b); why != Accepted {
			refused = append(refused, Refused{Beat: b, Why: why})
		}
	}
	return t.Intervals(), refused
}

func rank(e Event) int {
	switch e {
	case Joined:
		return 0
	case Left, Lost:
		return 2
	default:
		return 1
	}
}
