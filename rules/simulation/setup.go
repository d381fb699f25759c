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
	// Outage is a failure of ours in the middle; the zero one is none.
	Outage Outage
}

// Outage is when the room was gone for everybody: whole minutes after the start, and how many.
type Outage struct {
	After   int `json:"after"`
	Minutes int `json:"minutes"`
}

// Faults lists what is out of its bounds, the rule's fields first. An unknown behaviour is a fault of "shares" without bounds.
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
	return credit.Programme{Started: started(), Ended: at(e.length)}
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
	return credit.Union(between(0, e.length)).Without(credit.Union(e.incidents()...))
}

// dues are when a viewer is asked, as it was fixed when the room opened.
func (e evening) dues(viewer string) []time.Duration {
	times := presence.Times(e.seed, viewer, credit.Union(between(0, e.length)), presence.For(e.Rule))
	dues := make([]time.Duration, len(times))
	for i, t := range times {
		dues[i] = t.Sub(started())
	}
	return dues
}
