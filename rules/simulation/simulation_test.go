package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/rounds-cme/rounds/rules/credit"
)

func hour() Setup {
	return Setup{Rule: credit.Default(), Viewers: MostViewers, Minutes: 60, Seed: 1, Shares: DefaultShares()}
}

func run(t testing.TB, s Setup) Report {
	t.Helper()
	if faults := s.Faults(); len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	r, err := Run(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func groups(r Report) map[Behaviour]Group {
	all := map[Behaviour]Group{}
	for _, g := range r.Groups {
		all[g.Behaviour] = g
	}
	return all
}

// what the room refuses of a cheat; the others send nothing that is to be refused, and gain nothing all the same.
var refused = map[Behaviour]credit.Refusal{
	WithoutJoining: credit.NotJoined, Replaying: credit.Replayed, FromFuture: credit.TooLate, AfterEnd: credit.TooLate,
	ForAnother: credit.Foreign,
}

// Every cheat of the list is worth at most what was really watched, and none of them passes by it.
func TestNoCheatIsCreditedAboveTheTruth(t *testing.T) {
	t.Parallel()
	r := run(t, hour())
	found := groups(r)
	for _, b := range cheats() {
		g := found[b]
		if g.People == 0 {
			t.Errorf("%s: nobody", b)
			continue
		}
		if why := refused[b]; why != "" && g.Refused[why] == 0 {
			t.Errorf("%s: no heartbeat is refused as %s: %v", b, why, g.Refused)
		}
		if b == Bouncing {
			continue // see below
		}
		if g.Credited > g.Truth || g.Excess != 0 {
			t.Errorf("%s: %d s credited, %d s are true", b, g.Credited, g.Truth)
		}
		if g.Passed != 0 || len(g.Reasons) == 0 {
			t.Errorf("%s: %d pass, reasons %v", b, g.Passed, g.Reasons)
		}
	}
	if g := found[TooFast]; g.Credited > 36 {
		t.Errorf("a hundredth of an hour is credited with %d s", g.Credited)
	}
	if g := found[Silent]; g.Passed != 0 || g.Credited < 3500 || g.Reasons[0].Code != credit.Checks {
		t.Errorf("who keeps back that checks arrive: %+v", g)
	}
}

// One cheat lives on the patience of the rule, and the report says so: a grace for lost connections forgives gaps to one who makes
// them, but never more than a part of the programme.
func TestWhatTheRuleForgivesIsReported(t *testing.T) {
	t.Parallel()
	found := groups(run(t, hour()))
	if g := found[Bouncing]; g.Excess == 0 || g.Excess > 360 || g.Credited > g.Truth+g.Excess || g.Passed != 0 {
		t.Errorf("bouncing: %+v", g)
	}
	few := hour()
	few.Viewers, few.Shares = 20, Shares{Bouncing: 1}
	patient, strict := few, few
	patient.Rule.ReconnectPercent = 0
	if g := groups(run(t, patient))[Bouncing]; g.Excess < 3000 || g.Passed != 0 || g.Reasons[0].Code != credit.Checks {
		t.Errorf("bouncing with a grace without end is stopped by the checks alone: %+v", g)
	}
	patient.Rule.ChecksPerHour = 0
	if g := groups(run(t, patient))[Bouncing]; g.Passed != g.People {
		t.Errorf("bouncing with a grace without end and no checks: %+v", g)
	}
	strict.Rule.ReconnectGrace = 0
	if g := groups(run(t, strict))[Bouncing]; g.Excess != 0 || g.Passed != 0 {
		t.Errorf("bouncing without grace: %+v", g)
	}
}

// The room owes a check that was lost on its way, and asks again: who drops the line whenever one comes has missed it in the end.
func TestDodgedChecksAreOwed(t *testing.T) {
	t.Parallel()
	s := hour()
	s.Viewers, s.Shares = 200, Shares{Dodging: 1, Dropping: 1}
	found := groups(run(t, s))
	if g := found[Dodging]; g.Passed != 0 || g.Unasked != 0 || g.Excess != 0 || len(g.Reasons) != 1 || g.Reasons[0].Code != credit.Checks {
		t.Errorf("dodging: %+v", g)
	}
	if g := found[Dropping]; g.Passed < g.People*3/4 || g.Unasked != 0 {
		t.Errorf("who loses the connection without meaning to is blamed for it: %+v", g)
	}
}

// Breaks and sponsors count for nobody, in minutes and in percent: who was there for all of the talks has all of it.
func TestBreaksAreNotCreditable(t *testing.T) {
	t.Parallel()
	s := hour()
	s.Viewers, s.Shares = 200, Shares{Honest: 1}
	s.Segments = append(DefaultSegments(s.Minutes), Segment{Kind: credit.Sponsor, After: 50, Minutes: 5})
	s.Outage = Outage{After: 28, Minutes: 4} // half of it in the break
	r := run(t, s)
	if r.Uncreditable != 10*60 || r.LeftOut != 2*60 || r.Creditable != 48*60 {
		t.Errorf("%d s creditable, %d s not, %d s left out", r.Creditable, r.Uncreditable, r.LeftOut)
	}
	void := 0
	for _, p := range r.People {
		if p.Credit.Percent < 95 || p.Credit.Watched > r.Creditable || p.Credit.Reasons[0].Of != 48 {
			t.Fatalf("%s has %d %% and %+v", p.Name, p.Credit.Percent, p.Credit.Reasons[0])
		}
		void += p.Credit.Checks.Void
	}
	if g := r.Groups[0]; g.Passed < 186 || void == 0 {
		t.Errorf("%d checks fell into a break, %+v", void, g)
	}
	if got := DefaultSegments(10); got != nil {
		t.Errorf("ten minutes have a break: %v", got)
	}
}

func TestHonestPeoplePass(t *testing.T) {
	t.Parallel()
	found := groups(run(t, hour()))
	if g := found[Honest]; g.Passed < g.People*9/10 {
		t.Errorf("%d of %d honest people pass: %+v", g.Passed, g.People, g.Reasons)
	}
	if g := found[TwoDevices]; g.Passed < g.People*9/10 || g.Credited > g.Truth {
		t.Errorf("two devices: %+v", g)
	}
	if g := found[Unattended]; g.Passed != 0 || g.Reasons[0].Code != credit.Checks {
		t.Errorf("a video that runs for nobody: %+v", g)
	}
	for _, b := range []Behaviour{Late, Leaving, Forgetting} {
		if g := found[b]; g.Passed == 0 || g.Passed == g.People {
			t.Errorf("%s: %d of %d pass; the default shares should show both", b, g.Passed, g.People)
		}
	}
}

// An outage of ours leaves both sides of the fraction: who was there before and after it loses nothing.
func TestOutageLeavesTheDenominator(t *testing.T) {
	t.Parallel()
	s := hour()
	s.Shares = Shares{Honest: 1}
	s.Outage = Outage{After: 20, Minutes: 15}
	r := run(t, s)
	if r.Creditable != 45*60 || r.LeftOut != 15*60 {
		t.Errorf("%d s creditable, %d s left out", r.Creditable, r.LeftOut)
	}
	if g := r.Groups[0]; g.Passed < 930 || g.Excess != 0 {
		t.Errorf("%+v", g)
	}
	for _, p := range r.People[:50] {
		blamed := p.Evidence
		blamed.Incidents = nil
		if c := credit.Evaluate(blamed); c.Verdict == credit.VerdictPassed {
			t.Fatalf("%s would pass though the outage counted: %d %%", p.Name, c.Percent)
		}
	}
}

// Whatever the rule, the length, the outage and the shares: what is credited lies in what was really played, but for what the grace
// forgives; nobody is credited more than there was; equal setups give equal bytes.
func TestProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			always(t, anySetup(rand.New(rand.NewPCG(seed, 7)), 120, 150))
		})
	}
}

