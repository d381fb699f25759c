package room

import (
	"errors"
	"fmt"
	"time"

	"github.com/rounds-cme/rounds/test/load/crowd"
)

// How fast a crowd comes, how long after the last has come everybody must be in, and how much was said before: as much as
// whoever comes in is told.
const (
	stormSaid   = 100
	stormJoins  = 10 * time.Second
	stormWithin = 10 * time.Second
)

// storm lets everybody come within ten seconds, while somebody talks; then all are cut at once and come back by themselves.
func (h *house) storm() error {
	c := h.command
	fmt.Printf("storm: %d viewers, %d messages/s\n\n", c.Viewers, c.Rate)
	if err := h.prologue(); err != nil {
		return err
	}
	if err := h.mark(c.Profile); err != nil {
		return err
	}
	begun := time.Now()
	// Somebody who is away sends on coming back, as a page does.
	for n := range c.Rate * 60 {
		h.crowd.Say(n*7919%h.crowd.Size(), begun.Add(stormJoins/2+time.Duration(n)*time.Second/time.Duration(c.Rate)))
	}
	before := h.spent()
	r, err := h.fill(stormJoins)
	if err != nil {
		h.remember(c.Heap)
		return errors.Join(err, h.mark(c.Profile))
	}
	h.wave("joining", r.joined-stormJoins, before)
	if err := h.rest(5 * time.Second); err != nil {
		return err
	}

	h.crowd.Joins = crowd.Latency{}
	before = h.spent()
	cut := time.Now()
	h.crowd.Cut()
	err = h.crowd.Run(cut.Add(time.Minute), func() bool { return h.crowd.Inside() == h.crowd.Size() })
	if err != nil {
		return err
	}
	back := time.Since(cut)
	if h.crowd.Inside() < h.crowd.Size() {
		return fmt.Errorf("%d of %d are back a minute after the cut: %v %v", h.crowd.Inside(), h.crowd.Size(), h.crowd.Ends, h.crowd.Refused)
	}
	h.wave("coming back after a cut", back, before)
	if err := h.mark(c.Profile); err != nil {
		return err
	}

	// Whatever was said meanwhile has to be with everybody.
	if err := h.crowd.Run(begun.Add(stormJoins/2+62*time.Second), never); err != nil {
		return err
	}
	var last int32
	for stop := time.Now().Add(15 * time.Second); time.Now().Before(stop); {
		accepted := h.crowd.Accepted // before looking at the last: what is accepted later may be on its way
		last = h.last()
		if err := h.crowd.Run(time.Now().Add(time.Second), func() bool { return h.crowd.Lost(last) == 0 }); err != nil {
			return err
		}
		if h.crowd.Lost(last) == 0 && accepted >= stormSaid+c.Rate*60 {
			break
		}
	}
	var all result
	all.count(h.crowd, h.last(), 0)
	fmt.Printf("messages: %d, seen %d times, lost %d, doubled %d, reordered %d\n", h.last(), all.delivered, all.lost, all.doubled, all.reordered)
	if c.Presence {
		if err := h.presence(); err != nil {
			return err
		}
	}
	h.notes()
	return h.honest(all)
}

// prologue lets one viewer come first and say something, so that there is a chat that everybody else is told of.
func (h *house) prologue() error {
	now := time.Now()
	h.crowd.Join(0, now)
	for n := range stormSaid {
		h.crowd.Say(0, now.Add(time.Duration(n)*20*time.Millisecond))
	}
	err := h.crowd.Run(now.Add(30*time.Second), func() bool { return h.crowd.Accepted == stormSaid })
	if err == nil && h.crowd.Accepted < stormSaid {
		err = fmt.Errorf("%d of %d messages were accepted before the storm: %v", h.crowd.Accepted, stormSaid, h.crowd.Refused)
	}
	return err
}

func (h *house) wave(what string, after time.Duration, before spent) {
	t, used := &h.crowd.Tally, h.spent().since(before)
	verdict := "in time"
	if after > stormWithin {
		verdict = "too late"
	}
	n := float64(h.crowd.Size())
	fmt.Printf("%s: all %d in %.1f s after the last could come (aim %s: %s); each p50 %s, p99 %s, slowest %s; CPU for each: server %.2f ms, PostgreSQL %.2f ms, client %.2f ms\n",
		what, h.crowd.Size(), max(0, after).Seconds(), stormWithin, verdict, ms(t.Joins.Quantile(0.5)), ms(t.Joins.Quantile(0.99)), ms(t.Joins.Max()),
		used.server.Seconds()*1000/n, used.database.Seconds()*1000/n, used.client.Seconds()*1000/n)
}
