package queue

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// Options say how a consumer works. The zero value is right for most.
type Options struct {
	Batch       int           // most messages in one call of the handler; 1
	Workers     int           // handlers at once; 1
	Express     int           // handlers beside them for what is urgent, which so waits for nobody; 0. An ordered queue has none
	Prefetch    int           // most messages taken and not done, over all workers; 2 × Batch × Workers
	MaxAttempts int           // deliveries before a message becomes a dead letter; 10
	Lease       time.Duration // after a crash, when another may take the message; renewed while a handler works; 30 s
	Backoff     Backoff       // wait before the next attempt; Exponential(1 s, 5 min)
}

// UrgentFrom is the priority from which a message does not wait behind others: what one person waits for, such as a new password. Were
// it lower, thousands of reminders would be urgent too, and a password would wait behind them.
const UrgentFrom = 8

// Backoff is how long to wait after the given number of attempts. The id spreads messages that failed together.
type Backoff func(id uuid.UUID, attempt int) time.Duration

// Exponential doubles from first up to most, shortened by up to a fifth depending on the message.
func Exponential(first, most time.Duration) Backoff {
	return func(id uuid.UUID, attempt int) time.Duration {
		wait := first
		for i := 1; i < attempt && wait < most; i++ {
			wait *= 2
		}
		wait = min(wait, most)
		spread := int64(binary.BigEndian.Uint16(id[14:])) // the end of an id is random in every version
		return wait - time.Duration(int64(wait/5)*spread/65536)
	}
}

// Constant waits the same each time.
func Constant(wait time.Duration) Backoff {
	return func(uuid.UUID, int) time.Duration { return wait }
}

// WithDefaults fills what was left out; drivers call it.
func (o Options) WithDefaults() Options {
	o.Batch = positive(o.Batch, 1)
	o.Workers = positive(o.Workers, 1)
	o.Prefetch = max(positive(o.Prefetch, 2*o.Batch*o.Workers), o.Batch)
	o.MaxAttempts = positive(o.MaxAttempts, 10)
	if o.Lease <= 0 {
		o.Lease = 30 * time.Second
	}
	if o.Backoff == nil {
		o.Backoff = Exponential(time.Second, 5*time.Minute)
	}
	return o
}

func positive(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}
