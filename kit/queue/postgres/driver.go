// Package postgres is the queue's driver for the table that queue.Put writes: workers take from it with SKIP LOCKED.
//
// Why a lease and not a transaction held while a handler works: a handler may take a minute, and a transaction of a
// minute holds back vacuum and every follower of the event log. So taking commits at once; the message is invisible
// until its lease runs out, is renewed while the handler works, and each hand-over counts up a token without which
// nothing can be settled: a worker that was frozen finds its token refused.
//
//	take ──> buffer ──> worker ──handler──> settler: ack, retry or bury, many at once
//	          └────────── keeper: renews the lease of all of them at a third of it
//
// In an ordered queue each key belongs to one of 32 lanes, and a lane is in the hands of one worker at a time. A message
// that waits for its back-off holds up its lane, which is what "in order" means.
//
// The pool may be of another database than the consumer's own: statistics takes from the database of Rounds.
package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/wake"
)

// Driver takes from the queues of one database as the role of its pool.
type Driver struct {
	pool    *pgxpool.Pool
	log     *slog.Logger
	now     func() time.Time
	bell    *wake.Bell
	settled *prometheus.CounterVec
	depth   *prometheus.GaugeVec
	oldest  *prometheus.GaugeVec
}

var _ queue.Driver = (*Driver)(nil)

// New makes a driver; it connects when it is used.
func New(pool *pgxpool.Pool, log *slog.Logger, reg prometheus.Registerer, now func() time.Time) *Driver {
	return &Driver{
		pool: pool, log: log, now: now, bell: wake.New(pool, "queue"),
		settled: obs.Counter(reg, "rounds_queue_messages_total", "Messages that left a worker, by result.", "queue", "result"),
		depth:   obs.Gauge(reg, "rounds_queue_depth", "Messages in a queue, by state.", "queue", "state"),
		oldest:  obs.Gauge(reg, "rounds_queue_oldest_seconds", "Age of the oldest message that could be taken.", "queue"),
	}
}

// Stats implements queue.Driver.
func (d *Driver) Stats(ctx context.Context, name string) (queue.Stats, error) {
	var s queue.Stats
	row := d.pool.QueryRow(ctx, `SELECT ready, delayed, taken, dead, oldest FROM queue.stats($1)`, name)
	if err := row.Scan(&s.Ready, &s.Delayed, &s.Taken, &s.Dead, &s.Oldest); err != nil {
		return s, fmt.Errorf("stats of queue %s: %w", name, err)
	}
	for state, n := range map[string]int{"ready": s.Ready, "delayed": s.Delayed, "taken": s.Taken, "dead": s.Dead} {
		d.depth.WithLabelValues(name, state).Set(float64(n))
	}
	d.oldest.WithLabelValues(name).Set(s.Oldest.Seconds())
	return s, nil
}

// Dead implements queue.Driver.
func (d *Driver) Dead(ctx context.Context, name string, limit int) ([]queue.Letter, error) {
	rows, err := d.pool.Query(ctx, `SELECT id, key, type, payload, priority, attempts, put_at, expires_at, trace, reason, died_at
		FROM queue.letters($1, $2)`, name, limit)
	if err != nil {
		return nil, fmt.Errorf("dead letters of queue %s: %w", name, err)
	}
	letters, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (queue.Letter, error) {
		l := queue.Letter{Delivery: queue.Delivery{Queue: name}}
		var expires *time.Time
		err := row.Scan((*[16]byte)(&l.ID), &l.Key, &l.Type, &l.Body, &l.Priority, &l.Attempt, &l.PutAt, &expires, &l.Trace, &l.Reason, &l.DiedAt)
		if expires != nil {
			l.ExpiresAt = *expires
		}
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("dead letters of queue %s: %w", name, err)
	}
	return letters, nil
}

// Replay implements queue.Driver.
func (d *Driver) Replay(ctx context.Context, name string, ids ...uuid.UUID) (int, error) {
	var list [][16]byte // nil is all of them
	for _, id := range ids {
		list = append(list, id)
	}
	return d.count(ctx, "replay", `SELECT queue.replay($1, $2)`, name, list)
}

// Purge implements queue.Driver.
func (d *Driver) Purge(ctx context.Context, name string) (int, error) {
	return d.count(ctx, "purge", `SELECT queue.purge($1)`, name)
}

func (d *Driver) count(ctx context.Context, what, sql, name string, args ...any) (int, error) {
	var n int
	if err := d.pool.QueryRow(ctx, sql, append([]any{name}, args...)...).Scan(&n); err != nil {
		return 0, fmt.Errorf("%s queue %s: %w", what, name, err)
	}
	return n, nil
}
