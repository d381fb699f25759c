package simulation

import (
	"math/rand/v2"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

const (
	// proof is how long a connection must have stood after a check was written to it to prove that it was received.
	proof = 17 * time.Second
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
