package room

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

var (
	opened = time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	ana    = Person{Account: uuid.MustParse("0192f0c1-0000-7000-8000-000000000001"), Name: "Ana"}
	bor    = Person{Account: uuid.MustParse("0192f0c1-0000-7000-8000-000000000002"), Name: "Bor"}
)

func at(seconds float64) time.Time { return opened.Add(time.Duration(seconds * float64(time.Second))) }

func hour(t testing.TB) *Room {
	t.Helper()
	seed, err := presence.NewSeed(strings.NewReader(strings.Repeat("rounds..", 4)))
	if err != nil {
		t.Fatal(err)
	}
	rule := credit.Default()
	rule.EvaluationRequired = false
	return New(Plan{
		Webinar: uuid.New(), Opened: opened, PlannedEnd: at(3600), Rule: rule, Offered: credit.Point, Seed: seed, Proof: 20 * time.Second,
	})
}

// watch beats from one second to another as an honest browser does, and gives the last meter.
func watch(t *testing.T, r *Room, p Person, stream string, from, to int) credit.Credit {
	t.Helper()
	r.Join(at(float64(from)), p, stream, Past{})
	var last credit.Credit
	for s, n := from, int64(1); s <= to; s, n = s+15, n+1 {
		o, in := r.Observe(at(float64(s)), p.Account, Beat{Beat: credit.Beat{Stream: stream, Sequence: n, Event: credit.Playing}})
		if !in || o.Refusal != credit.Accepted {
			t.Fatalf("honest beat at %d refused: %v %q", s, in, o.Refusal)
		}
		last = o.Credit
	}
	return last
}

func TestMinutesGrow(t *testing.T) {
	t.Parallel()
	r := hour(t)
	if c := watch(t, r, ana, "one", 0, 600); c.Watched != 600 || c.Creditable != 3600 || c.Verdict != credit.VerdictOpen {
		t.Errorf("after ten minutes: %+v", c)
	}
	if r.Viewers() != 1 {
		t.Errorf("%d viewers", r.Viewers())
	}
}

// Every cheat of the list: what it gains is never above the truth.
func TestCheatsGainNothing(t *testing.T) {
	t.Parallel()
	beat := func(r *Room, p Person, stream string, seconds float64, n int64, e credit.Event) credit.Credit {
		o, _ := r.Observe(at(seconds), p.Account, Beat{Beat: credit.Beat{Stream: stream, Sequence: n, Event: e}})
		return o.Credit
	}
	for _, c := range []struct {
		name  string
		cheat func(t *testing.T, r *Room) credit.Credit
		truth credit.Seconds
	}{
		{"without joining", func(_ *testing.T, r *Room) credit.Credit {
			for i := range 40 {
				beat(r, ana, "ghost", float64(i*15), int64(i+1), credit.Playing)
			}
			return r.Join(at(600), ana, "late", Past{}).Credit
		}, 0},
		{"replayed", func(t *testing.T, r *Room) credit.Credit {
			watch(t, r, ana, "one", 0, 60)
			for i := range 20 { // the same four beats again and again
				beat(r, ana, "one", float64(75+15*i), int64(i%4+1), credit.Playing)
			}
			return r.Join(at(600), ana, "two", Past{}).Credit
		}, 60},
		{"a hundred times as fast", func(_ *testing.T, r *Room) credit.Credit {
			r.Join(at(0), ana, "one", Past{})
			var last credit.Credit
			for i := range 400 {
				last = beat(r, ana, "one", float64(i)*0.15, int64(i+1), credit.Playing)
			}
			return last
		}, 59},
		{"sequence from the future", func(_ *testing.T, r *Room) credit.Credit {
			r.Join(at(0), ana, "one", Past{})
			beat(r, ana, "one", 0, math.MaxInt32, credit.Playing)
			return beat(r, ana, "one", 15, 1, credit.Playing)
		}, 0},
		{"after the end", func(t *testing.T, r *Room) credit.Credit {
			watch(t, r, ana, "one", 0, 60)
			r.Close(at(60))
			o, in := r.Observe(at(75), ana.Account, Beat{Beat: credit.Beat{Stream: "one", Sequence: 9, Event: credit.Playing}})
			if in {
				t.Error("a beat after the end is taken")
			}
			_ = o
			return r.Join(at(90), ana, "two", Past{}).Credit
		}, 60},
		{"for another person", func(t *testing.T, r *Room) credit.Credit {
			watch(t, r, bor, "bor's", 0, 60)
			r.Join(at(0), ana, "one", Past{})
			if _, in := r.Observe(at(60), ana.Account, Beat{Beat: credit.Beat{Stream: "bor's", Sequence: 99, Event: credit.Playing}}); in {
				t.Error("Bor's connection is taken for Ana")
			}
			return r.Join(at(61), ana, "one", Past{}).Credit
		}, 0},
		{"while paused", func(_ *testing.T, r *Room) credit.Credit {
			r.Join(at(0), ana, "one", Past{})
			var last credit.Credit
			for i := range 40 {
				last = beat(r, ana, "one", float64(15*i), int64(i+1), credit.Paused)
			}
			return last
		}, 0},
		{"five tabs", func(t *testing.T, r *Room) credit.Credit {
			var last credit.Credit
			for _, tab := range []string{"a", "b", "c", "d", "e"} {
				last = watch(t, r, ana, tab, 0, 600)
			}
			return last
		}, 600},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.cheat(t, hour(t)).Watched; got > c.truth {
				t.Errorf("%d s credited, the truth is %d s", got, c.truth)
			}
		})
	}
}

