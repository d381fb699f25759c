package credit

import (
	"slices"
	"time"
)

// Check is one presence check of one viewer. All times are the server's; a zero time says
// that it has not happened. A check shown on several devices may be given several times with
// the same number: the earliest of each time counts.
type Check struct {
	Number    int       `json:"number"`
	Due       time.Time `json:"due"`
	Sent      time.Time `json:"sent,omitzero"`
	Delivered time.Time `json:"delivered,omitzero"`
	Answered  time.Time `json:"answered,omitzero"`
}

// Fate is what became of a check; the package documentation has the picture.
type Fate string

// The fates of a check.
const (
	Planned  Fate = "planned"
	Open     Fate = "open"
	Answered Fate = "answered"
	Missed   Fate = "missed"
	Void     Fate = "void"
)

// Tally counts the checks of a person by their fate.
type Tally struct {
	Answered int `json:"answered"`
	Missed   int `json:"missed"`
	Open     int `json:"open,omitempty"`
	Planned  int `json:"planned,omitempty"`
	Void     int `json:"void,omitempty"`
}

// Asked is how many checks count: all but the void ones.
func (t Tally) Asked() int { return t.Answered + t.Missed + t.Open + t.Planned }

// still is how many can at most be answered.
func (t Tally) still() int { return t.Answered + t.Open + t.Planned }

// fate decides one check at the moment now (zero: for good), within the creditable time.
func (c Check) fate(window time.Duration, now time.Time, creditable Spans) Fate {
	over := func(t time.Time) bool { return now.IsZero() || t.Before(now) }
	if c.Sent.IsZero() {
		if over(c.Due.Add(window)) {
			return Void
		}
		return Planned
	}
	shown := c.Delivered
	if shown.IsZero() || shown.Before(c.Sent) {
		shown = c.Sent
	}
	deadline := shown.Add(window)
	switch {
	// A late delivery report cannot undo an answer: to answer it, one must have seen it.
	case !c.Answered.IsZero() && !c.Answered.After(deadline):
		return Answered
	case !over(deadline):
		return Open
	case c.Delivered.IsZero(), !creditable.Covers(Span{From: shown, To: deadline}):
		return Void
	default:
		return Missed
	}
}

// tally decides all checks and returns the times of the answers, sorted.
func tally(e Evidence, creditable Spans) (Tally, []time.Time) {
	var t Tally
	var answers []time.Time
	for _, c := range oneEach(e.Checks, e.At) {
		switch c.fate(e.Rule.CheckWindow.Duration(), exact(e.At), creditable) {
		case Answered:
			t.Answered++
			answers = append(answers, c.Answered)
		case Missed:
			t.Missed++
		case Open:
			t.Open++
		case Planned:
			t.Planned++
		case Void:
			t.Void++
		}
	}
	slices.SortFunc(answers, time.Time.Compare)
	return t, answers
}

// oneEach joins checks of the same number and drops what cannot have happened yet at the
// moment now, or not before the check was sent.
func oneEach(checks []Check, now time.Time) map[int]Check {
	one := make(map[int]Check, len(checks))
	for _, c := range checks {
		seen, found := one[c.Number]
		if !found {
			seen = Check{Number: c.Number, Due: exact(c.Due)}
		}
		seen.Due = earlier(seen.Due, exact(c.Due))
		seen.Sent = first(seen.Sent, happened(c.Sent, now))
		one[c.Number] = seen
	}
	for _, c := range checks {
		seen := one[c.Number]
		for _, at := range []struct {
			of   *time.Time
			time time.Time
		}{{&seen.Delivered, c.Delivered}, {&seen.Answered, c.Answered}} {
			if t := happened(at.time, now); !t.Before(seen.Sent) {
				*at.of = first(*at.of, t)
			}
		}
		one[c.Number] = seen
	}
	return one
}

// first is the earlier of two times of which a zero one has not happened.
func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func happened(t, now time.Time) time.Time {
	if t.IsZero() || !now.IsZero() && t.After(now) {
		return time.Time{}
	}
	return exact(t)
}
