package room

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

var here, there = uuid.UUID{1}, uuid.UUID{2}

func elsewhere(p Person, stream string, second float64, n int64, e credit.Event) Far {
	return Far{Account: p.Account, Instance: there, Beat: credit.Beat{Stream: stream, Sequence: n, At: at(second), Event: e}}
}

// hourThere is the log of one who watches on another instance.
func hourThere(p Person, stream string, from, to int) []Far {
	log := []Far{elsewhere(p, stream, float64(from), 0, credit.Joined)}
	for s, n := from, int64(1); s <= to; s, n = s+15, n+1 {
		log = append(log, elsewhere(p, stream, float64(s), n, credit.Playing))
	}
	return log
}

func TestPeopleElsewhereAreCounted(t *testing.T) {
	t.Parallel()
	r := hour(t)
	r.Join(at(0), ana, "here", Past{})
	log := append(hourThere(ana, "there", 0, 60), hourThere(bor, "there too", 0, 60)...)
	for range 3 {
		r.Feed(at(61), log)
		if r.Viewers() != 2 {
			t.Fatalf("%d people", r.Viewers())
		}
	}
	r.Feed(at(70), []Far{elsewhere(bor, "there too", 65, 0, credit.Lost)})
	r.Feed(at(71), log) // old news of a stream that has ended
	if r.Viewers() != 1 || r.Present(bor.Account) {
		t.Error("old news brought back who had gone")
	}
	r.Lose(at(72), ana.Account, "here")
	if r.Viewers() != 1 {
		t.Error("she is still there")
	}
	r.Keep(at(73), []uuid.UUID{here}, nil)
	if r.Viewers() != 1 {
		t.Error("an instance that nobody has heard of yet is taken for dead")
	}
	r.Keep(at(130), []uuid.UUID{here}, nil)
	if r.Viewers() != 0 {
		t.Error("streams of an instance that is gone are still counted")
	}
}

// From here to there and back: the meter knows all of it, though nothing was read anew.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	r := hour(t)
	watch(t, r, ana, "one", 0, 60)
	r.Lose(at(61), ana.Account, "one")
	r.Feed(at(125), hourThere(ana, "two", 62, 122))
	if !r.Knows(ana.Account) {
		t.Fatal("forgotten")
	}
	if c := r.Join(at(125), ana, "three", Past{}).Credit; c.Watched < 120 {
		t.Errorf("%d s after two minutes", c.Watched)
	}
}

// What arrives from elsewhere while the past is being read is not lost.
func TestNewsWhileThePastIsRead(t *testing.T) {
	t.Parallel()
	r := hour(t)
	log := hourThere(ana, "two", 0, 60)
	var read []credit.Beat
	for _, line := range log[:3] {
		read = append(read, line.Beat)
	}
	r.Feed(at(61), log[3:])
	if c := r.Join(at(62), ana, "here", Past{Beats: read}).Credit; c.Watched != 60 {
		t.Errorf("%d s of 60", c.Watched)
	}
}

// Whatever two instances tell each other, in whatever pieces and however often: credit is never above wall time, is what the
// log as a whole gives, and telling it again changes nothing.
func TestAnyNewsGivesTheTruth(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a test that can be repeated
		r, log := hour(t), []Far{}
		var whole []credit.Beat
		second := 0.0
		for i := range 1 + random.IntN(4) {
			stream := string(rune('a' + i))
			from := second + float64(random.IntN(90)) - 30
			from = max(0, from)
			to := from + float64(random.IntN(300))
			for _, line := range hourThere(ana, stream, int(from), int(to)) {
				if line.Event == credit.Playing && random.IntN(5) == 0 {
					line.Event = credit.Paused
				}
				log = append(log, line)
			}
			second = to
		}
		r.Join(at(0), ana, "here", Past{})
		whole = append(whole, credit.Beat{Viewer: ana.Account.String(), Stream: "here", At: at(0), Event: credit.Joined})
		for _, line := range log {
			line.Viewer = ana.Account.String()
			whole = append(whole, line.Beat)
		}
		for cut := 0; cut < len(log); {
			next := min(len(log), cut+1+random.IntN(10))
			r.Feed(at(second), log[max(0, cut-random.IntN(5)):next]) // what is fed again is known
			cut = next
		}
		once, _ := r.Meter(at(second), ana.Account)
		r.Feed(at(second), log)
		twice, _ := r.Meter(at(second), ana.Account)
		watched, _ := credit.Watch(credit.Session{Viewer: ana.Account.String(), Opened: opened, Closed: at(second), Silence: credit.DefaultSilence}, whole)
		truth := credit.Evaluate(credit.Evidence{
			Rule: r.Rule, Programme: credit.Programme{Started: opened, Ended: at(3600)}, Watched: watched, Offered: credit.Point, At: at(second),
		})
		switch {
		case once.Watched != truth.Watched:
			t.Errorf("seed %d: %d s, the log says %d s", seed, once.Watched, truth.Watched)
		case twice.Watched != once.Watched:
			t.Errorf("seed %d: %d s when told again, %d s before", seed, twice.Watched, once.Watched)
		case once.Watched.Duration() > time.Duration(second)*time.Second:
			t.Errorf("seed %d: %d s in %v s", seed, once.Watched, second)
		}
	}
}

