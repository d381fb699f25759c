package postgres

import (
	"context"
	"errors"
	"sync"
	"time"
)

// held is what we took and did not settle yet.
type held struct {
	mu    sync.Mutex
	items map[int64]*holding
	freed chan struct{}
}

type holding struct {
	*item
	run   *run
	until time.Time // by our clock, counted from before the lease was asked for
}

func newHeld() *held {
	return &held{items: map[int64]*holding{}, freed: make(chan struct{}, 1)}
}

// gathers is how long room waits for more to become free: where work is slow, what is urgent need not wait until a lot of it is done.
const gathers = 50 * time.Millisecond

// room waits until a quarter of what may be held is free, or a batch, so that takes are worth their round trip; or until less has been free
// for a while.
func (h *held) room(ctx context.Context, prefetch, batch int) int {
	wanted := max(1, min(prefetch/2, max(batch, prefetch/4)))
	late := time.After(gathers)
	for {
		h.mu.Lock()
		free := prefetch - len(h.items)
		h.mu.Unlock()
		if free >= wanted {
			return free
		}
		select {
		case <-ctx.Done():
			return 0
		case <-h.freed:
		case <-late:
			wanted, late = 1, nil
		}
	}
}

func (h *held) add(ctx context.Context, items []*item, lease time.Duration) *run {
	r := &run{items: items}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, i := range items {
		h.items[i.seq] = &holding{item: i, run: r, until: time.Now().Add(lease)}
	}
	return r
}

// drop forgets what is settled; a message that we lost and took again meanwhile stays.
func (h *held) drop(items []*item) {
	h.mu.Lock()
	for _, i := range items {
		if now, ok := h.items[i.seq]; ok && now.item == i {
			delete(h.items, i.seq)
		}
	}
	h.mu.Unlock()
	select {
	case h.freed <- struct{}{}:
	default:
	}
}

// done ends a run's context; its messages stay held until they are settled.
func (h *held) done(r *run) { r.cancel(nil) }

func (h *held) all() []*holding {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*holding, 0, len(h.items))
	for _, i := range h.items {
		all = append(all, i)
	}
	return all
}

func (h *held) renewed(seqs map[int64]bool, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for seq := range seqs {
		if i, ok := h.items[seq]; ok {
			i.until = until
		}
	}
}

var errLease = errors.New("the lease is lost: somebody else may have the message")

// keep renews leases until ctx ends, and stops handlers whose messages are no longer ours.
func (c *consumer) keep(ctx context.Context) {
	tick := time.NewTicker(c.o.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.renew(ctx, c.held.all())
		}
	}
}

func (c *consumer) renew(ctx context.Context, all []*holding) {
	if len(all) == 0 {
		return
	}
	items := make([]*item, len(all))
	for n, i := range all {
		items[n] = i.item
	}
	begun := time.Now()
	limit, cancel := context.WithTimeout(ctx, c.o.Lease/3)
	defer cancel()
	seqs, tokens := numbers(items)
	ours, err := c.seqs(limit, `SELECT queue.extend($1, $2, $3, $4)`, c.name, seqs, tokens, c.o.Lease)
	if err != nil {
		c.log.Warn("leases cannot be renewed", "queue", c.name, "error", err)
	} else {
		c.held.renewed(ours, begun.Add(c.o.Lease))
	}
	for _, i := range all {
		if err == nil && !ours[i.seq] || err != nil && time.Now().After(i.until) {
			i.run.cancel(errLease)
		}
	}
}
