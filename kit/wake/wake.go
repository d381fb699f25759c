// Package wake tells waiting workers that there may be news in PostgreSQL.
//
// Why not rely on it: NOTIFY is lost while the listener's connection is down. So a ring is only a reason to look
// earlier. Whoever waits looks each second anyhow, and every (re)connect rings for all, to catch up.
//
// One Bell holds one connection, however many wait on it, and only while somebody waits.
//
//	nobody waits ──On──> connecting ──LISTEN──> listening ──connection lost──> connecting (back-off up to 1 s)
//	     ^                                          │
//	     └────────────── the last one stops ────────┘
package wake

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Bell rings when a NOTIFY arrives on its channel.
type Bell struct {
	pool    *pgxpool.Pool
	channel string
	log     *slog.Logger

	mu      sync.Mutex
	waiting map[chan struct{}]string
	stop    context.CancelFunc
	stopped chan struct{}
}

// New makes a bell for a channel. It connects when somebody waits, on a connection beside the pool.
func New(pool *pgxpool.Pool, channel string, log *slog.Logger) *Bell {
	return &Bell{pool: pool, channel: channel, log: log, waiting: map[chan struct{}]string{}}
}

// On gives a channel that receives when a notification with the payload arrives, or any if payload is empty. Rings that
// nobody fetched are merged into one. Call stop when done.
func (b *Bell) On(payload string) (rings <-chan struct{}, stop func()) {
	ring := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting[ring] = payload
	if len(b.waiting) == 1 {
		ctx, cancel := context.WithCancel(context.Background()) // ends with the last stop, not with one caller
		b.stop, b.stopped = cancel, make(chan struct{})
		go b.run(ctx, b.stopped)
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

func (b *Bell) run(ctx context.Context, stopped chan<- struct{}) {
	defer close(stopped)
	wait := time.Duration(0)
	for ctx.Err() == nil {
		begun := time.Now()
		err := b.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begun) > time.Second {
			wait = 0
		}
		wait = min(max(2*wait, 50*time.Millisecond), time.Second)
		b.log.Warn("listener lost its connection", "channel", b.channel, "again_in", wait, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func (b *Bell) listen(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, b.pool.Config().ConnConfig.Copy())
	if err != nil {
		return err
	}
	defer func() {
		bye, cancel := context.WithTimeout(context.Background(), time.Second) // ctx has ended already
		defer cancel()
		_ = conn.Close(bye) // nothing is lost with it
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{b.channel}.Sanitize()); err != nil {
		return err
	}
	b.ring("")
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		b.ring(n.Payload)
	}
}

// ring wakes those who wait for the payload; an empty one wakes all.
func (b *Bell) ring(payload string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ring, wanted := range b.waiting {
		if payload == "" || wanted == "" || wanted == payload {
			select {
			case ring <- struct{}{}:
			default:
			}
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