func FuzzRun(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) { always(t, anySetup(rand.New(rand.NewPCG(a, b)), 30, 60)) })
}

// anySetup is small where it is fuzzed, which gives each input ten seconds of a clock that others use too.
func anySetup(rnd *rand.Rand, mostViewers, mostMinutes int) Setup {
	s := Setup{Rule: credit.Default(), Viewers: 1 + rnd.IntN(mostViewers), Minutes: 1 + rnd.IntN(mostMinutes), Seed: rnd.Uint64(), Shares: Shares{}}
	s.Rule.MinPercent, s.Rule.MinChecksPercent, s.Rule.ChecksPerHour = 1+rnd.IntN(100), rnd.IntN(101), rnd.IntN(13)
	s.Rule.CheckWindow, s.Rule.ReconnectGrace = credit.Seconds(10+rnd.IntN(591)), credit.Seconds(rnd.IntN(2)*rnd.IntN(601))
	for _, b := range Behaviours() {
		s.Shares[b] = 1 + rnd.IntN(3)
	}
	if s.Minutes > 3 && rnd.IntN(2) == 0 {
		s.Outage.After = rnd.IntN(s.Minutes - 1)
		s.Outage.Minutes = 1 + rnd.IntN(s.Minutes-s.Outage.After)
	}
	for range rnd.IntN(4) {
		after := rnd.IntN(s.Minutes)
		kind := []credit.Kind{credit.Lobby, credit.Break, credit.Sponsor}[rnd.IntN(3)]
		s.Segments = append(s.Segments, Segment{Kind: kind, After: after, Minutes: 1 + rnd.IntN(s.Minutes-after)})
	}
	return s
}

