package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/wake"
)

// consumer is one call of Consume.
type consumer struct {
	*Driver
	name    string
	least   int16 // takes no message of a lower priority
	o       queue.Options
	handle  queue.Handler
	held    *held
	settler *settler
}

// item is a message in our hands.
type item struct {
	seq     int64
	token   int32
	lane    *int16
	expired bool
	queue.Delivery
}

// run is what one worker does in one go: a batch, or the messages of one lane in their order.
type run struct {
	items  []*item
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// Consume implements queue.Driver. What is urgent is consumed twice: with all the rest, and alone.
func (d *Driver) Consume(ctx context.Context, name string, o queue.Options, h queue.Handler) error {
	var both sync.WaitGroup
	both.Go(func() { d.meter.Watch(ctx, name, d.Stats) })
	if express := o; o.Express > 0 {
		express.Batch, express.Workers, express.Prefetch = 1, o.Express, o.Express
		both.Go(func() { d.consume(ctx, name, queue.UrgentFrom, express, h) })
	}
	d.consume(ctx, name, 0, o, h)
	both.Wait()
	d.meter.Last(name)
	return nil
}

func (d *Driver) consume(ctx context.Context, name string, least int16, o queue.Options, h queue.Handler) {
	o = o.WithDefaults()
	c := &consumer{Driver: d, name: name, least: least, o: o, handle: h, held: newHeld()}
	c.settler = newSettler(c)
	settling := make(chan struct{})
	go func() { defer close(settling); c.settler.run() }()
	keeping, stopKeeping := context.WithCancel(context.WithoutCancel(ctx)) // handlers that end late keep their leases
	kept := make(chan struct{})
	go func() { defer close(kept); c.keep(keeping) }()

	runs := make(chan *run, o.Prefetch)
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() {
			for r := range runs {
				c.work(r)
			}
		})
	}
	c.fetch(ctx, runs)
	close(runs)
	workers.Wait()
	c.settler.close()
	<-settling
	stopKeeping()
	<-kept
}

// fetch takes as much as prefetch allows, until ctx ends.
func (c *consumer) fetch(ctx context.Context, runs chan<- *run) {
	rings, stop := c.bell.On()
	defer stop()
	var patience wake.Patience
	sweep := time.Now()
	for ctx.Err() == nil {
		room := c.held.room(ctx, c.o.Prefetch, c.o.Batch)
		if room == 0 {
			continue // ctx ended
		}
		items, err := c.take(ctx, room)
		if err != nil && ctx.Err() == nil {
			c.log.Error("queue cannot be read", "queue", c.name, "error", err)
		}
		if len(items) > 0 {
			patience.Found()
			c.dispatch(ctx, items, runs)
			continue
		}
		if c.least == 0 && time.Now().After(sweep) {
			sweep = time.Now().Add(time.Minute)
			c.sweep(ctx)
		}
		patience.Sleep(ctx, rings, c.next(ctx))
	}
}

func (c *consumer) take(ctx context.Context, limit int) ([]*item, error) {
	from, args := `queue.take($1, $2, $3)`, []any{c.name, limit, c.o.Lease}
	if c.least > 0 {
		from, args = `queue.take_urgent($1, $2, $3, $4)`, append(args, c.least)
	}
	rows, err := c.pool.Query(ctx, `SELECT seq, token, lane, id, key, type, payload, priority, attempts, put_at, expires_at, expired, trace FROM `+from, args...)
	if err != nil {
		return nil, fmt.Errorf("take from %s: %w", c.name, err)
	}
	items, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*item, error) {
		i := &item{Delivery: queue.Delivery{Queue: c.name}}
		var expires *time.Time
		err := row.Scan(&i.seq, &i.token, &i.lane, (*[16]byte)(&i.ID), &i.Key, &i.Type, &i.Body, &i.Priority, &i.Attempt,
			&i.PutAt, &expires, &i.expired, &i.Trace)
		if expires != nil {
			i.ExpiresAt = *expires
		}
		c.meter.Came(c.name, i.Attempt)
		return i, err
	})
	if err != nil {
		return nil, fmt.Errorf("take from %s: %w", c.name, err)
	}
	slices.SortFunc(items, func(a, b *item) int {
		return cmp.Or(cmp.Compare(b.Priority*unordered(b), a.Priority*unordered(a)), cmp.Compare(a.seq, b.seq))
	})
	return items, nil
}

// unordered is 0 for a message of an ordered queue, whose priority does not count.
func unordered(i *item) int16 {
	if i.lane != nil {
		return 0
	}
	return 1
}

// dispatch cuts what was taken into runs.
func (c *consumer) dispatch(ctx context.Context, items []*item, runs chan<- *run) {
	lanes := map[int16][]*item{}
	var order []int16
	var plain []*item
	for _, i := range items {
		if i.lane == nil {
			plain = append(plain, i)
			continue
		}
		if _, seen := lanes[*i.lane]; !seen {
			order = append(order, *i.lane)
		}
		lanes[*i.lane] = append(lanes[*i.lane], i)
	}
	for part := range slices.Chunk(plain, c.o.Batch) {
		runs <- c.held.add(ctx, part, c.o.Lease)
	}
	for _, lane := range order {
		runs <- c.held.add(ctx, lanes[lane], c.o.Lease)
	}
}

// next is how long an idle consumer may sleep: until something is due, but at most the poll interval.
func (c *consumer) next(ctx context.Context) time.Duration {
	const poll = time.Second
	if c.least > 0 {
		return poll // What the others have to do is no reason to look, and what comes back after a pause may come to them.
	}
	var wait *time.Duration
	err := c.pool.QueryRow(ctx, `SELECT queue.next($1)`, c.name).Scan(&wait)
	if err != nil || wait == nil {
		return poll
	}
	return min(max(*wait, time.Millisecond), poll)
}

func (c *consumer) sweep(ctx context.Context) {
	if _, err := c.pool.Exec(ctx, `SELECT queue.sweep()`); err != nil && ctx.Err() == nil {
		c.log.Warn("queue cannot be swept", "error", err)
	}
}
