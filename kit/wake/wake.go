// Package wake tells waiting workers that there may be news in PostgreSQL.
//
// Why not rely on it: NOTIFY is lost while the listener's connection is down. So a ring is only a reason to look
// earlier. Whoever waits looks each second anyhow, and every (re)connect rings for all, to catch up.
//
// One Bell holds one connection, however many wait on it, and only while somebody waits.
//
//	nobody waits ──On──> connecting ──LISTEN──> listening ──connection lost──> connecting (back-off)
//	     ^                                          │
//	     └────────────── the last one stops ────────┘
package wake

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db"
)

// Bell rings when a NOTIFY arrives on its channel.
type Bell struct {
	pool    *pgxpool.Pool
	channel string

	mu      sync.Mutex
	waiting map[chan struct{}]bool
	stop    context.CancelFunc
	stopped chan struct{}
}

// New makes a bell for a channel. It connects when somebody waits, on a connection beside the pool.
func New(pool *pgxpool.Pool, channel string) *Bell {
	return &Bell{pool: pool, channel: channel, waiting: map[chan struct{}]bool{}}
}

// On gives a channel that receives when somebody notified. Rings that nobody fetched are merged into one. Call stop when done.
func (b *Bell) On() (rings <-chan struct{}, stop func()) {
	ring := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting[ring] = true
	if len(b.waiting) == 1 {
		ctx, cancel := context.WithCancel(context.Background()) // ends with the last stop, not with one caller
		stopped := make(chan struct{})
		b.stop, b.stopped = cancel, stopped
		go func() {
			defer close(stopped)
			db.Listen(ctx, b.pool.Config().ConnConfig, b.channel, b.ring)
		}()
	}
	return ring, sync.OnceFunc(func() { b.leave(ring) })
}

func (b *Bell) leave(ring chan struct{}) {
	b.mu.Lock()
	delete(b.waiting, ring)
	last, cancel, stopped := len(b.waiting) == 0, b.stop, b.stopped
	b.mu.Unlock()
	if last {
		cancel()
		<-stopped
	}
}

func (b *Bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ring := range b.waiting {
		select {
		case ring <- struct{}{}:
		default:
		}
	}
}

// Patience is how long to sleep between looks: short after there was something, since a commit may be under way that
// rang early or not at all, then longer and longer up to a second.
type Patience struct{ wait time.Duration }

// Found makes the next sleep short.
func (p *Patience) Found() { p.wait = 0 }

// Next is the length of the next sleep.
func (p *Patience) Next() time.Duration {
	p.wait = min(max(2*p.wait, 4*time.Millisecond), time.Second)
	return p.wait
}

// Sleep waits until a ring, or for Next but at most as long as given, or until ctx ends.
func (p *Patience) Sleep(ctx context.Context, rings <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(max(min(p.Next(), most), 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-rings:
		p.Found()
	case <-timer.C:
	}
}
