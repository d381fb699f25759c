package credit

import (
	"slices"
	"sort"
	"time"
)

// Kind says what a segment of the programme is.
type Kind string

// Only talks are creditable.
const (
	Talk    Kind = "talk"
	Lobby   Kind = "lobby"
	Break   Kind = "break"
	Sponsor Kind = "sponsor"
)

// Segment is a part of the programme.
type Segment struct {
	Span
	Kind Kind `json:"kind"`
}

// Programme is what was really broadcast. Ended is the real end; while the webinar is live it
// is the planned one, moved on by the caller when the host overruns.
type Programme struct {
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
	Segments []Segment `json:"segments,omitempty"`
}

// maxProgramme bounds the arithmetic: even a congress of a month stays far from overflow.
const maxProgramme = 31 * 24 * time.Hour

// Creditable is the programme without lobby, breaks and sponsor slots. Without any talk
// listed, everything from start to end is one; where a break lies over a talk, it is a break.
func (p Programme) Creditable() Spans {
	end := earlier(p.Ended, p.Started.Add(maxProgramme))
	whole := Union(Span{From: p.Started, To: end})
	var talks, other []Span
	for _, s := range p.Segments {
		if s.Kind == Talk {
			talks = append(talks, s.Span)
		} else {
			other = append(other, s.Span)
		}
	}
	if len(talks) > 0 {
		whole = whole.Clip(Union(talks...))
	}
	return whole.Without(Union(other...))
}

// Interval is a time in which one device of the viewer was playing. Dropped says that it
// ended because the connection or the stream was lost, not because the person paused or
// left; only then is a gap kept when the person returns within the grace.
type Interval struct {
	Span
	Device  string `json:"device,omitempty"`
	Dropped bool   `json:"dropped,omitempty"`
}

// Gates are conditions that are met outside the room. The zero value bars nobody.
type Gates struct {
	EvaluationMissing bool  `json:"evaluation_missing,omitempty"`
	Quiz              *Quiz `json:"quiz,omitempty"` // nil: the webinar has none
}

// Quiz is the best attempt of the person.
type Quiz struct {
	Taken   bool `json:"taken"`
	Percent int  `json:"percent"`
}

// Evidence is everything credit depends on, for one person and one webinar. Nothing else may
// influence it; kept with the result, it lets anybody compute the credit again.
type Evidence struct {
	Rule      Rule       `json:"rule"`
	Programme Programme  `json:"programme"`
	Watched   []Interval `json:"watched,omitempty"`
	Checks    []Check    `json:"checks,omitempty"`
	Incidents []Span     `json:"incidents,omitempty"`
	// Elsewhere is time already credited to this person in other webinars.
	Elsewhere []Span `json:"elsewhere,omitempty"`
	// Offered is what the agency or the author gives the event; zero: its time decides.
	Offered Points `json:"offered,omitempty"`
	Gates   Gates  `json:"gates,omitzero"`
	// At is the moment of a live meter; zero: the webinar has ended, the result is final.
	At time.Time `json:"at,omitzero"`
}

func (e Evidence) live() bool { return !e.At.IsZero() }

// known is what had been watched by the moment of the meter: evidence from the future is cut.
func (e Evidence) known() []Interval {
	if !e.live() {
		return e.Watched
	}
	known := slices.Clone(e.Watched)
	for i := range known {
		known[i].To = earlier(known[i].To, e.At)
	}
	return known
}

// attended is the union of the intervals with the gaps that the grace forgives.
//
// A dropped interval is continued to the last return that is at most the grace away. Looking
// for the last return of any device, and not only at the next interval, makes the result
// monotone: whatever another device does, it can only add. Time of an incident is not held
// against the person, so it does not use up the grace.
func attended(watched []Interval, grace time.Duration, incidents Spans) Spans {
	spans := make([]Span, 0, 2*len(watched))
	returns := make([]time.Time, 0, len(watched))
	for _, w := range watched {
		if s := w.exact(); s.From.Before(s.To) {
			spans = append(spans, s)
			returns = append(returns, s.From)
		}
	}
	slices.SortFunc(returns, time.Time.Compare)
	for _, w := range watched {
		if s := w.exact(); w.Dropped && s.From.Before(s.To) {
			spans = append(spans, Span{From: s.To, To: lastReturn(s.To, returns, grace, incidents)})
		}
	}
	return Union(spans...)
}

func lastReturn(lost time.Time, returns []time.Time, grace time.Duration, incidents Spans) time.Time {
	away := func(back time.Time) time.Duration {
		gap := Span{From: lost, To: back}
		return gap.Length() - incidents.within(gap)
	}
	late := sort.Search(len(returns), func(i int) bool { return away(returns[i]) > grace })
	if late == 0 {
		return lost
	}
	return returns[late-1]
}
