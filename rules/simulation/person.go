package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// connection is one device in the room, from joining to its end.
type connection struct {
	name     string
	from, to time.Duration
	ends     credit.Event // Left, Lost, or nothing when the server itself was gone
	states   []state      // in order; the first begins with the connection
	every    time.Duration
}

// state is what the player does from a moment on. Mute says nothing to the server, and nothing plays.
type state struct {
	from time.Duration
	is   credit.Event
}

const mute credit.Event = ""

// played is when the webinar really ran on this device.
func (c connection) played() []credit.Span {
	var spans []credit.Span
	for i, s := range c.states {
		if from, to := c.span(i); s.is == credit.Playing {
			spans = append(spans, between(from, to))
		}
	}
	return spans
}

// span is from when to when a state lasts within the connection.
func (c connection) span(i int) (from, to time.Duration) {
	from, to = max(c.states[i].from, c.from), c.to
	if i+1 < len(c.states) {
		to = min(to, c.states[i+1].from)
	}
	return from, max(from, to)
}

// person is the script of one viewer.
type person struct {
	name        string
	does        Behaviour
	connections []connection
	onlyPlays   []credit.Span // the video, while no connection tells of it
	forged      []credit.Beat // sent beside what the player says
	elsewhere   []credit.Span // credited in another webinar
	answers     int           // percent of the checks that are seen
	hides       bool          // that a check has arrived
	guesses     bool          // answers what was not asked
}

func (p person) truth() credit.Spans {
	all := slices.Clone(p.onlyPlays)
	for _, c := range p.connections {
		all = append(all, c.played()...)
	}
	return credit.Union(all...).Without(credit.Union(p.elsewhere...))
}

// writer makes the script of one person.
type writer struct {
	evening

	rnd *rand.Rand
	p   person
}

// invent is the person of a number. Rule and outage change nothing of what an honest person does.
func (e evening) invent(number int, b Behaviour) (person, *rand.Rand) {
	rnd := rand.New(rand.NewPCG(e.Seed, uint64(number))) //nolint:gosec // the same people for the same seed
	w := writer{evening: e, rnd: rnd, p: person{name: fmt.Sprintf("viewer-%04d", number), does: b, answers: 98}}
	if b.Cheat() {
		w.p.answers = 100
	}
	w.scripts()[b]()
	return w.p, rnd
}

// scripts has one for every behaviour; a test holds it against their list.
func (w *writer) scripts() map[Behaviour]func() {
	return map[Behaviour]func(){
		Honest: w.honest, Late: w.late, Leaving: w.leaving, TwoDevices: w.twoDevices, Dropping: w.dropping,
		Forgetting: w.forgetting, Pausing: w.pausing, Unattended: w.unattended,
		WithoutJoining: w.withoutJoining, Replaying: w.replaying, FromFuture: w.fromFuture, AfterEnd: w.afterEnd,
		TooFast: w.tooFast, ForAnother: w.forAnother, WhilePaused: w.whilePaused, FiveTabs: w.fiveTabs,
		TwoWebinars: w.twoWebinars, Guessing: w.guessing, Silent: w.silent, Dodging: w.dodging, Bouncing: w.bouncing,
	}
}

// some is a random time between two.
func (w *writer) some(from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return (from + time.Duration(w.rnd.Int64N(int64(to-from)))).Truncate(time.Millisecond)
}

// part is a random time between two percentages of the webinar.
func (w *writer) part(from, to int) time.Duration {
	return w.some(w.length*time.Duration(from)/100, w.length*time.Duration(to)/100)
}

// watch is a device that plays from one moment to another. Who stays to the end is sent out by the server.
func (w *writer) watch(name string, from, to time.Duration, ends credit.Event) *connection {
	if to >= w.length {
		to, ends = w.length, credit.Left
	}
	w.p.connections = append(w.p.connections, connection{
		name: name, from: min(from, to), to: to, ends: ends, states: []state{{from, credit.Playing}}, every: credit.BeatEvery,
	})
	return &w.p.connections[len(w.p.connections)-1]
}

// soon is how long somebody needs to come in.
func (w *writer) soon() time.Duration { return w.some(time.Second, min(40*time.Second, w.length/20)) }

func (w *writer) honest() { w.watch("desk", w.soon(), w.length, credit.Left) }

func (w *writer) late() { w.watch("desk", w.part(3, 34), w.length, credit.Left) }

func (w *writer) leaving() { w.watch("desk", w.soon(), w.part(50, 97), credit.Left) }

func (w *writer) twoDevices() {
	change := w.part(20, 80)
	both := w.some(0, 10*time.Minute)
	w.watch("desk", w.soon(), change+both, credit.Left)
	w.watch("phone", change, w.length, credit.Left)
}

// dropping loses the connection every few minutes; the video, which comes another way, plays on.
func (w *writer) dropping() {
	from := w.soon()
	w.p.onlyPlays = []credit.Span{between(from, w.length)}
	for n := 1; from < w.length; n++ {
		lost := from + w.some(2*time.Minute, 15*time.Minute)
		w.watch(fmt.Sprint("desk ", n), from, lost, credit.Lost)
		away := w.some(2*time.Second, 45*time.Second)
		if w.rnd.IntN(5) == 0 {
			away = w.some(time.Minute, 4*time.Minute)
		}
		from = lost + away
	}
}

func (w *writer) forgetting() {
	w.honest()
	w.p.answers = 50
}

func (w *writer) pausing() {
	c := w.watch("desk", w.soon(), w.length, credit.Left)
	for range 1 + w.rnd.IntN(3) {
		last := c.states[len(c.states)-1].from
		paused := w.some(last+time.Minute, last+w.length/4)
		resumed := paused + w.some(30*time.Second, w.length/8)
		c.states = append(c.states, state{paused, credit.Paused}, state{resumed, credit.Playing})
	}
}

func (w *writer) unattended() {
	w.honest()
	w.p.answers = 0
}