func always(t *testing.T, s Setup) {
	t.Helper()
	r := run(t, s)
	people := 0
	for _, g := range r.Groups {
		people += g.People
	}
	if people != s.Viewers || len(r.People) != s.Viewers {
		t.Fatalf("%d people of %d", people, s.Viewers)
	}
	for _, p := range r.People {
		forgiven := s.Rule.ReconnectGrace > 0 && (p.Behaviour == Bouncing || s.Outage.Minutes > 0) // who paused in an outage was lost playing
		if excess := p.Excess(); excess > 0 && !forgiven {
			t.Fatalf("%s, %s: %s credited in which nothing played, of %+v", p.Name, p.Behaviour, excess, s)
		}
		if excess := p.Excess(); seconds(excess) > p.Credit.Bridged {
			t.Fatalf("%s: %s credited though nothing played, the grace gave %d s", p.Name, excess, p.Credit.Bridged)
		}
		if p.Credit.Watched > r.Creditable {
			t.Fatalf("%s: %d of %d s", p.Name, p.Credit.Watched, r.Creditable)
		}
	}
	if a, b := text(t, r), text(t, run(t, s)); a != b {
		t.Fatalf("the same setup, another report:\n%s\n%s", a, b)
	}
}

func text(t *testing.T, r Report) string {
	t.Helper()
	written, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}

// The order in which the log was written does not matter, nor that all of it is there twice.
func TestLogInAnyOrder(t *testing.T) {
	t.Parallel()
	e := hour().evening()
	rnd := rand.New(rand.NewPCG(3, 4))
	for i, b := range Behaviours() {
		script, own := e.invent(i, b)
		log := e.log(script, e.through(script, own))
		session := credit.Session{Viewer: script.name, Opened: started(), Closed: at(e.length), Silence: credit.DefaultSilence}
		want, _ := credit.Watch(session, log)
		twice := slices.Concat(log, log)
		rnd.Shuffle(len(twice), func(i, k int) { twice[i], twice[k] = twice[k], twice[i] })
		if got, _ := credit.Watch(session, twice); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: another order, other intervals", b)
		}
	}
}

