package credit

import (
	"slices"
	"time"
)

// Verdict is the answer to "do I get the points?".
type Verdict string

// The verdicts; the package documentation has the picture.
const (
	VerdictOpen   Verdict = "open"
	VerdictPassed Verdict = "passed"
	VerdictFailed Verdict = "failed"
)

// Credit is the result of [Evaluate]. Marshalled as JSON it is the same bytes for the same
// evidence, in whatever order that was given.
type Credit struct {
	RuleVersion int     `json:"rule_version"`
	Verdict     Verdict `json:"verdict"`
	// Points are what is booked: zero unless passed. The daily cap is not applied here, because
	// it depends on other webinars; see [CapDay].
	Points Points `json:"points"`
	// Worth is what passing gives, or on time's award would give as of now.
	Worth      Points  `json:"worth"`
	Watched    Seconds `json:"watched"`    // creditable time that was watched
	Creditable Seconds `json:"creditable"` // what there was to watch
	Percent    int     `json:"percent"`    // rounded down
	Bridged    Seconds `json:"bridged"`    // part of Watched that the reconnect grace gave
	LeftOut    Seconds `json:"left_out"`   // programme lost to incidents, for everybody
	Elsewhere  Seconds `json:"elsewhere"`  // watched here but credited in another webinar
	Checks     Tally   `json:"checks"`
	// ReachedAt is when the last of minutes and checks was met; zero while one is not.
	ReachedAt time.Time `json:"reached_at,omitzero"`
	Reasons   []Reason  `json:"reasons"`
	// Spans is the creditable time that was watched; it is the Elsewhere of the next webinar.
	Spans Spans `json:"spans"`
}

// Evaluate computes the credit of one person for one webinar. It is total: any evidence,
// however wrong, gives an answer, and never more credit than the creditable programme.
func Evaluate(e Evidence) Credit { return evaluate(e, settled{}) }

// evaluate adds what is settled to what the evidence tells of the time after it.
func evaluate(e Evidence, past settled) Credit {
	m := measure(e, past)
	checks, answers := tally(e, m.creditable)

	minutes := m.gate(e)
	asked := checksGate(e.Rule, checks)
	reasons := append([]Reason{minutes, asked}, outsideGates(e)...)

	c := Credit{
		RuleVersion: e.Rule.Version,
		Verdict:     verdict(reasons),
		Worth:       worth(e, m),
		Watched:     seconds(m.have),
		Creditable:  seconds(m.creditable.Length()),
		Percent:     m.percent(),
		Bridged:     seconds(m.bridged),
		LeftOut:     seconds(m.leftOut),
		Elsewhere:   seconds(m.elsewhere),
		Checks:      checks,
		Spans:       m.watched,
	}
	if c.Verdict == VerdictPassed {
		c.Points = c.Worth
	}
	if minutes.State == Met && asked.State == Met {
		c.ReachedAt = reachedAt(m, answers, asked.Need)
	}
	c.Reasons = slices.Concat(reasons, notes(c, m.bound(e.Rule)))
	return c
}

// measured is the time of a person in a webinar, as sets of moments.
type measured struct {
	programme  Spans // creditable, incidents still in it
	creditable Spans // without the incidents
	past       settled
	watched    Spans         // creditable and watched, after what is settled
	have       time.Duration // all that is watched
	most       time.Duration // what that can still become if the person stays to the end
	need       time.Duration
	bridged    time.Duration
	forgivable time.Duration // the most that bridged can be
	leftOut    time.Duration
	elsewhere  time.Duration
}

