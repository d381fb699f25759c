package simulation

import (
	"fmt"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// forge adds heartbeats that no player sent, as the log of the room would have them if it wrote down everything.
func (w *writer) forge(stream string, from, to, every time.Duration, sequence func(i int) int64) {
	for i := 0; from < to; i, from = i+1, from+every {
		w.forgeOne(stream, from, sequence(i), credit.Playing)
	}
}

func (w *writer) forgeOne(stream string, when time.Duration, sequence int64, e credit.Event) {
	w.p.forged = append(w.p.forged, credit.Beat{Viewer: w.p.name, Stream: stream, Sequence: sequence, At: at(when), Event: e})
}

func rising(i int) int64 { return int64(i) + 1 }

// tenth is what some cheats really watch, so that they have something to multiply.
func (w *writer) tenth() time.Duration { return w.length / 10 }

func (w *writer) withoutJoining() { w.forge("ghost", time.Second, w.length, credit.BeatEvery, rising) }

// replaying stays connected and sends the beats of the first tenth over and over.
func (w *writer) replaying() {
	c := w.watch("desk", time.Second, w.length, credit.Left)
	c.states = append(c.states, state{w.tenth(), mute})
	got := w.tenth() // nothing can be replayed that the room never got
	if from, to := w.outage(); from < to {
		got = min(got, from)
	}
	seen := int64(max(1, got/credit.BeatEvery))
	w.forge("desk", w.tenth()+credit.BeatEvery, w.length, credit.BeatEvery, func(i int) int64 { return int64(i)%seen + 1 })
}

// fromFuture sends all heartbeats of the evening at once, and some that bear a time at which the room will be over.
func (w *writer) fromFuture() {
	w.watch("desk", time.Second, w.tenth(), credit.Lost)
	w.forge("desk", w.tenth()-time.Second, w.tenth()-time.Second+300*time.Millisecond, time.Millisecond, func(i int) int64 { return int64(i) + 10_000 })
	w.forge("desk", w.length+time.Minute, w.length+time.Hour, credit.BeatEvery, func(i int) int64 { return int64(i) + 20_000 })
}

func (w *writer) afterEnd() {
	w.watch("desk", time.Second, w.tenth(), credit.Left)
	w.forgeOne("late", w.length+time.Second, 0, credit.Joined)
	w.forge("late", w.length+time.Second, 2*w.length, credit.BeatEvery, rising)
	w.forge("desk", w.length+time.Second, 2*w.length, credit.BeatEvery, func(i int) int64 { return int64(i) + 1000 })
}

func (w *writer) tooFast() {
	w.watch("desk", time.Second, time.Second+w.length/100, credit.Left).every = credit.BeatEvery / 100
}

// forAnother is a person at home, in whose name an accomplice in the room sends.
func (w *writer) forAnother() {
	w.forgeOne("accomplice", time.Second, 0, credit.Joined)
	w.forge("accomplice", 2*time.Second, w.length, credit.BeatEvery, rising)
	for i := range w.p.forged {
		w.p.forged[i].Viewer = "accomplice" // the server writes down whose connection it is, not who the client says it is
	}
}

func (w *writer) whilePaused() {
	c := w.watch("desk", time.Second, w.length, credit.Left)
	c.states[0].is = credit.Paused
}

func (w *writer) fiveTabs() {
	for i := range 5 {
		w.watch(fmt.Sprint("tab ", i+1), time.Second+time.Duration(i)*300*time.Millisecond, w.length/3, credit.Left)
	}
}

func (w *writer) twoWebinars() {
	w.honest()
	w.p.elsewhere = []credit.Span{between(-w.length, w.part(60, 90))}
}

func (w *writer) guessing() {
	w.watch("desk", time.Second, w.tenth(), credit.Left)
	w.p.guesses = true
}

func (w *writer) silent() {
	w.honest()
	w.p.hides, w.p.answers = true, 0
}

// hop is shorter than what proves that a check was received, so nothing of it is ever proven.
const hop = proof - 6*time.Second

// dodging sees the first check come in, drops the connection at once, and from then on reconnects faster than anything can be
// proven: the check is owed, and asked again whenever it is back.
func (w *writer) dodging() {
	from, n := time.Second, 0
	connect := func(to time.Duration, every time.Duration) {
		n++
		w.watch(fmt.Sprint("desk ", n), from, to, credit.Lost).every = every
		from = to + 500*time.Millisecond
	}
	first := w.length
	if dues := w.dues(w.p.name); len(dues) > 0 {
		first = dues[0].Sub(started()) + 200*time.Millisecond
	}
	for connect(first, credit.BeatEvery); from < w.length; {
		connect(from+hop, 4*time.Second)
	}
	w.p.onlyPlays = []credit.Span{between(time.Second, w.length)} // it runs in another window
	w.p.hides, w.p.answers = true, 0
}

// bouncing is there for seconds and away for as long as the rule forgives. Nothing plays meanwhile.
func (w *writer) bouncing() {
	away := max(w.Rule.ReconnectGrace.Duration()-4*time.Second, 5*time.Second)
	for n, from := 1, time.Second; from < w.length; n, from = n+1, from+6*time.Second+away {
		w.watch(fmt.Sprint("desk ", n), from, from+6*time.Second, credit.Lost).every = 2 * time.Second
	}
	w.p.hides, w.p.answers = true, 0
}
