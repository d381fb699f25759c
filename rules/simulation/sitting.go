package simulation

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

// happening is something that reaches the room from one person, or that the person does.
type happening struct {
	at     time.Duration
	what   what
	stream string
	number int // of a check
}

// what it is; of those at the same moment the first comes first.
type what int

const (
	enters what = iota
	beats
	sees    // a dialog opened on this device
	answers // on any device that is there
	leaves
)

// temper is how a person takes one check, however often it is asked.
type temper struct {
	sees, answers time.Duration
	will          bool
	pressed       time.Duration // when the button is pressed; zero while no dialog was open
}

// sitting is one person under the checks of the room. [presence.Asking] decides as it does in a real one; here is only what the
// person and the devices do.
type sitting struct {
	evening

	p      person
	asking *presence.Asking
	here   []string // connections that are open
	temper []temper
	coming []happening // what the connections do, in order
	soon   []happening // what the person is about to do, in order
	wake   time.Time   // when the room may next find something to do
	idle   bool        // it never will
}

// checks are those of a person, as the room sent them and as they were answered.
func (e evening) checks(p person, connections []connection, log []credit.Beat, rnd *rand.Rand) []credit.Check {
	dues := e.dues(p.name)
	s := sitting{evening: e, p: p, asking: presence.NewAsking(dues, e.Rule.CheckWindow, proof), coming: happenings(p, connections, log)}
	for range dues {
		s.temper = append(s.temper, temper{
			sees:    200*time.Millisecond + time.Duration(rnd.Int64N(int64(1500*time.Millisecond))),
			answers: 2*time.Second + time.Duration(rnd.Int64N(int64(40*time.Second))),
			will:    rnd.IntN(100) < p.answers,
		})
	}
	s.play()
	all := s.asking.Checks()
	for i := range all {
		if c := &all[i]; p.guesses && c.Sent.IsZero() { // a real door would not even write it down
			c.Delivered, c.Answered = c.Due, c.Due.Add(time.Second)
		}
	}
	return all
}

// happenings are what a person's connections do, as the room hears of it.
func happenings(p person, connections []connection, log []credit.Beat) []happening {
	all := make([]happening, 0, 2*len(connections)+len(log))
	for _, c := range connections {
		all = append(all, happening{at: c.from, what: enters, stream: c.name}, happening{at: c.to, what: leaves, stream: c.name})
	}
	for _, b := range log {
		if b.Viewer == p.name && b.Event != credit.Joined && b.Event != credit.Left && b.Event != credit.Lost {
			all = append(all, happening{at: b.At.Sub(started()), what: beats, stream: b.Stream})
		}
	}
	slices.SortStableFunc(all, inTime)
	return all
}

func inTime(a, b happening) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.what, b.what)) }

// play goes from one happening to the next; between them the room looks once a second whether a check is due or owed.
func (s *sitting) play() {
	s.plan(0)
	for {
		h, from := s.first()
		if from == nil || h.at >= s.length {
			return // nobody comes any more, or the room is closed
		}
		if look := s.wake.Sub(started()); len(s.here) > 0 && !s.idle && look < h.at {
			s.tick(look)
			s.plan(look + time.Nanosecond)
			continue
		}
		*from = (*from)[1:]
		if s.happen(h) {
			s.plan(h.at)
		}
	}
}

// first is what happens next, and in which list it stands.
func (s *sitting) first() (h happening, from *[]happening) {
	from = &s.coming
	if len(s.coming) == 0 || len(s.soon) > 0 && inTime(s.soon[0], s.coming[0]) < 0 {
		from = &s.soon
	}
	if len(*from) == 0 {
		return h, nil
	}
	return (*from)[0], from
}

// plan finds the second in which the room may next find something to do. Without anybody there it finds only what it finds later as
// well.
func (s *sitting) plan(now time.Duration) {
	next, found := s.asking.Next(at(now))
	if rest := next.Sub(started()) % time.Second; rest > 0 {
		next = next.Add(time.Second - rest)
	}
	s.wake, s.idle = next, !found
}

func (s *sitting) tick(now time.Duration) {
	for _, asked := range s.asking.Tick(at(now)).Send {
		for _, stream := range s.here {
			s.opens(now, stream, asked.Number)
		}
	}
}

// opens shows the dialog, on a device that does not hide it.
func (s *sitting) opens(now time.Duration, stream string, number int) {
	s.later(happening{at: now + s.temper[number-1].sees, what: sees, stream: stream, number: number})
}

func (s *sitting) later(h happening) {
	i, _ := slices.BinarySearchFunc(s.soon, h, inTime)
	s.soon = slices.Insert(s.soon, i, h)
}

// happen says whether the room may have something else to do now.
func (s *sitting) happen(h happening) bool {
	when, is := at(h.at), slices.Contains(s.here, h.stream)
	switch h.what {
	case enters:
		if !is {
			s.here = append(s.here, h.stream)
		}
		if asked := s.asking.Enter(when, h.stream); asked != nil {
			s.opens(h.at, h.stream, asked.Number)
		}
	case leaves:
		s.here = slices.DeleteFunc(s.here, func(name string) bool { return name == h.stream })
		s.asking.Leave(h.stream)
	case beats:
		return len(s.asking.Beat(when, h.stream)) > 0
	case sees:
		s.seen(h, when, is)
	case answers:
		if len(s.here) > 0 {
			s.asking.Answer(when, s.here[0], h.number)
		}
	}
	return true
}

// seen tells the server, and has the person answer if they will: once, unless an earlier dialog was gone before they could.
func (s *sitting) seen(h happening, when time.Time, here bool) {
	t := &s.temper[h.number-1]
	if !here {
		return
	}
	if !s.p.hides {
		s.asking.Shown(when, h.stream, h.number)
	}
	if t.will && t.pressed <= h.at {
		t.pressed = h.at + t.answers
		s.later(happening{at: t.pressed, what: answers, number: h.number})
	}
}