func measure(e Evidence, past settled) measured {
	incidents := Union(e.Incidents...)
	elsewhere := Union(e.Elsewhere...)
	grace := e.Rule.ReconnectGrace.Duration()
	known := e.known()

	m := measured{programme: e.Programme.Creditable(), past: past}
	m.creditable = m.programme.Without(incidents)
	m.leftOut = m.programme.Length() - m.creditable.Length()
	m.forgivable = m.patience(e.Rule)

	open := past.after(m.creditable)
	here := attended(known, grace, incidents).Clip(open)
	m.elsewhere = here.Length() - here.Without(elsewhere).Length()
	m.watched, m.bridged = m.forgiving(here, known, elsewhere)
	m.have = past.credited(m.forgivable) + m.watched.Length()

	m.most = m.have
	if e.live() {
		stayed := append(slices.Clone(known), Interval{Span: Span{From: e.At, To: e.Programme.Ended}})
		most, _ := m.forgiving(attended(stayed, grace, incidents).Clip(open), stayed, elsewhere)
		m.most = past.credited(m.forgivable) + most.Length()
	}
	m.need = share(m.creditable.Length(), e.Rule.MinPercent)
	return m
}

// forgiving is what of the time attended is credited here, and how much of it are gaps: no more of them than the rule forgives in all,
// the first ones first. What is credited elsewhere uses up nothing. Another device adds to the time without gaps at least what it
// takes from them, so it never lowers the sum.
func (m measured) forgiving(here Spans, watched []Interval, elsewhere Spans) (Spans, time.Duration) {
	here = here.Without(elsewhere)
	gaps := here.Without(attended(watched, -1, nil))
	all := m.past.gaps + gaps.Length()
	if all <= m.forgivable || len(gaps) == 0 {
		return here, min(all, m.forgivable)
	}
	end := gaps.reached(max(0, m.forgivable-m.past.gaps))
	return here.Without(gaps.Clip(Spans{{From: end, To: gaps[len(gaps)-1].To}})), m.forgivable
}

// bound is what is said of it; a rule without one says nothing.
func (m measured) bound(r Rule) int {
	if r.ReconnectPercent <= 0 {
		return 0
	}
	return int(seconds(m.forgivable))
}

// patience is how much of lost connections the rule forgives in all: one grace, whatever the programme is.
func (m measured) patience(r Rule) time.Duration {
	whole := m.creditable.Length()
	if r.ReconnectPercent <= 0 {
		return whole
	}
	return max(r.ReconnectGrace.Duration(), whole*time.Duration(r.ReconnectPercent)/100)
}

// share is the least time that is at least percent of the whole.
func share(whole time.Duration, percent int) time.Duration {
	return (whole*time.Duration(percent) + 99) / 100
}

func (m measured) percent() int {
	whole := m.creditable.Length()
	if whole == 0 {
		return 0
	}
	return int(m.have * 100 / whole)
}

// gate is met by enough time, and by some: where nothing could be watched, nobody passes.
func (m measured) gate(e Evidence) Reason {
	enough := func(d time.Duration) bool { return d > 0 && d >= m.need }
	r := Reason{
		Code:  Minutes,
		State: state(enough(m.have), e.live() && enough(m.most)),
		Have:  int(m.have / time.Minute),
		Of:    int(m.creditable.Length().Round(time.Minute) / time.Minute),
		Need:  minutesUp(m.need),
	}
	if r.State != Met {
		r.More = minutesUp(max(1, m.need-m.have))
	}
	return r
}

func minutesUp(d time.Duration) int {
	return int((d + time.Minute - 1) / time.Minute)
}

// worth is what passing gives. The event's own worth follows its programme with incidents
// still in it: our failure does not make a lecture shorter for the chamber.
func worth(e Evidence, m measured) Points {
	event := e.Offered
	if event <= 0 {
		event = ForTime(m.programme.Length(), e.Rule)
	}
	if e.Rule.Award == AwardTime {
		return min(event, ForTime(m.have, e.Rule))
	}
	return event
}

func reachedAt(m measured, answers []time.Time, need int) time.Time {
	at, before := m.past.reached(m.need, m.forgivable)
	if !before {
		at = m.watched.reached(m.need - m.past.credited(m.forgivable))
	}
	if need > 0 {
		at = later(at, answers[need-1])
	}
	return at
}
