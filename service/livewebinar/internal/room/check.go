package room

import (
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Asked is a check that waits for an answer.
type Asked struct {
	Number int
	Window time.Duration
	Left   time.Duration
}

// Send is a check that becomes due: it goes to all connections of the account.
type Send struct {
	Account uuid.UUID
	Asked
}

// Settled is a check that was missed: delivered, and its window is over without an answer.
type Settled struct {
	Person Person
	Number int
}

// Ticked is what the time that passed led to.
type Ticked struct {
	Send    []Send
	Rows    []CheckRow // for the database
	Settled []Settled
	Viewers int
	Changed bool // the number of viewers is another than the one told last
}

// Tick is called once a second.
func (r *Room) Tick(now time.Time) Ticked {
	r.mu.Lock()
	defer r.mu.Unlock()
	var t Ticked
	if !r.closed.IsZero() {
		return t
	}
	window := r.Rule.CheckWindow.Duration()
	for _, v := range r.viewers {
		if v.tracker == nil {
			continue // never here
		}
		for stream := range v.streams {
			t.Rows = append(t.Rows, r.proven(now, v, stream)...)
		}
		for _, c := range v.checks {
			if !c.settled && !now.Before(c.Due) {
				r.tickCheck(now, v, c, window, &t)
			}
		}
	}
	t.Viewers, t.Changed = r.present, r.present != r.said
	r.said = r.present
	return t
}

func (r *Room) tickCheck(now time.Time, v *viewer, c *check, window time.Duration, t *Ticked) {
	switch {
	case !c.Answered.IsZero():
		c.settled = true
	case c.Sent.IsZero() && now.Before(c.Due.Add(window)):
		if len(v.streams) == 0 {
			return // the person may still come back within the window
		}
		c.Sent = now
		r.send(now, v, c, t)
	case c.Sent.IsZero():
		c.settled = true // nobody was there: void, and nothing to tell
	case c.Delivered.IsZero():
		if v.owed(c) && v.quiet(now, window, c) {
			c.again = now
			r.send(now, v, c, t)
		}
	case now.After(c.shown().Add(window)):
		c.settled = true
		t.Settled = append(t.Settled, Settled{Person: v.person, Number: c.Number})
	}
}

// send writes a check to all connections that the account has here.
func (r *Room) send(now time.Time, v *viewer, c *check, t *Ticked) {
	window := r.Rule.CheckWindow.Duration()
	for _, s := range v.streams {
		s.written(c.Number, now)
	}
	t.Send = append(t.Send, Send{Account: v.person.Account, Asked: Asked{Number: c.Number, Window: window, Left: window}})
	t.Rows = append(t.Rows, r.row(v, c))
}

// owed says that the person is here, and that no connection has a check which was sent before.
func (v *viewer) owed(c *check) bool { return len(v.streams) > 0 && !v.has(c) }

// quiet says that no other check waits for an answer: one dialog at a time.
func (v *viewer) quiet(now time.Time, window time.Duration, but *check) bool {
	for _, c := range v.checks {
		if c != but && c.waits() && c.shown().Add(window).After(now) {
			return false
		}
	}
	return true
}

// waits says that it was sent and may still be answered.
func (c *check) waits() bool { return !c.Sent.IsZero() && c.Answered.IsZero() && !c.settled }

// shown is when the window began.
func (c *check) shown() time.Time {
	if c.Delivered.IsZero() {
		return later(c.Sent, c.again)
	}
	return c.Delivered
}

func (r *Room) row(v *viewer, c *check) CheckRow {
	return CheckRow{Check: c.Check, Webinar: r.Webinar, Account: v.person.Account}
}

// proven marks the check as delivered that was written to a stream which has answered a ping since.
func (r *Room) proven(now time.Time, v *viewer, stream string) []CheckRow {
	s := v.streams[stream]
	if s.number == 0 || now.Sub(s.at) < r.Proof {
		return nil
	}
	c := v.checks[s.number-1]
	s.number = 0
	if !c.Delivered.IsZero() {
		return nil
	}
	c.Delivered = now
	return []CheckRow{r.row(v, c)}
}

// A check is taken to be delivered when so many connections had it for certain, however short.
const echoesEnough = 3

// echoed counts the beats of a connection that was handed a check on entering: its browser had it before it beat.
func (r *Room) echoed(now time.Time, v *viewer, stream string) []CheckRow {
	s := v.streams[stream]
	if s.number == 0 || !s.joined {
		return nil
	}
	c := v.checks[s.number-1]
	if s.echo.IsZero() {
		c.echoes++
		s.echo = s.at
	}
	c.seen += now.Sub(s.echo)
	s.echo = now
	if !c.Delivered.IsZero() || c.echoes < echoesEnough && c.seen < r.Proof {
		return nil
	}
	s.number = 0
	c.Delivered = now
	return []CheckRow{r.row(v, c)}
}

// asked is the check that a person who enters is to see: the one that waits for an answer, or one that is owed.
func (v *viewer) asked(now time.Time, window time.Duration) *check {
	for _, c := range v.checks {
		if c.waits() && (c.Delivered.IsZero() || c.Delivered.Add(window).After(now)) {
			return c
		}
	}
	return nil
}

// ask gives the window of a check: the rest of it where another connection has it, else all of it.
func (r *Room) ask(now time.Time, v *viewer, c *check) *Asked {
	window := r.Rule.CheckWindow.Duration()
	if c.Delivered.IsZero() && !v.has(c) {
		c.again = now
	}
	return &Asked{Number: c.Number, Window: window, Left: c.shown().Add(window).Sub(now)}
}

// has says that a check was written to a connection which is open and has not proven itself yet.
func (v *viewer) has(c *check) bool {
	for _, s := range v.streams {
		if s.number == c.Number {
			return true
		}
	}
	return false
}

// open is the check that waits for an answer now, with what is left of its window.
func (v *viewer) open(now time.Time, window time.Duration) *Asked {
	if c := v.asked(now, window); c != nil {
		if left := c.shown().Add(window).Sub(now); left > 0 {
			return &Asked{Number: c.Number, Window: window, Left: left}
		}
	}
	return nil
}

// Delivered notes that a device shows the check. The window begins with the first one.
func (r *Room) Delivered(now time.Time, account uuid.UUID, stream string, number int) (*CheckRow, *Asked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, c := r.sent(account, stream, number)
	if c == nil {
		return nil, nil
	}
	window := r.Rule.CheckWindow.Duration()
	if !c.Delivered.IsZero() || r.late(now, v, c, stream) {
		return nil, v.open(now, window)
	}
	c.Delivered = now
	row := r.row(v, c)
	return &row, v.open(now, window)
}

// late says that the window of a check was over before this stream had it: no word of a client makes a void check count. A
// stream to which it was written in time, and which has not proven itself yet, is not late.
func (r *Room) late(now time.Time, v *viewer, c *check, stream string) bool {
	return c.Delivered.IsZero() && now.After(c.Sent.Add(r.Rule.CheckWindow.Duration())) && v.streams[stream].number != c.Number
}

// Answer is what an answer led to.
type Answer struct {
	Row     CheckRow
	First   bool // not answered before
	Counted bool // within the window
	Latency time.Duration
	Credit  credit.Credit
}

// Answer takes the answer to a check; false when no such check was sent.
func (r *Room) Answer(now time.Time, account uuid.UUID, stream string, number int) (Answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, c := r.sent(account, stream, number)
	if c == nil {
		return Answer{}, false
	}
	a := Answer{First: c.Answered.IsZero() && !r.late(now, v, c, stream)}
	if a.First {
		if c.Delivered.IsZero() {
			c.Delivered = now // to answer it, one must have seen it
		}
		c.Answered = now
		a.Latency = c.Answered.Sub(c.shown())
	}
	a.Counted = !c.Answered.IsZero() && c.Answered.Sub(c.shown()) <= r.Rule.CheckWindow.Duration()
	a.Row = r.row(v, c)
	a.Credit = r.credit(now, v)
	return a, true
}

func (r *Room) sent(account uuid.UUID, stream string, number int) (*viewer, *check) {
	v := r.viewers[account]
	if v == nil || v.streams[stream] == nil || number < 1 || number > len(v.checks) || v.checks[number-1].Sent.IsZero() || !r.closed.IsZero() {
		return nil, nil
	}
	return v, v.checks[number-1]
}