func TestPeopleAreCountedOnce(t *testing.T) {
	t.Parallel()
	r := hour(t)
	r.Join(at(0), ana, "desk", Past{})
	r.Join(at(0), ana, "phone", Past{})
	r.Join(at(0), bor, "desk of Bor", Past{})
	if tick := r.Tick(at(1)); tick.Viewers != 2 || !tick.Changed {
		t.Errorf("%+v", tick)
	}
	r.Lose(at(2), ana.Account, "desk")
	if tick := r.Tick(at(2)); tick.Viewers != 2 || tick.Changed {
		t.Errorf("one of two devices lost: %+v", tick)
	}
	r.Lose(at(3), ana.Account, "phone")
	if tick := r.Tick(at(3)); tick.Viewers != 1 || !tick.Changed {
		t.Errorf("both devices lost: %+v", tick)
	}
}

// due walks the room to its first check and gives the second at which it was sent.
func due(t *testing.T, r *Room) (float64, Send) {
	t.Helper()
	for s := 0.0; s < 3600; s++ {
		if tick := r.Tick(at(s)); len(tick.Send) > 0 {
			return s, tick.Send[0]
		}
	}
	t.Fatal("no check in an hour")
	return 0, Send{}
}

func TestCheckAnswered(t *testing.T) {
	t.Parallel()
	r := hour(t)
	r.Join(at(0), ana, "one", Past{})
	s, sent := due(t, r)
	if row, asked := r.Delivered(at(s+1), ana.Account, "one", sent.Number); row == nil || asked == nil || asked.Left != 75*time.Second {
		t.Fatalf("delivered: %+v %+v", row, asked)
	}
	a, ok := r.Answer(at(s+11), ana.Account, "one", sent.Number)
	if !ok || !a.First || !a.Counted || a.Latency != 10*time.Second || a.Credit.Checks.Answered != 1 {
		t.Fatalf("%v %+v", ok, a)
	}
	if again, ok := r.Answer(at(s+30), ana.Account, "one", sent.Number); !ok || again.First || !again.Counted {
		t.Errorf("the answer sent again: %v %+v", ok, again)
	}
	if j := r.Join(at(s+31), ana, "two", Past{}); j.Check != nil {
		t.Errorf("asked again on the next device: %+v", j.Check)
	}
}

