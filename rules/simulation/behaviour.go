package simulation

import (
	"cmp"
	"slices"
)

// Behaviour is what a simulated person does.
type Behaviour string

// Those who do not cheat.
const (
	Honest     Behaviour = "honest"      // there from the first minute to the last
	Late       Behaviour = "late"        // comes after up to a third of the webinar
	Leaving    Behaviour = "leaving"     // goes before the end
	TwoDevices Behaviour = "two_devices" // watches at the desk and on the phone, at times on both
	Dropping   Behaviour = "dropping"    // loses the connection again and again, for seconds to minutes
	Forgetting Behaviour = "forgetting"  // watches everything, answers every other check
	Pausing    Behaviour = "pausing"     // pauses the video now and then
	Unattended Behaviour = "unattended"  // lets it run and goes away
)

// Those who do. All of them answer every check that reaches them, as a script can, unless their trick is about checks.
const (
	WithoutJoining Behaviour = "without_joining" // heartbeats of a connection that never joined
	Replaying      Behaviour = "replaying"       // watches a tenth and sends its heartbeats again and again
	FromFuture     Behaviour = "from_future"     // sends the heartbeats of the whole evening at once
	AfterEnd       Behaviour = "after_end"       // goes on sending when the webinar is over
	TooFast        Behaviour = "too_fast"        // 100 heartbeats in the time of one, for a hundredth of the webinar
	ForAnother     Behaviour = "for_another"     // is not there; an accomplice sends in their name
	WhilePaused    Behaviour = "while_paused"    // heartbeats of a paused video
	FiveTabs       Behaviour = "five_tabs"       // five tabs for a third of the time
	TwoWebinars    Behaviour = "two_webinars"    // two webinars at once, the other one credited for most of the time
	Guessing       Behaviour = "guessing"        // watches a tenth and answers checks that nobody sent
	Silent         Behaviour = "silent"          // keeps back that a check has arrived, so that it might be void
	Dodging        Behaviour = "dodging"         // reconnects all through the window of a check, so that it is void
	Bouncing       Behaviour = "bouncing"        // connects for seconds, just often enough for the reconnect grace
)

// Cheats is the share of all cheats together in [Shares]; each has the same part of it.
const Cheats Behaviour = "cheats"

// Behaviours are all of them, in the order of the report.
func Behaviours() []Behaviour {
	return append([]Behaviour{Honest, Late, Leaving, TwoDevices, Dropping, Forgetting, Pausing, Unattended}, cheats()...)
}

func cheats() []Behaviour {
	return []Behaviour{
		WithoutJoining, Replaying, FromFuture, AfterEnd, TooFast, ForAnother, WhilePaused, FiveTabs, TwoWebinars,
		Guessing, Silent, Dodging, Bouncing,
	}
}

// Cheat tells whether somebody who does this wants what is not theirs.
func (b Behaviour) Cheat() bool { return slices.Contains(cheats(), b) }

// Shares say how many viewers there are of each kind, in proportion to each other. [Cheats] is the share of those cheats
// that have none of their own.
type Shares map[Behaviour]int

// DefaultShares are those of an evening as it goes, with more cheats than there will be, so that each is seen.
func DefaultShares() Shares {
	return Shares{Honest: 46, Late: 12, Leaving: 10, TwoDevices: 8, Dropping: 8, Forgetting: 5, Pausing: 4, Unattended: 2, Cheats: 5}
}

const mostShare = 1000

func (s Shares) known() bool {
	for b := range s {
		if b != Cheats && !slices.Contains(Behaviours(), b) {
			return false
		}
	}
	return true
}

// weights are whole numbers for all behaviours, in their order.
func (s Shares) weights() []int {
	var rest []Behaviour
	for _, b := range cheats() {
		if _, own := s[b]; !own {
			rest = append(rest, b)
		}
	}
	unit := max(1, len(rest))
	all := make([]int, 0, len(Behaviours()))
	for _, b := range Behaviours() {
		if slices.Contains(rest, b) {
			all = append(all, s[Cheats])
			continue
		}
		all = append(all, s[b]*unit)
	}
	return all
}

// split divides so many people by the shares: each gets its whole part, what is left goes to the largest remainders, and nobody who has
// a share is left out as long as there are people.
func (s Shares) split(people int) []int {
	weights := s.weights()
	sum := 0
	for _, w := range weights {
		sum += w
	}
	parts, order := make([]int, len(weights)), make([]int, len(weights))
	if sum <= 0 {
		return parts
	}
	left := people
	for i, w := range weights {
		parts[i], order[i] = people*w/sum, i
		left -= parts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(people*weights[b]%sum, people*weights[a]%sum) })
	for _, i := range order[:left] {
		parts[i]++
	}
	for i, w := range weights {
		// Who has a share is there: of a rare cheat at least one, taken from the largest group.
		if largest := slices.Index(parts, slices.Max(parts)); w > 0 && parts[i] == 0 && parts[largest] > 1 {
			parts[i], parts[largest] = 1, parts[largest]-1
		}
	}
	return parts
}
