package presence

import "time"

// proven is the check that was written to a connection which has answered a ping since.
func (a *Asking) proven(now time.Time, l *line) []int {
	if l.number == 0 || now.Sub(l.at) < a.proof {
		return nil
	}
	c := a.checks[l.number-1]
	l.number = 0
	return c.deliver(now)
}

// Beat notes a sign of life of a connection, and gives the checks of which something is to be written down: that they arrived, or that
// they were tried.
func (a *Asking) Beat(now time.Time, stream string) []int {
	l := a.lines[stream]
	if l == nil {
		return nil
	}
	return append(a.proven(now, l), a.tried(now, l, stream)...)
}

// tried counts the beats of a connection that was handed a check on entering: its browser had it before it beat.
func (a *Asking) tried(now time.Time, l *line, stream string) []int {
	if l.number == 0 || !l.entered {
		return nil
	}
	c := a.checks[l.number-1]
	if !c.Delivered.IsZero() {
		return nil
	}
	c.own[stream] = Try{Given: l.at.Truncate(time.Microsecond), Beaten: now.Truncate(time.Microsecond)}
	c.all.add(c.own)
	if _, proven := c.all.Proven(a.proof); proven {
		l.number = 0
		c.deliver(now)
	}
	return []int{c.Number}
}

func (c *asked) deliver(now time.Time) []int {
	if !c.Delivered.IsZero() {
		return nil
	}
	c.Delivered = now
	return []int{c.Number}
}

// Shown notes that a device shows the check; the window begins with the first one. It gives what is open now, and whether
// that was news.
func (a *Asking) Shown(now time.Time, stream string, number int) (is *Asked, news bool) {
	c := a.sent(stream, number)
	if c == nil {
		return nil, false
	}
	if !c.Delivered.IsZero() || a.late(now, c, stream) {
		return a.open(now), false
	}
	c.Delivered = now
	return a.open(now), true
}

// late says that the window of a check was over before this connection had it: no word of a client makes a void check count.
// One to which it was written in time, and which has not proven itself yet, is not late.
func (a *Asking) late(now time.Time, c *asked, stream string) bool {
	return c.Delivered.IsZero() && now.After(c.Sent.Add(a.window)) && a.lines[stream].number != c.Number
}

// Answer is what an answer led to.
type Answer struct {
	First   bool // not answered before
	Counted bool // within the window
	Latency time.Duration
}

// Answer takes the answer to a check; false when no such check was sent.
func (a *Asking) Answer(now time.Time, stream string, number int) (Answer, bool) {
	c := a.sent(stream, number)
	if c == nil {
		return Answer{}, false
	}
	is := Answer{First: c.Answered.IsZero() && !a.late(now, c, stream)}
	if is.First {
		if c.Delivered.IsZero() {
			c.Delivered = now // to answer it, one must have seen it
		}
		c.Answered = now
		is.Latency = c.Answered.Sub(c.shown())
	}
	is.Counted = !c.Answered.IsZero() && c.Answered.Sub(c.shown()) <= a.window
	return is, true
}

func (a *Asking) sent(stream string, number int) *asked {
	if a.lines[stream] == nil || number < 1 || number > len(a.checks) || a.checks[number-1].Sent.IsZero() {
		return nil
	}
	return a.checks[number-1]
}
