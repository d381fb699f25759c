package credit

import (
	"slices"
	"sort"
	"time"
)

// Meter is [Evaluate] for somebody who is still watching, at a cost that does not grow with what was watched: what lies far enough back that
// no beat to come can change it is settled, as sums. It says the same as evaluating all intervals; they stay in the Tracker, for the evidence.
//
//	──────── settled: sums ────────│── tail: intervals, evaluated each time ──│ now
//	                             until
//
// What can still change is bounded: a connection may come back within the grace, for which incidents do not count, and a beat may be late. When
// one is later than that, or incidents or programme were changed for a time that was settled, all is settled anew.
type Meter struct {
	*Tracker

	past settled
}

const (
	// lateMost is how late a beat may come, as one from another instance does, without all being settled anew.
	lateMost = 30 * time.Second
	// settleEvery is how much comes together before it is settled.
	settleEvery = 15 * time.Second
)

// NewMeter starts with nothing watched.
func NewMeter(s Session) *Meter { return &Meter{Tracker: NewTracker(s)} }

// Observe takes the next beat, as [Tracker.Observe].
func (m *Meter) Observe(b Beat) Refusal {
	if b.At.Before(m.past.firm) {
		m.past = settled{}
	}
	return m.Tracker.Observe(b)
}

// Evaluate is the live credit of what was watched under the evidence, which says at what moment. Its Spans are those that are not settled.
// Time elsewhere is not for a live meter.
func (m *Meter) Evaluate(e Evidence) Credit {
	if !m.past.holds(e) {
		m.past = settled{}
	}
	e.Elsewhere, e.Watched = nil, m.since(m.past.until.Add(-reach(e)))
	return evaluate(e, m.past)
}

// Settle settles what can change no more at the moment of the evidence. Doing so seldom or never costs only time.
func (m *Meter) Settle(e Evidence) {
	if !m.past.holds(e) {
		m.past = settled{}
	}
	firm := e.At.Add(-lateMost)
	// An interval is known when its second beat has come, and it may be the return of somebody who was lost before.
	until := exact(firm.Add(-m.session.Silence - reach(e)))
	if until.Sub(m.past.until) < settleEvery || !until.After(exact(e.Programme.Started)) {
		return
	}
	e.Watched = m.since(m.past.until.Add(-reach(e)))
	m.past.settle(e, until)
	m.past.firm = firm
}

// reach is how far before a moment somebody may have been lost who comes back after it.
func reach(e Evidence) time.Duration {
	return e.Rule.ReconnectGrace.Duration() + Union(e.Incidents...).Length()
}

// settled is what was watched until a moment.
type settled struct {
	until      time.Time
	firm       time.Time // a beat from before this may change it
	incidents  Spans     // under which it was settled
	creditable Spans     // until then
	here, gaps time.Duration
	pieces     []piece
}

// piece is a time that was attended, all of it watched or all of it a gap, with the sums of what came before it.
type piece struct {
	Span

	gap        bool
	here, gaps time.Duration
}

func (p settled) holds(e Evidence) bool {
	incidents := Union(e.Incidents...)
	return slices.Equal(p.incidents, incidents) && slices.Equal(p.creditable, e.Programme.Creditable().Without(incidents).Clip(p.before()))
}

// before and after are the times that are settled, and that are not.
func (p settled) before() Spans { return Union(Span{To: p.until}) }

func (p settled) after(s Spans) Spans {
	if p.until.IsZero() {
		return s
	}
	return s.Without(p.before())
}

func (p *settled) settle(e Evidence, until time.Time) {
	p.incidents = Union(e.Incidents...)
	creditable := e.Programme.Creditable().Without(p.incidents).Clip(Union(Span{To: until}))
	fresh, known := p.after(creditable), e.known()
	here := attended(known, e.Rule.ReconnectGrace.Duration(), p.incidents).Clip(fresh)
	watched := attended(known, -1, nil)
	p.add(here.Clip(watched), here.Without(watched))
	p.until, p.creditable = until, creditable
}

// add appends pieces in the order of time.
func (p *settled) add(solid, gaps Spans) {
	for len(solid)+len(gaps) > 0 {
		next := piece{here: p.here, gaps: p.gaps}
		if next.gap = len(solid) == 0 || len(gaps) > 0 && gaps[0].From.Before(solid[0].From); next.gap {
			next.Span, gaps = gaps[0], gaps[1:]
			p.gaps += next.Length()
		} else {
			next.Span, solid = solid[0], solid[1:]
		}
		p.here += next.Length()
		p.pieces = append(p.pieces, next)
	}
}

// credited is how much of it counts, when so much of the gaps is forgiven.
func (p settled) credited(forgivable time.Duration) time.Duration {
	return credited(p.here, p.gaps, forgivable)
}

func credited(here, gaps, forgivable time.Duration) time.Duration {
	return here - max(0, gaps-forgivable)
}

// reached is the moment at which what counts came to d; false when that is not settled.
func (p settled) reached(d, forgivable time.Duration) (time.Time, bool) {
	i := sort.Search(len(p.pieces), func(i int) bool {
		end := p.pieces[i]
		here, gaps := end.here+end.Length(), end.gaps
		if end.gap {
			gaps += end.Length()
		}
		return credited(here, gaps, forgivable) >= d
	})
	if i == len(p.pieces) {
		return time.Time{}, false
	}
	at := p.pieces[i]
	return at.From.Add(d - credited(at.here, at.gaps, forgivable)), true
}
