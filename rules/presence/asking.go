package presence

import (
	"maps"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Asked is a check that waits for an answer.
type Asked struct {
	Number int
	Window time.Duration
	Left   time.Duration
}

// Asking is what becomes of the checks of one viewer while the room is open: when each is sent to which connection, what
// proves that it arrived, and when it is asked again. The clock is passed in, so that a room and a simulation play by the
// same rule.
//
//	planned ─due─> sent ─seen─> delivered ─> answered | missed
//	   │             └─ lost on its way ─> owed ─next time here─> sent again ─> …
//	   └─ nobody was connected ─> void       └─ never came back ─> void
//
// A check was delivered not by the word of a client alone, or one that keeps silent could make every check void. One of these:
//
//   - it says so;
//   - the connection to which the check was written is still open after it must have answered a ping written later;
//   - the check came with the answer to entering the room, and the connection has beaten since: a browser beats only after
//     that answer. For this to count, connections must have had it for as long as the proof in all, or thrice.
//
// A check whose connection was lost before any of it is owed: not void for good, but asked again as soon as the person is
// back. So who cuts the connection whenever a check comes gains nothing but the next one; and nobody is ever blamed for a
// check that did not arrive.
//
// An Asking is what one instance has in memory. What others must know to decide alike is the check itself and its [Tries], which go
// through the database and come in by [Asking.Merge]; so who changes over to another instance, or comes back after a crash, has no more
// tries than who stays.
type Asking struct {
	window, proof time.Duration
	checks        []*asked
	lines         map[string]*line
}

type asked struct {
	credit.Check
	settled bool      // its end has been told
	again   time.Time // when it was last asked again here, after it was lost on its way; devices count down from it
	own     Tries     // of the connections here
	all     Tries     // and of those elsewhere, or before a restart
}

// line is a connection: which check was last written to it, and when.
type line struct {
	number int
	at     time.Time
	// entered says that the check came with the answer to entering.
	entered bool
}

// NewAsking begins with nothing sent; proof is how long an open connection must have had a check to prove that it arrived.
func NewAsking(dues []time.Time, window credit.Seconds, proof time.Duration) *Asking {
	a := &Asking{window: window.Duration(), proof: proof, lines: map[string]*line{}}
	for i, due := range dues {
		a.checks = append(a.checks, &asked{Check: credit.Check{Number: i + 1, Due: due}, own: Tries{}, all: Tries{}})
	}
	return a
}

// Check is one of them by its number.
func (a *Asking) Check(number int) credit.Check { return a.checks[number-1].Check }

// Checks are all of them, as evidence.
func (a *Asking) Checks() []credit.Check {
	all := make([]credit.Check, len(a.checks))
	for i, c := range a.checks {
		all[i] = c.Check
	}
	return all
}

// Tries are those of a check by the connections here, to be written down beside it.
func (a *Asking) Tries(number int) Tries { return maps.Clone(a.checks[number-1].own) }

// Merge takes what is known elsewhere of a check: of each moment the earlier counts, and all tries. True when that answers it.
func (a *Asking) Merge(was credit.Check, tries Tries) bool {
	if was.Number < 1 || was.Number > len(a.checks) {
		return false
	}
	c := a.checks[was.Number-1]
	open := c.Answered.IsZero()
	c.Sent, c.Delivered, c.Answered = first(c.Sent, was.Sent), first(c.Delivered, was.Delivered), first(c.Answered, was.Answered)
	c.all.add(tries)
	c.Check = c.all.Judge(c.Check, a.proof)
	return open && !c.Answered.IsZero()
}

func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Enter lets a connection in, and gives it the check that waits for an answer or is owed.
func (a *Asking) Enter(now time.Time, stream string) *Asked {
	l := a.lines[stream]
	if l == nil {
		l = &line{}
		a.lines[stream] = l
	}
	c := a.waiting(now)
	if c == nil {
		return nil
	}
	if c.Delivered.IsZero() && !a.has(c) {
		c.again = now
	}
	if l.number != c.Number || !l.entered { // who enters again and again has had it since the first time
		l.number, l.at, l.entered = c.Number, now, true
	}
	return a.asked(now, c)
}

// Leave says that a connection is gone.
func (a *Asking) Leave(stream string) { delete(a.lines, stream) }

// Turn is what the time that passed led to.
type Turn struct {
	Send    []Asked // to all connections
	Changed []int   // checks that are to be written down, by their number
	Missed  []int   // delivered, and the window is over without an answer
}

// Tick is called once a second.
func (a *Asking) Tick(now time.Time) Turn {
	var t Turn
	for _, l := range a.lines {
		t.Changed = append(t.Changed, a.proven(now, l)...)
	}
	for _, c := range a.checks {
		if !c.settled && !now.Before(c.Due) {
			a.tick(now, c, &t)
		}
	}
	return t
}

func (a *Asking) tick(now time.Time, c *asked, t *Turn) {
	switch {
	case !c.Answered.IsZero():
		c.settled = true
	case c.Sent.IsZero() && now.Before(c.Due.Add(a.window)):
		if len(a.lines) == 0 {
			return // the person may still come back within the window
		}
		c.Sent = now
		a.send(now, c, t)
	case c.Sent.IsZero():
		c.settled = true // nobody was there: void, and nothing to tell
	case c.Delivered.IsZero():
		if len(a.lines) > 0 && !a.has(c) && a.quiet(now, c) { // owed
			c.again = now
			a.send(now, c, t)
		}
	case now.After(c.shown().Add(a.window)):
		c.settled = true
		t.Missed = append(t.Missed, c.Number)
	}
}

// send writes a check to all connections.
func (a *Asking) send(now time.Time, c *asked, t *Turn) {
	for _, l := range a.lines {
		l.number, l.at, l.entered = c.Number, now, false
	}
	t.Send = append(t.Send, Asked{Number: c.Number, Window: a.window, Left: a.window})
	t.Changed = append(t.Changed, c.Number)
}

// Next is when a tick may change something: now while a check waits, else when the next is due.
func (a *Asking) Next(now time.Time) (at time.Time, found bool) {
	for _, c := range a.checks {
		if c.settled {
			continue
		}
		if due := c.Due; !found || due.Before(at) {
			at, found = due, true
		}
	}
	if found && at.Before(now) {
		at = now
	}
	return at, found
}

// quiet says that no other check waits for an answer: one dialog at a time.
func (a *Asking) quiet(now time.Time, but *asked) bool {
	for _, c := range a.checks {
		if c != but && c.waits() && c.shown().Add(a.window).After(now) {
			return false
		}
	}
	return true
}

// waits says that it was sent and may still be answered.
func (c *asked) waits() bool { return !c.Sent.IsZero() && c.Answered.IsZero() && !c.settled }

// shown is when the window began.
func (c *asked) shown() time.Time {
	if !c.Delivered.IsZero() {
		return c.Delivered
	}
	if c.again.After(c.Sent) {
		return c.again
	}
	return c.Sent
}

// waiting is the check that waits for an answer, or one that is owed.
func (a *Asking) waiting(now time.Time) *asked {
	for _, c := range a.checks {
		if c.waits() && (c.Delivered.IsZero() || c.Delivered.Add(a.window).After(now)) {
			return c
		}
	}
	return nil
}

func (a *Asking) asked(now time.Time, c *asked) *Asked {
	return &Asked{Number: c.Number, Window: a.window, Left: c.shown().Add(a.window).Sub(now)}
}

// open is the check that waits for an answer now, with what is left of its window.
func (a *Asking) open(now time.Time) *Asked {
	if c := a.waiting(now); c != nil && c.shown().Add(a.window).After(now) {
		return a.asked(now, c)
	}
	return nil
}

// has says that a check was written to a connection which is open and has not proven itself yet.
func (a *Asking) has(c *asked) bool {
	for _, l := range a.lines {
		if l.number == c.Number {
			return true
		}
	}
	return false
}
