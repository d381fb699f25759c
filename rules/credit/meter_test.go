package credit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// evening is somebody who watches live, on several connections, with whatever may happen meanwhile.
type evening struct {
	*rand.Rand

	meter     *Meter
	now       time.Time
	log       []Beat
	late      []Beat // from another instance, still on their way
	slow      int    // how many things happen before the next of them arrives
	marks     []Segment
	incidents []Span
	streams   []string
	sequence  int64
}

func newEvening(one, two uint64) *evening {
	e := &evening{Rand: rand.New(rand.NewPCG(one, two)), now: start, meter: NewMeter(Session{Viewer: viewer, Opened: start, Silence: DefaultSilence})}
	e.streams, e.slow = make([]string, 3), 2+e.IntN(5)
	for n := range e.streams {
		e.connect(n)
	}
	return e
}

func (e *evening) connect(n int) {
	e.sequence++
	e.streams[n] = fmt.Sprint(n, " after ", e.sequence)
	e.tell(Beat{Viewer: viewer, Stream: e.streams[n], At: e.now, Event: Joined})
}

func (e *evening) tell(b Beat) {
	e.log = append(e.log, b)
	e.meter.Extend(e.now)
	e.meter.Observe(b)
}

// pass lets some time pass, in which something happens.
func (e *evening) pass() {
	e.now = e.now.Add(time.Duration(e.IntN([]int{1500, 20_000, 50_000}[e.IntN(3)])) * time.Millisecond)
	e.sequence++
	n := e.IntN(len(e.streams))
	b := Beat{Viewer: viewer, Stream: e.streams[n], Sequence: e.sequence, At: e.now, Event: []Event{Playing, Playing, Playing, Paused, Stalled}[e.IntN(5)]}
	switch {
	case n == 0: // all of this connection is on another instance
		e.late = append(e.late, b)
	case e.IntN(12) == 0:
		b.Event = []Event{Lost, Left}[e.IntN(2)]
		e.tell(b)
		e.connect(n)
	default:
		e.tell(b)
	}
	for len(e.late) > 0 && e.IntN(e.slow) == 0 {
		e.tell(e.late[0])
		e.late = e.late[1:]
	}
	if e.IntN(40) == 0 {
		kind := []Kind{Talk, Break, Sponsor}[e.IntN(3)]
		e.marks = append(e.marks, Segment{Kind: kind, Span: Span{From: e.now}})
	}
	if e.IntN(60) == 0 {
		from := e.now.Add(-time.Duration(e.IntN(400)) * time.Second)
		e.incidents = append(e.incidents, Span{From: from, To: from.Add(time.Duration(1+e.IntN(200)) * time.Second)})
	}
}

// evidence is as the room gives it: what comes after now is expected to be talk.
func (e *evening) evidence() Evidence {
	v := hour()
	v.Programme = Programme{Started: start, Ended: later(start.Add(time.Hour), e.now)}
	from, kind := start, Talk
	for _, mark := range e.marks {
		v.Programme.Segments = append(v.Programme.Segments, Segment{Span: Span{From: from, To: mark.From}, Kind: kind})
		from, kind = mark.From, mark.Kind
	}
	v.Programme.Segments = append(v.Programme.Segments,
		Segment{Span: Span{From: from, To: e.now}, Kind: kind}, Segment{Span: Span{From: e.now, To: v.Programme.Ended}, Kind: Talk})
	v.Incidents, v.At, v.Watched = e.incidents, e.now, nil
	return v
}

// What the meter says of sums is what evaluating all intervals says, to the byte, whatever happens and however late; and the intervals
// stay those of the log.
func TestMeterSaysTheSame(t *testing.T) {
	t.Parallel()
	settled, compared := 0, 0
	for seed := range uint64(60) {
		e := newEvening(seed, 7)
		grace := []Seconds{0, 20, 60, 60, 300}[e.IntN(5)]
		bound, award, percent := e.IntN(20), []Award{AwardEvent, AwardTime}[e.IntN(2)], 5+e.IntN(90)
		for range 150 + e.IntN(500) {
			e.pass()
			v := e.evidence()
			v.Rule.ReconnectGrace, v.Rule.ReconnectPercent, v.Rule.Award, v.Rule.MinPercent = grace, bound, award, percent
			if e.IntN(10) == 0 {
				got := e.meter.Evaluate(v)
				whole := v
				whole.Watched = e.meter.Intervals()
				want := Evaluate(whole)
				want.Spans = e.meter.past.after(want.Spans)
				if one, other := text(t, got), text(t, want); !bytes.Equal(one, other) {
					t.Fatalf("seed %d at %s, settled until %s:\n%s\n%s", seed, e.now, e.meter.past.until, one, other)
				}
				compared++
				settled += min(1, len(e.meter.past.pieces))
			}
			e.meter.Settle(v)
		}
		again := NewTracker(Session{Viewer: viewer, Opened: start, Closed: e.now, Silence: DefaultSilence})
		for _, b := range e.log {
			again.Observe(b)
		}
		if one, other := text(t, e.meter.Intervals()), text(t, again.Intervals()); !bytes.Equal(one, other) {
			t.Fatalf("seed %d: other intervals than of the log:\n%s\n%s", seed, one, other)
		}
	}
	if settled < compared/2 {
		t.Errorf("of %d comparisons only %d had something settled", compared, settled)
	}
}

func text(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What a beat costs is bound to how many intervals are evaluated: no more after three hours at the limit than after five minutes.
func TestTailDoesNotGrow(t *testing.T) {
	t.Parallel()
	e := newEvening(1, 1)
	longest := 0
	for n := range 3 * 3600 {
		e.now = e.now.Add(time.Second)
		e.sequence++
		e.tell(Beat{Viewer: viewer, Stream: e.streams[0], Sequence: e.sequence, At: e.now, Event: []Event{Playing, Paused}[n%2]})
		v := e.evidence()
		longest = max(longest, len(e.meter.since(e.meter.past.until.Add(-reach(v)))))
		e.meter.Settle(v)
	}
	if n := len(e.meter.Intervals()); n != 3*1800 || longest > 120 {
		t.Errorf("%d of %d intervals are evaluated with a beat", longest, n)
	}
}
