package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rounds-cme/rounds/kit/crash"
)

// callees has those whom sagas ask end with -9 at every answer that they give: before it is appended, after that and before it is committed,
// and after the commit. A webinar is held until its points are booked, another is called off while it is live, and a third goes on, because
// data management refuses to call it off. It needs a build that ends where it is told: program.BuildToCrash.
func (c *command) callees(h *house, r *recorder) error {
	p, err := newPlay(h, c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	held := []string{"room.opened", "room.closed", "attendance.evaluated", "points.submitted", "points.settled"}
	if err := h.dieAt(held, r, func() { p.hold(ctx, p.plan(ctx, 0, first)) }); err != nil {
		return err
	}
	if err := h.dieAt([]string{"cancel.accepted", "room.closed"}, r, func() { p.hold(ctx, p.plan(ctx, 1, whileLive)) }); err != nil {
		return err
	}
	return h.dieAt([]string{"cancel.refused"}, r, func() { p.hold(ctx, p.plan(ctx, 2, refused)) })
}

// dieAt has the rooms and data management end at every phase of these events while something is done, and start again each time; then
// they run as before.
func (h *house) dieAt(events []string, r *recorder, do func()) error {
	d := &deaths{house: h, r: r, over: make(chan struct{})}
	for _, event := range events {
		for _, phase := range crash.Phases() {
			d.left = append(d.left, event+" "+phase)
		}
	}
	var watching sync.WaitGroup
	for _, name := range []string{"livewebinar", "datamanagement"} {
		s := h.at(name)
		s.kill()
		if err := d.start(s); err != nil {
			return err
		}
		watching.Go(func() { d.watch(s) })
	}
	do()
	done := until(func() bool { return len(d.places()) == 0 })
	close(d.over)
	watching.Wait()
	for _, name := range []string{"livewebinar", "datamanagement"} {
		s := h.at(name)
		s.kill()
		if err := s.start(); err != nil {
			return err
		}
	}
	if !done || d.failed != nil {
		return fmt.Errorf("nobody ended at %s, %w", strings.Join(d.places(), " nor at "), d.failed)
	}
	return nil
}

// deaths are the places at which somebody is still to end.
type deaths struct {
	house *house
	r     *recorder
	over  chan struct{}

	mu     sync.Mutex
	left   []string
	failed error
}

func (d *deaths) places() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.left)
}

func (d *deaths) start(s *service) error {
	s.more = []string{"CRASH_AT=" + strings.Join(d.places(), crash.Separator)}
	defer func() { s.more = nil }()
	err := s.start()
	s.wanted = true
	return err
}

// watch starts a service again whenever it has ended where it was told.
func (d *deaths) watch(s *service) {
	for {
		select {
		case <-d.over:
			return
		case <-s.ended:
		}
		text, _ := os.ReadFile(s.log) //nolint:errcheck // then it did not say where
		_, place, crashed := strings.Cut(string(text[max(0, strings.LastIndex(string(text), crash.Said)):]), crash.Said)
		place, _, _ = strings.Cut(place, "\n")
		d.mu.Lock()
		n := slices.Index(d.left, place)
		if n >= 0 {
			d.left = slices.Delete(d.left, n, n+1)
			d.r.killed[s.name]++
			fmt.Fprintf(d.r.out, "%6.1f s  %s ends at: %s\n", time.Since(d.r.began).Seconds(), s.name, place)
		}
		d.mu.Unlock()
		err := d.start(s)
		if n < 0 || !crashed || err != nil {
			d.mu.Lock()
			d.failed = fmt.Errorf("%s ended, and not where it was told: %q, %w", s.name, place, err)
			d.mu.Unlock()
			return
		}
	}
}
