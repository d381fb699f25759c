package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

const (
	leaseEvery   = time.Second
	defaultLease = 5 * time.Second
)

// peers are the instances that serve the rooms. Each says once a second that it is there; who was silent for longer than the
// lease is held to be dead, and the others go on without it. The living one with the lowest id is the keeper, who does what
// must be done once.
//
//	(none) ──first sign──> living ──silent for a lease──> dead ──a sign──> living
//	                          └── stopped, all written down ──> (none)
type peers struct {
	me    uuid.UUID
	pool  *pgxpool.Pool
	log   *slog.Logger
	lease time.Duration
	own   func() time.Time

	signing sync.Mutex // one sign after the other, and none after the goodbye
	stopped bool

	mu      sync.Mutex // never held while the database is asked: who asks who lives does not wait
	seen    time.Time  // the last sign of this instance that was written down, by the own clock
	resumed time.Time  // when signs came through again after a pause: the others had the same pause
	company time.Time  // when another instance was known last, or this one began: before, it knows nothing of others
	living  []uuid.UUID
	dead    map[uuid.UUID]time.Duration // how long they have been silent
}

func newPeers(me uuid.UUID, pool *pgxpool.Pool, log *slog.Logger, lease time.Duration) *peers {
	return &peers{me: me, pool: pool, log: log, lease: lease, own: time.Now}
}

// sign says that this instance is there and looks who else is.
func (p *peers) sign(ctx context.Context) error {
	p.signing.Lock()
	defer p.signing.Unlock()
	if p.stopped {
		return nil
	}
	q := store.New(p.pool)
	if err := q.InstanceSeen(ctx, p.me); err != nil {
		return fmt.Errorf("sign of life: %w", err)
	}
	rows, err := q.InstanceList(ctx)
	if err != nil {
		return fmt.Errorf("list instances: %w", err)
	}
	p.take(p.own(), rows)
	return nil
}

// sure gives the first sign: nobody is let into a room by an instance that the others cannot know of.
func (p *peers) sure(ctx context.Context) error {
	p.mu.Lock()
	known := !p.seen.IsZero()
	p.mu.Unlock()
	if known {
		return nil
	}
	return p.sign(ctx)
}

func (p *peers) take(now time.Time, rows []store.InstanceListRow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.seen.IsZero() && now.Sub(p.seen) > p.lease/2 {
		p.resumed = now
	}
	p.seen = now
	forgiving := !p.resumed.IsZero() && now.Sub(p.resumed) <= p.lease
	was := p.living
	p.living, p.dead = nil, map[uuid.UUID]time.Duration{}
	for _, row := range rows {
		silent := time.Duration(row.Silent * float64(time.Second))
		if row.ID == p.me || silent <= p.lease || forgiving && slices.Contains(was, row.ID) {
			p.living = append(p.living, row.ID)
			continue
		}
		p.dead[row.ID] = silent
		if slices.Contains(was, row.ID) {
			p.log.Warn("an instance of the rooms is gone", "instance", row.ID, "silent", silent)
		}
	}
	slices.SortFunc(p.living, compareIDs)
	if p.company.IsZero() || len(p.living) > 1 {
		p.company = now
	}
}

func compareIDs(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }

// all are the living instances, this one among them; none when this one could not give a sign for a lease.
func (p *peers) all() []uuid.UUID {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.own().Sub(p.seen) > p.lease {
		return nil
	}
	return slices.Clone(p.living)
}

// aloneFor says whether there was certainly no other instance for so long, so that all that was done meanwhile was done here.
func (p *peers) aloneFor(d time.Duration) bool {
	if len(p.all()) != 1 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen.Sub(p.company) > d
}

// roll is who lives, and since when those who died without a goodbye were silent, by the clock of the rooms.
func (p *peers) roll(now time.Time) ([]uuid.UUID, map[uuid.UUID]time.Time) {
	living := p.all()
	p.mu.Lock()
	defer p.mu.Unlock()
	dead := map[uuid.UUID]time.Time{}
	for id, silent := range p.dead {
		dead[id] = now.Add(-silent - p.own().Sub(p.seen))
	}
	return living, dead
}

// keeper says whether this instance does what must be done once.
func (p *peers) keeper() bool {
	living := p.all()
	return len(living) > 0 && living[0] == p.me
}

// leave takes this instance off the list, so that nobody waits for its lease.
func (p *peers) leave(ctx context.Context) error {
	p.signing.Lock()
	defer p.signing.Unlock()
	p.stopped = true
	if err := store.New(p.pool).InstanceGone(ctx, p.me); err != nil {
		return fmt.Errorf("leave the instances: %w", err)
	}
	return nil
}

// stay measures the clock and gives signs of life, until ctx ends.
func (s *server) stay(ctx context.Context) error {
	tick := time.NewTicker(leaseEvery)
	defer tick.Stop()
	q := store.New(s.peers.pool)
	if err := errors.Join(q.InstanceForget(ctx), q.BackstageForget(ctx)); err != nil && ctx.Err() == nil {
		s.log.Warn("old instances stay on the list", "error", err)
	}
	for first := true; ; {
		if err := s.stayOnce(ctx); err == nil && first {
			first = false
			s.stir()
		} else if err != nil && ctx.Err() == nil {
			s.log.Error("sign of life", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *server) stayOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := s.clock.measure(ctx); err != nil {
		return err
	}
	return s.peers.sign(ctx)
}
