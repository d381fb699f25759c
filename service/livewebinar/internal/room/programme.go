package room

import (
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Mark is what a host said: from now on it is this.
type Mark struct {
	Kind credit.Kind
	From time.Time
}

// Programme is what the webinar consists of by its marks; before the first one everything is talk. While it is live (now is
// not zero), what comes after now is expected to be talk again, or during a break nobody could reach the rule any more.
func Programme(started, ended, now time.Time, marks []Mark) credit.Programme {
	p := credit.Programme{Started: started, Ended: ended}
	if len(marks) == 0 {
		return p
	}
	add := func(kind credit.Kind, from, to time.Time) {
		if from.Before(to) {
			p.Segments = append(p.Segments, credit.Segment{Span: credit.Span{From: from, To: to}, Kind: kind})
		}
	}
	add(credit.Talk, started, marks[0].From)
	for i, m := range marks {
		switch {
		case i+1 < len(marks):
			add(m.Kind, m.From, marks[i+1].From)
		case m.Kind == credit.Talk || now.IsZero() || !now.Before(ended):
			add(m.Kind, m.From, ended)
		default:
			add(m.Kind, m.From, now)
			add(credit.Talk, now, ended)
		}
	}
	return p
}
