package credit

import (
	"slices"
	"time"
)

// AppealTime is how long after the end of a webinar a person may appeal. A choice of ours: long enough for a holiday, short enough
// that the room's people still remember.
//
// It is a constant, and no figure of the [Rule]. A rule says what watching is worth, by a chamber's numbers; no chamber has a number
// for this: how long a person may complain to the organiser is the organiser's own promise, the same for every webinar, and it would
// only confuse if the next version of a rule gave less of it than the one beside. What chambers do limit is the time for a correction
// (Germany: 8 days to report and 7 more to correct); that belongs to the agency. An appeal granted later is not lost: the
// correction is asked for, and the agency's answer stands beside it.
const AppealTime = 30 * 24 * time.Hour

// Amendment is what an appeal found to have been otherwise than the evidence says. The evidence itself is never changed: an amended
// copy is computed and kept beside it.
type Amendment struct {
	// VoidChecks are the numbers of checks that are held against nobody, such as one that was hidden behind another window of ours.
	VoidChecks []int `json:"void_checks,omitempty"`
	// Watched is time that the person watched though no heartbeat tells of it.
	Watched []Span `json:"watched,omitempty"`
	// Incidents are times in which we failed this person alone.
	Incidents []Span `json:"incidents,omitempty"`
}

// Empty says that nothing would change.
func (a Amendment) Empty() bool { return len(a.VoidChecks)+len(a.Watched)+len(a.Incidents) == 0 }

// Amended is the evidence with the amendment. An answered check stays answered: an appeal takes nothing away.
func (e Evidence) Amended(a Amendment) Evidence {
	checks := make([]Check, 0, len(e.Checks))
	for _, told := range Fates(e) {
		if told.Fate == Missed && slices.Contains(a.VoidChecks, told.Number) {
			told.Delivered, told.Answered = time.Time{}, time.Time{} // what never came through is void
		}
		checks = append(checks, told.Check)
	}
	e.Checks = checks
	e.Watched = slices.Clone(e.Watched)
	for _, s := range a.Watched {
		e.Watched = append(e.Watched, Interval{Span: s, Device: "appeal"})
	}
	e.Incidents = slices.Concat(e.Incidents, a.Incidents)
	return e
}
