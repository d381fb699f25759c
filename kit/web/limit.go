package web

import (
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/rounds-cme/rounds/kit/errs"
)

// Rate is how often something may happen: Burst times at once, and once more every Every.
// The zero value is no limit.
type Rate struct {
	Every time.Duration
	Burst int
}

func (r Rate) isZero() bool { return r.Every <= 0 || r.Burst <= 0 }

// limiterSize bounds the memory: who was longest quiet is forgotten, and quiet ones have their
// burst back anyway.
const limiterSize = 20_000

// Limiter counts by key (an address, an account). A nil Limiter lets everything pass. The counts
// are those of this process: they blunt a flood, they are no exact quota.
type Limiter struct {
	rate Rate
	now  func() time.Time

	mu      sync.Mutex
	buckets *simplelru.LRU[string, *rate.Limiter]
}

// NewLimiter is nil for a zero rate.
func NewLimiter(r Rate, now func() time.Time) *Limiter {
	if r.isZero() {
		return nil
	}
	buckets, err := simplelru.NewLRU[string, *rate.Limiter](limiterSize, nil)
	if err != nil { // only for a size below one
		panic(fmt.Errorf("limiter: %w", err))
	}
	return &Limiter{rate: r, now: now, buckets: buckets}
}

// Take is nil when the key may go on, else an error of kind TooMany that says when.
func (l *Limiter) Take(key string) error {
	if l == nil {
		return nil
	}
	now := l.now()
	bucket := l.bucket(key)
	reservation := bucket.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait <= 0 {
		return nil
	}
	reservation.CancelAt(now)
	return errs.New(errs.TooMany, "http.too_many", "Too many requests. Please wait a moment.").After(wait)
}

func (l *Limiter) bucket(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.buckets.Get(key); ok {
		return b
	}
	b := rate.NewLimiter(rate.Every(l.rate.Every), l.rate.Burst)
	l.buckets.Add(key, b)
	return b
}
