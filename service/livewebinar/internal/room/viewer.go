package room

import (
	"cmp"
	"slices"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

// viewer is one account in one room. Of who was never here, on this instance, only the streams elsewhere are known.
type viewer struct {
	person  Person
	tracker *credit.Meter // this and asking are nil until the past is known
	streams map[string]*connection
	far     map[string]*far
	ended   map[string]bool // streams elsewhere, so that old news of one does not bring it back
	recent  []credit.Beat   // from elsewhere, for a past that is being read meanwhile
	asking  *presence.Asking
	minute  map[int]bool // of the webinar, watched and told
	back    time.Time    // when the last connection came
	lost    time.Time    // when the last connection was lost and none was left
	ours    time.Time    // the same, when it was lost with the instance that held it
	lostBy  string       // the stream of that connection
	parted  time.Time    // when the last connection was closed in good order and none was left
	counted int          // incidents that this viewer's own losses helped to make
}

func (v *viewer) in() bool { return len(v.streams)+len(v.far) > 0 }

func (v *viewer) lose(at time.Time, stream string) {
	if at.After(v.lost) {
		v.lost, v.lostBy = at, stream
	}
}

// part notes that a connection was ended in good order; when the news of it came after its end, it was not lost after all.
func (v *viewer) part(at time.Time, stream string) {
	if v.lostBy == stream {
		v.lost, v.lostBy = time.Time{}, ""
	}
	if !v.in() && at.After(v.parted) {
		v.parted = at
	}
}

// connection remembers what its player did.
type connection struct{ event credit.Event }

// remember gives a viewer the past that the database knows, and what came from elsewhere while it was read.
func (r *Room) remember(v *viewer, past Past) {
	id := v.person.Account.String()
	v.tracker = credit.NewMeter(credit.Session{Viewer: id, Opened: r.Opened, Silence: credit.DefaultSilence})
	v.follow(slices.Concat(past.Beats, v.recent))
	programme := credit.Union(credit.Span{From: r.Opened, To: r.PlannedEnd})
	v.asking = presence.NewAsking(presence.Times(r.Seed, id, programme, presence.For(r.Rule)), r.Rule.CheckWindow, r.Proof)
	for _, was := range past.Checks {
		v.asking.Merge(was, past.Tries[was.Number])
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
