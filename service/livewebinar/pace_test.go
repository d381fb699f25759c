package livewebinar

import (
	"testing"
	"time"
)

func TestPaceGathersWhereItPays(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		name        string
		viewers     int
		each        time.Duration // between two messages
		least, most time.Duration
	}{
		{"nobody says much", 10_000, 5 * time.Second, 0, 0},
		{"few watch", 50, 10 * time.Millisecond, 0, 0},
		{"2,000 at 10 a second", 2000, 100 * time.Millisecond, 0, 0},
		{"5,000 at 2 a second", 5000, 500 * time.Millisecond, 0, 0},
		{"4,000 at 10 a second", 4000, 100 * time.Millisecond, 70 * time.Millisecond, 90 * time.Millisecond},
		{"5,000 at 10 a second", 5000, 100 * time.Millisecond, 95 * time.Millisecond, 100 * time.Millisecond},
		{"5,000 at 100 a second", 5000, 10 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond},
		{"10,000 at 10 a second", 10_000, 100 * time.Millisecond, 190 * time.Millisecond, 200 * time.Millisecond},
		{"20,000 at 50 a second", 20_000, 20 * time.Millisecond, 250 * time.Millisecond, 250 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var p pace
			now := start
			for range int(20 * time.Second / c.each) {
				now = now.Add(c.each)
				p.said(now)
			}
			if got := p.hold(now, c.viewers); got < c.least || got > c.most {
				t.Errorf("a message waits %s, want %s to %s", got, c.least, c.most)
			}
			if got := p.hold(now.Add(time.Minute), c.viewers); got != 0 {
				t.Errorf("a minute later it still waits %s", got)
			}
		})
	}
}
