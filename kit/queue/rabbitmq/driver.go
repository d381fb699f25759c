// Package rabbitmq is the queue's driver for RabbitMQ: quorum queues, and the table that queue.Put writes as outbox.
//
// Why the table stays: a message exists if and when the transaction commits that puts it, and a broker takes no part in
// that. So each service carries what it put from the table to the broker, and deletes a row after the broker's confirm;
// while the broker is away, or has an alarm, the table waits. Who takes needs no more than the broker.
//
//	Put ──> outbox ──Relay──> X ──urgent──> X.urgent ─┐
//	        (due later:        └──normal──> X.normal ─┴──> consumer ──ack──> gone
//	        waits here)        ^                            │   │
//	                           └─due─ X.retry.4s <─back-off─┘   └──> X.dead ──replay──> X
//
// What the broker cannot do is done here. It expires only the first message of a queue: the message's own end is in a
// header, and looked at when it is taken. Quorum queues know no priorities: what is urgent has a queue of its own. It
// delivers again after a lost connection, and publishers send again: a consumer drops what it has finished before, by
// the message's id. That memory is the process's own, so handlers are idempotent, as with any driver.
//
// An ordered queue is cut into eight lanes by key, each a queue with a single active consumer, which holds up its lane
// while it waits for a back-off.
package rabbitmq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/wake"
)

// stopTime bounds how long a driver waits for confirms when it is told to stop.
const stopTime = 3 * time.Second

// Config is what a driver needs to know.
type Config struct {
	URL     string // with the service's account, such as amqp://rounds_auth:secret@broker/rounds
	Service string
	Table   []Queue
	// Lease is how long a row of the outbox is ours to carry; if we do not, or the broker does not take it, it is carried again
	// after that. Half a minute when zero.
	Lease time.Duration
}

// Driver is one service at the broker.
type Driver struct {
	table   []Queue
	service string
	pool    *pgxpool.Pool // of the outbox
	lease   time.Duration
	log     *slog.Logger
	now     func() time.Time
	bell    *wake.Bell
	in, out *link // take and acknowledge, publish

	outbox       queue.Table
	meter        *queue.Meter
	carriedTotal *prometheus.CounterVec
	refusedTotal *prometheus.CounterVec
	alarm        *prometheus.GaugeVec

	mu    sync.Mutex
	done  map[string]*memory // by queue
	held  map[string]int     // in the hands of our workers, or waiting for them
	heads map[string]head
	works map[string]int   // consumers of ours
	not   map[string]error // taken by the broker, by queue: what we wanted to put last
}

// head is when the first waiting message was put, as far as we know.
type head struct{ put, seen time.Time }

var _ queue.Driver = (*Driver)(nil)

// New makes a driver; it connects when it is used.
func New(c Config, pool *pgxpool.Pool, log *slog.Logger, reg prometheus.Registerer, now func() time.Time) (*Driver, error) {
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.User == nil {
		return nil, errors.New("not an address of a broker such as amqp://broker:5672/rounds")
	}
	d := &Driver{
		table: c.Table, service: c.Service, pool: pool, lease: cmp.Or(c.Lease, defaultLease), log: log, now: now, bell: wake.New(pool, "queue"),
		outbox: queue.Table{Pool: pool}, meter: queue.NewMeter(queue.Table{Pool: pool}, log, reg),
		carriedTotal: obs.Counter(reg, "rounds_queue_carried_total", "Messages that the broker confirmed.", "queue"),
		refusedTotal: obs.Counter(reg, "rounds_queue_refused_total", "Messages that the broker did not take; they are carried again.", "queue"),
		alarm:        obs.Gauge(reg, "rounds_broker_blocked", "1 while the broker has an alarm and publishing waits."),
		done:         map[string]*memory{}, held: map[string]int{}, heads: map[string]head{}, works: map[string]int{}, not: map[string]error{},
	}
	d.in = newLink(c.URL, "rounds "+c.Service+" takes", log, func(bool) {})
	d.out = newLink(c.URL, "rounds "+c.Service+" puts", log, func(blocked bool) {
		value := 0.0
		if blocked {
			value = 1
		}
		d.alarm.WithLabelValues().Set(value)
	})
	d.alarm.WithLabelValues().Set(0)
	return d, nil
}

// Late tells why messages of this service wait in the outbox, or nil. It is not a reason to send a service no requests:
// all it does is done, but for the news of it.
func (d *Driver) Late() error {
	if _, why := d.out.state(); why != nil {
		return why
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, q := range d.table {
		if err := d.not[q.Name]; err != nil {
			return fmt.Errorf("queue %s: %w", q.Name, err)
		}
	}
	return nil
}

// took notes whether the broker takes what is put into a queue.
func (d *Driver) took(name string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.not[name] = err
}

// Close ends the connections; consumers and relays have ended before.
func (d *Driver) Close() {
	d.in.close()
	d.out.close()
}

func (d *Driver) mayPut(q Queue) bool { return slices.Contains(q.Put, d.service) }

func (d *Driver) memoryOf(name string) *memory {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done[name] == nil {
		d.done[name] = newMemory()
	}
	return d.done[name]
}

func (d *Driver) hold(name string, n int) {
	d.mu.Lock()
	d.held[name] += n
	d.mu.Unlock()
}

// work notes that n more consumers of ours work on a queue.
func (d *Driver) work(name string, n int) {
	d.mu.Lock()
	d.works[name] += n
	d.mu.Unlock()
}

// Stats implements queue.Driver. Taken are those in this instance's hands, since the broker does not tell of others, and
// those on their way to the broker. While the broker is away, what is in the outbox is told beside the error.
func (d *Driver) Stats(ctx context.Context, name string) (queue.Stats, error) {
	q, err := find(d.table, name)
	if err != nil {
		return queue.Stats{}, err
	}
	s, err := d.outbox.Stats(ctx, name) // before the broker: so none is missed on its way
	if err != nil {
		return s, err
	}
	d.mu.Lock()
	s.Taken += d.held[name]
	d.mu.Unlock()
	if err := d.atBroker(ctx, q, &s); err != nil {
		return s, fmt.Errorf("stats of queue %s: %w", name, err)
	}
	return s, nil
}

func (d *Driver) atBroker(ctx context.Context, q Queue, s *queue.Stats) error {
	ch, err := d.in.channel(ctx)
	if err != nil {
		return err
	}
	defer leave(ch)
	waiting := 0
	for _, key := range q.keys() {
		n, err := length(ch, q.queue(key))
		if err != nil {
			return err
		}
		waiting += n
	}
	s.Ready += waiting
	for _, name := range q.pauses() {
		n, err := length(ch, name)
		if err != nil {
			return err
		}
		s.Delayed += n
	}
	dead, err := length(ch, q.dead())
	if err != nil {
		return err
	}
	s.Dead += dead
	if waiting == 0 {
		d.saw(q.Name, d.now()) // what waits from now on came later
		return nil
	}
	s.Oldest = max(s.Oldest, d.age(ch, q))
	return nil
}
