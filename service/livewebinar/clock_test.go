package livewebinar

import (
	"context"
	"testing"
	"time"
)

// TestWrongClock measures from an instance whose own clock is five minutes off, and later jumps.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	truth := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	wrong := -5 * time.Minute
	c := &clock{own: func() time.Time { return truth.Add(wrong) }, ask: func(context.Context) (time.Time, error) { return truth, nil }}
	measure := func() {
		t.Helper()
		if err := c.measure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	measure()
	if got := c.now(); !got.Equal(truth) {
		t.Errorf("%s, the truth is %s", got, truth)
	}
	truth = truth.Add(700 * time.Millisecond)
	if got := c.now(); !got.Equal(truth) {
		t.Errorf("between two measurements %s, the truth is %s", got, truth)
	}
	wrong = 5 * time.Minute // somebody set the clock of the machine
	before := c.now()
	measure()
	if got := c.now(); got.Before(before) {
		t.Errorf("went back from %s to %s", before, got)
	}
	truth = truth.Add(11 * time.Minute)
	if got := c.now(); !got.Equal(truth) {
		t.Errorf("after a jump %s, the truth is %s", got, truth)
	}
}

// A measurement that was long on its way says less than what is known; within its own doubt it says nothing.
func TestSlowMeasurementIsNotBelieved(t *testing.T) {
	t.Parallel()
	truth := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	way, off := time.Duration(0), time.Duration(0)
	c := &clock{own: func() time.Time { return truth }}
	c.ask = func(context.Context) (time.Time, error) {
		truth = truth.Add(way)
		return truth.Add(off), nil
	}
	for _, step := range []struct {
		way, off time.Duration
		moves    bool
	}{{0, 0, false}, {40 * time.Millisecond, 0, false}, {400 * time.Millisecond, time.Second, false}, {4 * time.Millisecond, time.Second, true}} {
		way, off = step.way, step.off
		if err := c.measure(t.Context()); err != nil {
			t.Fatal(err)
		}
		if moved := c.now().Sub(truth) > 100*time.Millisecond; moved != step.moves {
			t.Errorf("%+v: moved %v", step, moved)
		}
	}
}