// A check that was answered on another instance is over here.
func TestCheckAnsweredElsewhere(t *testing.T) {
	t.Parallel()
	r := hour(t)
	r.Join(at(0), ana, "one", Past{})
	s, sent := due(t, r)
	row := CheckRow{Account: ana.Account, Check: credit.Check{Number: sent.Number, Due: at(s), Sent: at(s), Delivered: at(s + 1), Answered: at(s + 5)}}
	if over := r.Checked([]CheckRow{row}); len(over) != 1 || over[0].Number != sent.Number {
		t.Errorf("%+v", over)
	}
	if over := r.Checked([]CheckRow{row}); len(over) != 0 {
		t.Errorf("told twice: %+v", over)
	}
	if c, _ := r.Meter(at(s+6), ana.Account); c.Checks.Answered != 1 {
		t.Errorf("%+v", c.Checks)
	}
	if j := r.Join(at(s+7), ana, "two", Past{}); j.Check != nil {
		t.Errorf("asked again: %+v", j.Check)
	}
}

// Who loses the connection whenever a check comes, and comes back on the other instance each time, has the tries of one instance. Only
// what the database keeps goes from one to the other.
func TestTriesOnTwoInstances(t *testing.T) {
	t.Parallel()
	rooms := []*Room{hour(t), hour(t)}
	rooms[0].Join(at(0), ana, "first", Past{})
	s, sent := due(t, rooms[0])
	rooms[0].Lose(at(s), ana.Account, "first")
	past := Past{Checks: []credit.Check{{Number: sent.Number, Due: at(s), Sent: at(s)}}, Tries: map[int]presence.Tries{}}
	for n := 1; n <= 3; n++ {
		on, stream, begin := rooms[n%2], fmt.Sprint("again ", n), s+float64(10*n)
		if j := on.Join(at(begin), ana, stream, past); j.Check == nil || j.Check.Number != sent.Number {
			t.Fatalf("on coming back for the %d. time: %+v", n, j.Check)
		}
		o, _ := on.Observe(at(begin+1), ana.Account, Beat{Beat: credit.Beat{Stream: stream, Sequence: 1, Event: credit.Playing}})
		if len(o.Checks) != 1 || !o.Checks[0].Delivered.IsZero() != (n == 3) {
			t.Fatalf("to be written down after %d tries: %+v", n, o.Checks)
		}
		on.Lose(at(begin+2), ana.Account, stream)
		rooms[(n+1)%2].Checked(o.Checks)
		if past.Tries[sent.Number] == nil {
			past.Tries[sent.Number] = presence.Tries{}
		}
		maps.Copy(past.Tries[sent.Number], o.Checks[0].Tries)
	}
	for n, r := range rooms {
		if c, _ := r.Meter(at(s+33+76), ana.Account); c.Checks.Missed != 1 {
			t.Errorf("instance %d: %+v", n, c.Checks)
		}
	}
}

// Who goes says so to another instance than the one that holds the connection: both know it, however often they are told.
func TestGoodbyeSaidElsewhere(t *testing.T) {
	t.Parallel()
	holds, told := hour(t), hour(t)
	holds.Join(at(0), ana, "tab", Past{})
	told.Feed(at(1), hourThere(ana, "tab", 0, 0))
	goodbye := credit.Beat{Stream: "tab", Sequence: 9, Event: credit.Left}
	for _, wrong := range []credit.Beat{{Stream: "another tab", Event: credit.Left}, {Event: credit.Left}} {
		if told.Depart(at(2), ana.Account, wrong) != nil || told.Depart(at(2), bor.Account, goodbye) != nil {
			t.Error("somebody was taken out who is not there")
		}
	}
	b := told.Depart(at(20), ana.Account, goodbye)
	if b == nil || b.Account != ana.Account || b.Webinar != told.Webinar || !b.At.Equal(at(20)) || told.Viewers() != 0 {
		t.Fatalf("%v, %d in the room", b, told.Viewers())
	}
	if told.Depart(at(21), ana.Account, goodbye) != nil {
		t.Error("she left twice")
	}
	line := []Far{{Account: ana.Account, Instance: there, Beat: b.Beat}}
	if gone := holds.Feed(at(21), line); len(gone) != 1 || gone[0].Person != ana || gone[0].Stream != "tab" || holds.Viewers() != 0 {
		t.Errorf("gone: %v, %d in the room", gone, holds.Viewers())
	}
	if gone := holds.Feed(at(22), line); len(gone) != 0 || holds.Lose(at(23), ana.Account, "tab") != nil {
		t.Error("she left twice")
	}
}
