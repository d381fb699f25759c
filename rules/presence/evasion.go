package presence

import (
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Evasion is what an administrator is told of somebody whose connection was lost just when checks came, again and again, and whose player went on
// afterwards on another. It proves nothing and changes no credit: people are to look at it.
type Evasion struct {
	Checks []int // that were lost like that, by their numbers
	Sent   int   // how many were sent to this person
}

// Once may happen to anybody.
const evasionsEnough = 2

// Evaded finds them in the evidence. A check counts among them when all of this is so:
//
//   - it was not answered in time, and did not arrive at once;
//   - a connection broke about when it was sent, and never came back;
//   - the player went on after that, on another connection;
//   - no incident of ours was near.
//
// So who lost the connection through no doing of their own is not among them if they answer when they are asked again; nor who
// stays connected and answers nothing, which is a missed check and no more.
func Evaded(e credit.Evidence) (found Evasion, again bool) {
	incidents := credit.Union(e.Incidents...)
	for _, c := range credit.Fates(e) {
		if c.Sent.IsZero() {
			continue
		}
		found.Sent++
		arrived := !c.Delivered.IsZero() && c.Delivered.Sub(c.Sent) < credit.BeatEvery
		around := credit.Union(credit.Span{From: c.Sent.Add(-credit.DefaultSilence), To: c.Sent.Add(credit.DefaultSilence)})
		if c.Fate != credit.Answered && !arrived && len(incidents.Clip(around)) == 0 && slipped(e.Watched, c.Sent) {
			found.Checks = append(found.Checks, c.Number)
		}
	}
	return found, len(found.Checks) >= evasionsEnough
}

// slipped says that a connection broke about then, and another one played afterwards.
func slipped(watched []credit.Interval, sent time.Time) bool {
	for _, w := range watched {
		if w.Dropped && w.To.Sub(sent).Abs() <= credit.DefaultSilence && gone(watched, w) && followed(watched, w, sent) {
			return true
		}
	}
	return false
}

func gone(watched []credit.Interval, w credit.Interval) bool {
	for _, other := range watched {
		if other.Device == w.Device && !other.From.Before(w.To) {
			return false
		}
	}
	return true
}

func followed(watched []credit.Interval, w credit.Interval, sent time.Time) bool {
	for _, other := range watched {
		if other.Device != w.Device && other.From.After(w.To) && other.To.After(sent) {
			return true
		}
	}
	return false
}
