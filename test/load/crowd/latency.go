package crowd

import "time"

const (
	latencyStep = 100 * time.Microsecond
	latencyMost = 60 * time.Second
)

// Latency counts durations in steps of a tenth of a millisecond: millions of them in a memory that does not grow.
type Latency struct {
	steps []uint32
	n     int
	max   time.Duration
}

// Add counts one. A negative one is none: both ends read the same clock, but not in the same nanosecond.
func (l *Latency) Add(d time.Duration) {
	if l.steps == nil {
		l.steps = make([]uint32, latencyMost/latencyStep+1)
	}
	d = max(0, d)
	l.steps[min(d, latencyMost)/latencyStep]++
	l.n++
	l.max = max(l.max, d)
}

// Count is how many were added.
func (l *Latency) Count() int { return l.n }

// Max is the longest.
func (l *Latency) Max() time.Duration { return l.max }

// Quantile is the duration that the share q of all does not exceed, rounded up to the step.
func (l *Latency) Quantile(q float64) time.Duration {
	rank := int(q * float64(l.n))
	for i, n := range l.steps {
		if rank -= int(n); rank < 0 {
			return min(l.max, time.Duration(i+1)*latencyStep)
		}
	}
	return l.max
}