func TestCheckMissedOnlyIfItCameThrough(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		stays bool // the connection, long enough to prove itself
		want  credit.Tally
	}{
		{"silent client, living connection", true, credit.Tally{Missed: 1}},
		{"connection died at once", false, credit.Tally{Void: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := hour(t)
			r.Join(at(0), ana, "one", Past{})
			s, _ := due(t, r)
			if !c.stays {
				r.Lose(at(s+5), ana.Account, "one")
			}
			var settled []Settled
			for i := 1.0; i < 200; i++ {
				settled = append(settled, r.Tick(at(s+i)).Settled...)
			}
			if (len(settled) == 1) != c.stays {
				t.Errorf("settled %+v", settled)
			}
			got := r.Join(at(s+200), ana, "two", Past{}).Credit.Checks
			if got.Missed != c.want.Missed || got.Void != c.want.Void {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// A check that did not come through is asked again as soon as the person is back, with all of its window; until then an
// answer to it counts nothing.
func TestOwedCheckIsAskedAgain(t *testing.T) {
	t.Parallel()
	r := hour(t)
	r.Join(at(0), ana, "one", Past{})
	s, sent := due(t, r)
	r.Lose(at(s+5), ana.Account, "one")
	for i := 1.0; i < 100; i++ {
		if tick := r.Tick(at(s + i)); len(tick.Send)+len(tick.Settled) > 0 {
			t.Fatalf("while nobody is there: %+v", tick)
		}
	}
	j := r.Join(at(s+100), ana, "two", Past{})
	if j.Check == nil || j.Check.Number != sent.Number || j.Check.Left != 75*time.Second {
		t.Fatalf("%+v", j.Check)
	}
	if j.Credit.Checks.Missed != 0 {
		t.Error("held against her before she had it")
	}
	if row, asked := r.Delivered(at(s+101), ana.Account, "two", sent.Number); row == nil || asked.Left != 75*time.Second {
		t.Errorf("%+v %+v", row, asked)
	}
	if a, _ := r.Answer(at(s+140), ana.Account, "two", sent.Number); !a.Counted || a.Credit.Checks.Answered != 1 || a.Credit.Checks.Void != 0 {
		t.Errorf("%+v", a)
	}
}

// Every way to have checks go void by cutting the connection ends with a missed one, while the watched time goes on; and who
// answers once the line holds has lost nothing.
func TestCuttingTheLineVoidsNoCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		up, down  float64 // seconds in which the connection is there and is not, in turns, from when the check comes
		turns     int
		beatEvery float64
	}{
		{"reconnects before each proof", 16, 1, 20, 5},
		{"comes for an instant each minute", 0.2, 59, 20, 0.1},
		{"stays away until the window is over", 600, 80, 1, 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := hour(t)
			r.Join(at(0), ana, "first", Past{})
			s, sent := due(t, r)
			r.Lose(at(s+0.1), ana.Account, "first")
			now := s + 0.1 + c.down
			missed := 0
			for turn := range c.turns {
				stream := string(rune('a' + turn))
				r.Join(at(now), ana, stream, Past{})
				for n, up := int64(1), 0.0; up <= c.up; n, up = n+1, up+c.beatEvery {
					r.Observe(at(now+up), ana.Account, Beat{Beat: credit.Beat{Stream: stream, Sequence: n, Event: credit.Playing}})
					for _, over := range r.Tick(at(now + up)).Settled {
						if over.Number == sent.Number {
							missed++
						}
					}
				}
				now += c.up
				r.Lose(at(now), ana.Account, stream)
				for _, over := range r.Tick(at(now + c.down)).Settled {
					if over.Number == sent.Number {
						missed++
					}
				}
				now += c.down
			}
			if missed != 1 {
				t.Errorf("missed %d times", missed)
			}
		})
	}
}

// A line that breaks again and again before anything can be seen is nobody's fault: the check stays open until it holds.
func TestBrokenLineIsNobodysFault(t *testing.T) {
	t.Parallel()
	r := hour(t)
	r.Join(at(0), ana, "first", Past{})
	s, sent := due(t, r)
	r.Lose(at(s+1), ana.Account, "first")
	for i := range 10 { // it comes up and breaks, without a word from the browser
		stream := string(rune('a' + i))
		r.Join(at(s+10+float64(20*i)), ana, stream, Past{})
		r.Tick(at(s + 11 + float64(20*i)))
		r.Lose(at(s+12+float64(20*i)), ana.Account, stream)
		if tick := r.Tick(at(s + 20 + float64(20*i))); len(tick.Settled) > 0 {
			t.Fatalf("held against her: %+v", tick.Settled)
		}
	}
	j := r.Join(at(s+300), ana, "at last", Past{})
	if j.Check == nil || j.Check.Number != sent.Number {
		t.Fatalf("%+v", j.Check)
	}
	if a, _ := r.Answer(at(s+360), ana.Account, "at last", sent.Number); !a.Counted {
		t.Errorf("%+v", a)
	}
}

// Who comes back in the last second of the window is shown the check, and may still answer it.
func TestCheckShownInTheLastSecondIsAnswered(t *testing.T) {
	t.Parallel()
	r := hour(t)
	r.Join(at(0), ana, "one", Past{})
	s, sent := due(t, r)
	r.Lose(at(s+5), ana.Account, "one")
	if j := r.Join(at(s+74), ana, "two", Past{}); j.Check == nil {
		t.Fatal("the open check is not shown")
	}
	if a, ok := r.Answer(at(s+80), ana.Account, "two", sent.Number); !ok || !a.Counted {
		t.Errorf("%v %+v", ok, a)
	}
}

func TestJoinOfAClosedRoomWithAnOpenCheck(t *testing.T) {
	t.Parallel()
	r := hour(t)
	r.Join(at(0), ana, "one", Past{})
	s, _ := due(t, r)
	r.Close(at(s + 1))
	if j := r.Join(at(s+2), ana, "two", Past{}); j.Check != nil || len(j.Beats) != 0 {
		t.Errorf("%+v", j)
	}
}

func TestCheckWaitsForOneWhoComesBack(t *testing.T) {
	t.Parallel()
	r := hour(t)
	j := r.Join(at(0), ana, "one", Past{})
	if len(j.Beats) != 1 || j.Beats[0].Event != credit.Joined {
		t.Fatalf("%+v", j.Beats)
	}
	s, _ := due(t, r)
	again := r.Join(at(s+10), ana, "two", Past{})
	if again.Check == nil || again.Check.Left != 65*time.Second {
		t.Errorf("the open check is not shown on the second device: %+v", again.Check)
	}
}

// A room rebuilt from its log gives the same meter: kill -9 takes nothing but what was not yet written.
func TestRebuiltFromTheLog(t *testing.T) {
	t.Parallel()
	r := hour(t)
	var log []credit.Beat
	keep := func(b Beat) { log = append(log, b.Beat) }
	keep(r.Join(at(0), ana, "one", Past{}).Beats[0])
	for n := int64(1); n <= 20; n++ {
		o, _ := r.Observe(at(float64(15*n)), ana.Account, Beat{Beat: credit.Beat{Stream: "one", Sequence: n, Event: credit.Playing}})
		keep(o.Beat)
	}
	before := r.Join(at(300), ana, "one", Past{}).Credit

	reborn := New(r.Plan)
	after := reborn.Join(at(330), ana, "two", Past{Beats: log}).Credit
	if after.Watched != before.Watched {
		t.Errorf("watched %d s before, %d s after", before.Watched, after.Watched)
	}
	for n := int64(1); n <= 2; n++ {
		reborn.Observe(at(330+15*float64(n)), ana.Account, Beat{Beat: credit.Beat{Stream: "two", Sequence: n, Event: credit.Playing}})
	}
	if c := reborn.Join(at(361), ana, "two", Past{}).Credit; c.Watched < before.Watched+45 {
		t.Errorf("the gap of a short outage is not kept: %d s", c.Watched)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	r := hour(t)
	watch(t, r, ana, "one", 0, 60)
	when, last := r.Close(at(70))
	if len(last) != 1 || last[0].Event != credit.Left || !when.Equal(at(70)) || r.Viewers() != 0 {
		t.Errorf("%v %+v", when, last)
	}
	if again, more := r.Close(at(80)); len(more) != 0 || !again.Equal(when) {
		t.Errorf("closed twice: %v %v", again, more)
	}
	if j := r.Join(at(90), bor, "late", Past{}); len(j.Beats) != 0 || r.Viewers() != 0 {
		t.Error("somebody got into a closed room")
	}
}
