package presence

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// hop is a connection of somebody who cuts the line whenever a check comes: it lasts so long, and beats so often.
type hop struct {
	away, here time.Duration
	beats      int
	instance   int
	crash      bool // of the instance, after the connection is gone
}

// instances are several who know of each other what the database keeps, and nothing else.
type instances []*Asking

func newAsking() *Asking { return NewAsking([]time.Time{second(5)}, window, enough) }

// exchange lets all know what each has written.
func (all instances) exchange(t *testing.T) {
	t.Helper()
	for _, from := range all {
		text, err := json.Marshal(from.Tries(1))
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range all {
			var tries Tries
			if err := json.Unmarshal(text, &tries); err != nil {
				t.Fatal(err)
			}
			to.Merge(from.Check(1), tries)
		}
	}
}

// play has somebody hop from connection to connection, and gives the check as each instance knows it.
func play(t *testing.T, hops []hop, many int) []credit.Check {
	t.Helper()
	all := instances{}
	for range many {
		all = append(all, newAsking())
	}
	all[0].Enter(second(0), "first")
	for s := range 6 {
		for _, a := range all {
			a.Tick(second(s))
		}
	}
	all[0].Leave("first")
	all.exchange(t)
	now := second(6)
	for n, h := range hops {
		on, stream := h.instance%many, fmt.Sprint("hop ", n)
		now = now.Add(h.away)
		all[on].Enter(now, stream)
		for range h.beats {
			now = now.Add(h.here / time.Duration(h.beats))
			all[on].Beat(now, stream)
		}
		all[on].Leave(stream)
		all.exchange(t)
		if h.crash {
			kept, tries := all[on].Check(1), maps.Clone(all[on].checks[0].all)
			all[on] = newAsking()
			all[on].Merge(kept, tries)
		}
	}
	var checks []credit.Check
	for _, a := range all {
		checks = append(checks, a.Check(1))
	}
	return checks
}

// Who hops between instances, some of which crash, has the same tries as who hops on one that never does.
func TestOneTruthAboutTries(t *testing.T) {
	t.Parallel()
	delivered := 0
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var hops []hop
		for range 1 + rnd.IntN(6) {
			beats := rnd.IntN(4)
			hops = append(hops, hop{
				away: time.Duration(rnd.IntN(40_000)) * time.Millisecond, here: time.Duration(rnd.IntN(9_000)) * time.Millisecond * time.Duration(min(beats, 1)),
				beats: beats, instance: rnd.IntN(3), crash: rnd.IntN(3) == 0,
			})
		}
		one := play(t, hops, 1)[0]
		if !one.Delivered.IsZero() {
			delivered++
		}
		for n, is := range play(t, hops, 3) {
			if !is.Sent.Equal(one.Sent) || !is.Delivered.Equal(one.Delivered) {
				t.Fatalf("seed %d, instance %d of 3: %+v; on one: %+v", seed, n, is, one)
			}
		}
	}
	if delivered < 200 || delivered > 1800 {
		t.Errorf("%d of 2000 were delivered: this proves little", delivered)
	}
}

// Who enters again and again on one connection has had the check since the first time.
func TestEnteringAgainIsNoEscape(t *testing.T) {
	t.Parallel()
	a := newAsking()
	a.Enter(second(0), "one")
	ticks(a, 0, 6)
	a.Leave("one")
	for s := 10; s <= 40; s += 10 {
		a.Enter(second(s), "two")
		a.Beat(second(s+1), "two")
	}
	if c := a.Check(1); !c.Delivered.Equal(second(31)) {
		t.Errorf("%+v", c)
	}
}