// The same people are sent through two rules: what they did is the same, so a stricter rule lets nobody pass who did not before.
func TestStricterRuleSamePeople(t *testing.T) {
	t.Parallel()
	mild, strict := hour(), hour()
	strict.Rule.MinPercent = 95
	before, after := run(t, mild), run(t, strict)
	for i, p := range after.People {
		if was := before.People[i]; p.Behaviour != was.Behaviour || !reflect.DeepEqual(p.Truth, was.Truth) {
			t.Fatalf("%s is another person under another rule", p.Name)
		} else if p.Credit.Verdict == credit.VerdictPassed && was.Credit.Verdict != credit.VerdictPassed {
			t.Fatalf("%s passes only under the stricter rule", p.Name)
		}
	}
	if after.Passed >= before.Passed {
		t.Errorf("%d pass under 95 %%, %d under 80 %%", after.Passed, before.Passed)
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	w := &writer{evening: hour().evening()}
	if got, want := slices.Sorted(maps.Keys(w.scripts())), slices.Sorted(slices.Values(Behaviours())); !slices.Equal(got, want) {
		t.Errorf("scripts of %v, behaviours %v", got, want)
	}
	for _, c := range []struct {
		shares Shares
		people int
		want   map[Behaviour]int
	}{
		{Shares{Honest: 1}, 7, map[Behaviour]int{Honest: 7}},
		{Shares{Honest: 1, Late: 1, Leaving: 1}, 100, map[Behaviour]int{Honest: 34, Late: 33, Leaving: 33}},
		{Shares{Cheats: 3}, 26, map[Behaviour]int{Bouncing: 2, Silent: 2, TooFast: 2}},
		{DefaultShares(), 200, map[Behaviour]int{Bouncing: 1, Dodging: 1, Honest: 89}},
		{DefaultShares(), 3, map[Behaviour]int{Honest: 1}},
		{Shares{Cheats: 12, Bouncing: 0}, 24, map[Behaviour]int{Bouncing: 0, Silent: 2}},
	} {
		parts, sum := c.shares.split(c.people), 0
		for i, b := range Behaviours() {
			sum += parts[i]
			if want, said := c.want[b]; said && parts[i] != want {
				t.Errorf("%v of %d: %d %s, want %d", c.shares, c.people, parts[i], b, want)
			}
		}
		if sum != c.people {
			t.Errorf("%v of %d: %d in all", c.shares, c.people, sum)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change func(*Setup)
		field  string
	}{
		{func(s *Setup) { s.Viewers = 1001 }, "viewers"},
		{func(s *Setup) { s.Viewers = 0 }, "viewers"},
		{func(s *Setup) { s.Minutes = 481 }, "minutes"},
		{func(s *Setup) { s.Shares = nil }, "shares"},
		{func(s *Setup) { s.Shares = Shares{"sleeping": 3} }, "shares"},
		{func(s *Setup) { s.Shares = Shares{Honest: -1, Late: 1} }, "share_honest"},
		{func(s *Setup) { s.Outage = Outage{After: 60, Minutes: 1} }, "outage_after"},
		{func(s *Setup) { s.Outage = Outage{After: 50, Minutes: 11} }, "outage_minutes"},
		{func(s *Setup) { s.Rule.MinPercent = 0 }, "min_percent"},
		{func(s *Setup) { s.Segments = []Segment{{Kind: credit.Break, After: 60, Minutes: 1}} }, "break_after"},
		{func(s *Setup) { s.Segments = []Segment{{Kind: credit.Sponsor, After: 50, Minutes: 11}} }, "sponsor_minutes"},
		{func(s *Setup) { s.Segments = []Segment{{Kind: credit.Lobby}} }, "lobby_minutes"},
		{func(s *Setup) { s.Segments = []Segment{{Kind: credit.Talk, Minutes: 1}} }, "segments"},
		{func(s *Setup) { s.Segments = make([]Segment, 21) }, "segments"},
	} {
		s := hour()
		c.change(&s)
		if faults := s.Faults(); len(faults) == 0 || faults[0].Field != c.field {
			t.Errorf("%s: %v", c.field, faults)
		}
	}
}

func TestStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, hour()); err == nil {
		t.Error("it ran though nobody waits")
	}
}

func BenchmarkThousandViewersAnHour(b *testing.B) {
	for b.Loop() {
		run(b, hour())
	}
}

func BenchmarkMost(b *testing.B) {
	s := hour()
	s.Minutes = MostMinutes
	for b.Loop() {
		run(b, s)
	}
}
