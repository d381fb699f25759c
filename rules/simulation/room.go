package simulation

import (
	"math/rand/v2"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

const (
	// proof is how long a connection must have stood after a check was written to it to prove that it was received.
	proof = 20 * time.Second
	// lag is from joining to the first word of the player.
	lag = 500 * time.Millisecond
)

// through is how the room sees the connections of a person: cut where the room itself was gone, and back soon after.
func (e evening) through(p person, rnd *rand.Rand) []connection {
	from, to := e.outage()
	if from == to {
		return p.connections
	}
	var seen []connection
	for _, c := range p.connections {
		back := to + time.Second + time.Duration(rnd.Int64N(int64(20*time.Second)))
		if c.to <= from || c.from >= to {
			seen = append(seen, c)
			continue
		}
		before, after := c, c
		before.to, before.ends = from, ""
		after.from, after.name = back, c.name+" again"
		if before.from < before.to {
			seen = append(seen, before)
		}
		if after.from < after.to {
			seen = append(seen, after)
		}
	}
	return seen
}

// log is what the room writes down of a person.
func (e evening) log(p person, connections []connection) []credit.Beat {
	var log []credit.Beat
	for _, c := range connections {
		log = c.log(p.name, log)
	}
	from, to := e.outage()
	for _, b := range p.forged {
		if gone := !b.At.Before(at(from)) && b.At.Before(at(to)); !gone {
			log = append(log, b)
		}
	}
	return log
}

func (c connection) log(viewer string, log []credit.Beat) []credit.Beat {
	write := func(when time.Duration, sequence int64, e credit.Event) {
		log = append(log, credit.Beat{Viewer: viewer, Stream: c.name, Sequence: sequence, At: at(when), Event: e})
	}
	write(c.from, 0, credit.Joined)
	sequence := int64(0)
	for i, s := range c.states {
		from, to := c.span(i)
		if s.is == mute {
			continue
		}
		if from == c.from {
			from += lag
		}
		for ; from < to; from += c.every {
			sequence++
			write(from, sequence, s.is)
		}
	}
	if c.ends != "" {
		write(c.to, 0, c.ends)
	}
	return log
}

// checks are those of a person, as the room sent them and as they were answered.
func (e evening) checks(p person, connections []connection, rnd *rand.Rand) []credit.Check {
	var all []credit.Check
	for i, due := range e.dues(p.name) {
		c := credit.Check{Number: i + 1, Due: at(due)}
		if p.guesses {
			c.Delivered, c.Answered = c.Due, c.Due.Add(time.Second)
		}
		if sent, ok := present(connections, due, due+e.Rule.CheckWindow.Duration()); ok {
			c.Sent = at(sent)
			e.ask(&c, p, connections, sent, rnd)
		}
		all = append(all, c)
	}
	return all
}

// present is the first moment from which, and before when, a device was in the room.
func present(connections []connection, from, before time.Duration) (time.Duration, bool) {
	first, found := before, false
	for _, c := range connections {
		if when := max(c.from, from); when < c.to && when < first {
			first, found = when, true
		}
	}
	return first, found
}

// ask decides when a check that was sent is seen, and whether and when it is answered.
func (e evening) ask(c *credit.Check, p person, connections []connection, sent time.Duration, rnd *rand.Rand) {
	wait := proof // what the server waits for when the client says nothing
	if !p.hides {
		wait = 200*time.Millisecond + time.Duration(rnd.Int64N(int64(1500*time.Millisecond)))
	}
	window := e.Rule.CheckWindow.Duration()
	shown, seen := time.Duration(0), false
	for _, d := range connections {
		// On whichever device comes in while it is open, it is shown.
		if written := max(d.from, sent); written < sent+window && written+wait < d.to && (!seen || written+wait < shown) {
			shown, seen = written+wait, true
		}
	}
	if !seen {
		return
	}
	c.Delivered = at(shown)
	answered := shown + 2*time.Second + time.Duration(rnd.Int64N(int64(40*time.Second)))
	_, there := present(connections, answered, answered+time.Millisecond)
	if rnd.IntN(100) < p.answers && there {
		c.Answered = at(answered)
	}
}
