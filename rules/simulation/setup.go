package simulation

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

// Bounds of a simulation: a thousand people over eight hours are two million heartbeats.
const (
	MostViewers = 1000
	MostMinutes = 480
)

// Setup is what is played.
type Setup struct {
	Rule    credit.Rule
	Viewers int
	Minutes int
	Seed    uint64
	Shares  Shares
	// Segments are the parts of the programme that are not creditable; none: all of it is talk.
	Segments []Segment
	// Outage is a failure of ours in the middle; the zero one is none.
	Outage Outage
}

// Outage is when the room was gone for everybody: whole minutes after the start, and how many.
type Outage struct {
	After   int `json:"after"`
	Minutes int `json:"minutes"`
}

// Segment is lobby, break or sponsor: whole minutes after the start, and how many.
type Segment struct {
	Kind    credit.Kind `json:"kind"`
	After   int         `json:"after"`
	Minutes int         `json:"minutes"`
}

// MostSegments is how many a programme may have.
const MostSegments = 20

// DefaultSegments are those of an evening as it goes: a break in the middle, five minutes of an hour.
func DefaultSegments(minutes int) []Segment {
	if minutes < 12 || minutes > MostMinutes {
		return nil
	}
	return []Segment{{Kind: credit.Break, After: minutes / 2, Minutes: minutes / 12}}
}

// Faults lists what is out of its bounds, the rule's fields first. An unknown behaviour is a fault of "shares" without bounds, and so
// is an unknown kind one of "segments".
func (s Setup) Faults() []credit.Fault {
	faults := s.Rule.Faults()
	within := func(field string, value, low, high int) {
		if value < low || value > high {
			faults = append(faults, credit.Fault{Field: field, Min: int64(low), Max: int64(high)})
		}
	}
	within("viewers", s.Viewers, 1, MostViewers)
	within("minutes", s.Minutes, 1, MostMinutes)
	sum := 0
	for _, b := range slices.Sorted(maps.Keys(s.Shares)) {
		within("share_"+string(b), s.Shares[b], 0, mostShare)
		sum += max(0, s.Shares[b])
	}
	if sum == 0 || !s.Shares.known() {
		faults = append(faults, credit.Fault{Field: "shares"})
	}
	within("segments", len(s.Segments), 0, MostSegments)
	for _, part := range s.Segments {
		switch part.Kind {
		case credit.Lobby, credit.Break, credit.Sponsor:
			within(string(part.Kind)+"_after", part.After, 0, max(0, s.Minutes-1))
			within(string(part.Kind)+"_minutes", part.Minutes, 1, max(1, s.Minutes-max(0, part.After)))
		default:
			faults = append(faults, credit.Fault{Field: "segments"})
		}
	}
	if s.Outage != (Outage{}) {
		within("outage_after", s.Outage.After, 0, max(0, s.Minutes-1))
		within("outage_minutes", s.Outage.Minutes, 1, max(1, s.Minutes-s.Outage.After))
	}
	return faults
}

// evening is the webinar that everybody is in. Times are counted from its start.
type evening struct {
	Setup
	length time.Duration
	seed   presence.Seed
}

func (s Setup) evening() evening {
	secret := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("rounds/simulation/presence/1:"), s.Seed))
	return evening{Setup: s, length: time.Duration(s.Minutes) * time.Minute, seed: secret}
}

// started is some evening; no result depends on which.
func started() time.Time { return time.Date(2026, time.November, 26, 17, 0, 0, 0, time.UTC) }

func at(d time.Duration) time.Time { return started().Add(d) }

func between(from, to time.Duration) credit.Span { return credit.Span{From: at(from), To: at(to)} }

func (e evening) programme() credit.Programme {
	p := credit.Programme{Started: started(), Ended: at(e.length)}
	for _, part := range e.Segments {
		from := time.Duration(part.After) * time.Minute
		p.Segments = append(p.Segments, credit.Segment{Span: between(from, from+time.Duration(part.Minutes)*time.Minute), Kind: part.Kind})
	}
	return p
}

// outage is from when to when the room was gone; empty when it was not.
func (e evening) outage() (from, to time.Duration) {
	from = time.Duration(e.Outage.After) * time.Minute
	return from, from + time.Duration(e.Outage.Minutes)*time.Minute
}

func (e evening) incidents() []credit.Span {
	if e.Outage.Minutes == 0 {
		return nil
	}
	return []credit.Span{between(e.outage())}
}

// creditable is what there was to watch.
func (e evening) creditable() credit.Spans {
	return e.programme().Creditable().Without(credit.Union(e.incidents()...))
}

// dues are when a viewer is asked, as it was fixed when the room opened: the host may mark a break later, the times stay.
func (e evening) dues(viewer string) []time.Time {
	return presence.Times(e.seed, viewer, credit.Union(between(0, e.length)), presence.For(e.Rule))
}
