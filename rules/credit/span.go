package credit

import (
	"slices"
	"time"
)

// Span is the half-open time [From, To). A span that ends before it begins is empty.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Length is zero for an empty span, never negative.
func (s Span) Length() time.Duration {
	return max(0, s.To.Sub(s.From))
}

// exact gives a time the one form in which it is compared and printed: UTC, no monotonic
// reading, a microsecond as in the database.
func exact(t time.Time) time.Time {
	return t.UTC().Truncate(time.Microsecond)
}

func (s Span) exact() Span {
	return Span{From: exact(s.From), To: exact(s.To)}
}

// Spans is a set of moments: sorted, without overlap, without empty members. Only [Union]
// and the methods make one.
type Spans []Span

// Union is the set of moments that lie in any of the spans.
func Union(spans ...Span) Spans {
	sorted := make(Spans, 0, len(spans))
	for _, s := range spans {
		if s = s.exact(); s.From.Before(s.To) {
			sorted = append(sorted, s)
		}
	}
	slices.SortFunc(sorted, func(a, b Span) int { return a.From.Compare(b.From) })

	merged := sorted[:0]
	for _, s := range sorted {
		last := len(merged) - 1
		if last < 0 || s.From.After(merged[last].To) {
			merged = append(merged, s)
		} else if s.To.After(merged[last].To) {
			merged[last].To = s.To
		}
	}
	return merged
}

// Clip is the set of moments that lie in both.
func (a Spans) Clip(b Spans) Spans {
	both := Spans{}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		s := Span{From: later(a[i].From, b[j].From), To: earlier(a[i].To, b[j].To)}
		if s.From.Before(s.To) {
			both = append(both, s)
		}
		if a[i].To.Before(b[j].To) {
			i++
		} else {
			j++
		}
	}
	return both
}

// Without is the set of moments of a that do not lie in b. It is also how two webinars at
// the same time count once: the spans already credited in the other one are taken out.
func (a Spans) Without(b Spans) Spans {
	rest := Spans{}
	j := 0
	for _, s := range a {
		for j < len(b) && !b[j].To.After(s.From) {
			j++
		}
		for k := j; k < len(b) && b[k].From.Before(s.To); k++ {
			if s.From.Before(b[k].From) {
				rest = append(rest, Span{From: s.From, To: b[k].From})
			}
			s.From = later(s.From, b[k].To)
		}
		if s.From.Before(s.To) {
			rest = append(rest, s)
		}
	}
	return rest
}

// Length is the total of all members.
func (a Spans) Length() time.Duration {
	var sum time.Duration
	for _, s := range a {
		sum += s.Length()
	}
	return sum
}

// within is how much of the span lies in a, without building a set for it: the reconnect
// grace asks this for every gap.
func (a Spans) within(s Span) time.Duration {
	var sum time.Duration
	for _, member := range a {
		sum += Span{From: later(member.From, s.From), To: earlier(member.To, s.To)}.Length()
	}
	return sum
}

// Covers says whether every moment of s lies in a.
func (a Spans) Covers(s Span) bool {
	return len(Union(s).Without(a)) == 0
}

// reached is the moment at which the sum of the members, walked in time, came to d.
func (a Spans) reached(d time.Duration) time.Time {
	for _, s := range a {
		if l := s.Length(); l < d {
			d -= l
			continue
		}
		return s.From.Add(d)
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
