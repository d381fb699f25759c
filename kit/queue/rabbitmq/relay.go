package rabbitmq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/wake"
)

// defaultLease is how long a row is ours to carry; another instance of the service carries it if we do not.
const defaultLease = 30 * time.Second

// most is how many rows are in our hands: more than the window, so that the broker needs not wait for the table.
const most = 4 * window

// Relay carries what this service put, from the table to the broker, until ctx ends. A row goes after the broker's
// confirm and not before; what is due later stays in the table until then. Any number of instances may run it.
func (d *Driver) Relay(ctx context.Context) error {
	var all sync.WaitGroup
	for _, q := range d.table {
		if !d.mayPut(q) {
			continue
		}
		r := &relay{Driver: d, queue: q, under: newTally(), settled: make(chan carried, most)}
		all.Go(func() { r.run(ctx) })
	}
	<-ctx.Done()
	all.Wait()
	return nil
}

// relay carries one queue.
type relay struct {
	*Driver
	queue   Queue
	under   *tally
	settled chan carried
}

type carried struct {
	seq   int64
	token int32
	err   error
}

// row is a message in the outbox.
type row struct {
	item

	seq     int64
	token   int32
	lane    *int16
	expired bool
	until   time.Time // by our clock: when another instance may have it
}

func (r *relay) run(ctx context.Context) {
	settling := make(chan struct{})
	go func() { defer close(settling); r.settle() }()
	out := newPublisher(r.out)
	rings, stop := r.bell.On()
	defer stop()
	var patience wake.Patience
	for ctx.Err() == nil {
		if changed, blocked := r.out.state(); blocked != nil { // what lies in the table can be carried by anybody
			select {
			case <-ctx.Done():
			case <-changed:
			}
			continue
		}
		room := r.under.room(ctx, most)
		if room == 0 {
			continue
		}
		rows, err := r.take(ctx, room)
		if err != nil && ctx.Err() == nil {
			r.log.Error("the outbox cannot be read", "queue", r.queue.Name, "error", err)
		}
		if len(rows) == 0 {
			patience.Sleep(ctx, rings, r.next(ctx))
			continue
		}
		patience.Found()
		r.carry(out, rows)
	}
	out.close(stopTime)
	close(r.settled)
	<-settling
}

func (r *relay) take(ctx context.Context, limit int) ([]*row, error) {
	begun := time.Now()
	found, err := r.pool.Query(ctx, `SELECT seq, token, lane, id, key, type, payload, priority, put_at, expires_at, expired, trace
		FROM queue.relay_take($1, $2, $3)`, r.queue.Name, limit, r.lease)
	if err != nil {
		return nil, fmt.Errorf("take from the outbox of %s: %w", r.queue.Name, err)
	}
	rows, err := pgx.CollectRows(found, func(line pgx.CollectableRow) (*row, error) {
		x := &row{}
		var expires *time.Time
		err := line.Scan(&x.seq, &x.token, &x.lane, (*[16]byte)(&x.ID), &x.Key, &x.Type, &x.Body, &x.Priority, &x.PutAt, &expires, &x.expired, &x.Trace)
		if expires != nil {
			x.ExpiresAt = *expires
		}
		x.id = x.ID
		return x, err
	})
	if err != nil {
		return nil, fmt.Errorf("take from the outbox of %s: %w", r.queue.Name, err)
	}
	slices.SortFunc(rows, func(a, b *row) int {
		return cmp.Or(cmp.Compare(unordered(b), unordered(a)), cmp.Compare(a.seq, b.seq))
	})
	for _, x := range rows {
		x.until = begun.Add(r.lease * 2 / 3)
	}
	return rows, nil
}

func (r *relay) carry(out *publisher, rows []*row) {
	r.under.add(len(rows))
	for _, x := range rows {
		seq, token := x.seq, x.token
		finish := func(err error) { r.settled <- carried{seq, token, err} }
		if x.expired {
			r.meter.Left(r.queue.Name, queue.Expired, 1)
			finish(nil)
			continue
		}
		out.send(&parcel{
			exchange: r.queue.exchange(), key: r.routingKey(x), message: encode(&x.Delivery, x.copyOf),
			until: x.until, done: finish,
		})
	}
}

// unordered is the priority, which does not count in an ordered queue.
func unordered(x *row) int16 {
	if x.lane != nil {
		return 0
	}
	return x.Priority
}

func (r *relay) routingKey(x *row) string {
	switch {
	case x.lane != nil:
		return laneKey(int(*x.lane) % lanes)
	case x.Priority >= queue.UrgentFrom:
		return keyUrgent
	}
	return keyNormal
}

// next is how long an idle relay may sleep: until something is due, but at most the poll interval.
func (r *relay) next(ctx context.Context) time.Duration {
	const poll = time.Second
	var wait *time.Duration
	err := r.pool.QueryRow(ctx, `SELECT queue.relay_next($1)`, r.queue.Name).Scan(&wait)
	if err != nil || wait == nil {
		return poll
	}
	return min(max(*wait, time.Millisecond), poll)
}

// settle deletes what was confirmed, all that has gathered in one statement. What was not confirmed is carried again
// when its lease has run out; only a program that stops gives it back at once.
func (r *relay) settle() {
	for first := range r.settled {
		group := []carried{first}
		for more := true; more && len(group) < most; {
			select {
			case x, open := <-r.settled:
				if more = open; open {
					group = append(group, x)
				}
			default:
				more = false
			}
		}
		var gone, back []carried
		var not error
		for _, x := range group {
			switch {
			case x.err == nil:
				gone = append(gone, x)
			case errors.Is(x.err, errStopped):
				back = append(back, x)
			default:
				not = x.err
			}
		}
		r.took(r.queue.Name, not)
		if kept := len(group) - len(gone) - len(back); kept > 0 {
			r.refusedTotal.WithLabelValues(r.queue.Name).Add(float64(kept))
			r.log.Warn("the broker did not take messages; they are carried again", "queue", r.queue.Name, "messages", kept, "error", not)
		}
		r.statement(`SELECT queue.relay_ack($1, $2, $3)`, gone)
		r.statement(`SELECT queue.relay_back($1, $2, $3)`, back)
		r.carriedTotal.WithLabelValues(r.queue.Name).Add(float64(len(gone)))
		r.under.add(-len(group))
	}
}

// statement tries for a while when the database is away; after that the lease runs out, and the message is carried again
// under its id.
func (r *relay) statement(sql string, rows []carried) {
	if len(rows) == 0 {
		return
	}
	seqs, tokens := make([]int64, len(rows)), make([]int32, len(rows))
	for n, x := range rows {
		seqs[n], tokens[n] = x.seq, x.token
	}
	var err error
	for wait := 50 * time.Millisecond; wait < 2*time.Second; wait *= 2 {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) // also after we were told to stop
		_, err = r.pool.Exec(ctx, sql, r.queue.Name, seqs, tokens)
		cancel()
		if err == nil {
			return
		}
		time.Sleep(wait)
	}
	r.log.Error("the outbox cannot be settled; its messages are carried again", "queue", r.queue.Name, "messages", len(rows), "error", err)
}
