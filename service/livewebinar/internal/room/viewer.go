package room

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

// viewer is one account in one room. Of who was never here, on this instance, only the streams elsewhere are known.
type viewer struct {
	person  Person
	tracker *credit.Tracker // nil until the past is known
	streams map[string]*connection
	far     map[string]*far
	ended   map[string]bool // streams elsewhere, so that old news of one does not bring it back
	recent  []credit.Beat   // from elsewhere, for a past that is being read meanwhile
	checks  []*check
	minute  map[int]bool // of the webinar, watched and told
	back    time.Time    // when the last connection came
	lost    time.Time    // when the last connection was lost and none was left
	ours    time.Time    // the same, when it was lost with the instance that held it
	counted int          // incidents that this viewer's own losses helped to make
}

func (v *viewer) in() bool { return len(v.streams)+len(v.far) > 0 }

func (v *viewer) lose(at time.Time) {
	if at.After(v.lost) {
		v.lost = at
	}
}

// connection remembers what its player did, which check was last written to it, and when.
type connection struct {
	event  credit.Event
	number int
	at     time.Time
	// joined says that the check came with the answer to entering.
	joined bool
	echo   time.Time // the last beat that was counted as time that the check was seen
}

func (c *connection) written(number int, at time.Time) { c.number, c.at, c.joined = number, at, false }

func (c *connection) handed(number int, at time.Time) {
	c.number, c.at, c.joined, c.echo = number, at, true, time.Time{}
}

type check struct {
	credit.Check
	settled bool          // its end has been told
	again   time.Time     // when it was last asked again, after it was lost on its way
	echoes  int           // connections that certainly had it
	seen    time.Duration // how long they had it in all
}

// remember gives a viewer the past that the database knows, and what came from elsewhere while it was read.
func (r *Room) remember(v *viewer, past Past) {
	id := v.person.Account.String()
	v.tracker = credit.NewTracker(credit.Session{Viewer: id, Opened: r.Opened, Silence: credit.DefaultSilence})
	v.follow(slices.Concat(past.Beats, v.recent))
	programme := credit.Union(credit.Span{From: r.Opened, To: r.PlannedEnd})
	for i, due := range presence.Times(r.Seed, id, programme, presence.For(r.Rule)) {
		v.checks = append(v.checks, &check{Check: credit.Check{Number: i + 1, Due: due}})
	}
	for _, was := range past.Checks {
		v.merge(was)
	}
}

// follow folds in beats that were judged by another instance, or by this one before a restart.
func (v *viewer) follow(beats []credit.Beat) {
	id := v.person.Account.String()
	inOrder(beats)
	for _, b := range beats {
		b.Viewer = id
		v.tracker.Extend(b.At)
		v.tracker.Observe(b)
	}
}

// inOrder sorts beats as they came: the first of a stream before the others, the last after them.
func inOrder(beats []credit.Beat) {
	rank := func(e credit.Event) int {
		switch e {
		case credit.Joined:
			return 0
		case credit.Left, credit.Lost:
			return 2
		default:
			return 1
		}
	}
	slices.SortStableFunc(beats, func(a, b credit.Beat) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Stream, b.Stream), cmp.Compare(rank(a.Event), rank(b.Event)), cmp.Compare(a.Sequence, b.Sequence))
	})
}

// merge takes what is known elsewhere of a check: of each moment the earlier counts. True when that answers it.
func (v *viewer) merge(was credit.Check) bool {
	if was.Number < 1 || was.Number > len(v.checks) {
		return false
	}
	c := v.checks[was.Number-1]
	open := c.Answered.IsZero()
	c.Sent, c.Delivered, c.Answered = first(c.Sent, was.Sent), first(c.Delivered, was.Delivered), first(c.Answered, was.Answered)
	return open && !c.Answered.IsZero()
}

func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (v *viewer) evidence() []credit.Check {
	all := make([]credit.Check, len(v.checks))
	for i, c := range v.checks {
		all[i] = c.Check
	}
	return all
}

// minutes are those of the webinar that were touched since it was asked last.
func (v *viewer) minutes(opened time.Time, watched credit.Spans) []int {
	var fresh []int
	for _, s := range watched {
		last := int(s.To.Sub(opened)-1) / int(time.Minute)
		for m := int(s.From.Sub(opened) / time.Minute); m <= last; m++ {
			if !v.minute[m] {
				v.minute[m] = true
				fresh = append(fresh, m)
			}
		}
	}
	return fresh
}

// CheckRow is a check of a viewer as it is to be written down.
type CheckRow struct {
	credit.Check
	Webinar, Account uuid.UUID
}
