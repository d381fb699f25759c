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
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/wake"
)

// Driver takes from the queues of one database as the role of its pool.
type Driver struct {
	queue.Table // its operators work on the table itself

	pool  *pgxpool.Pool
	log   *slog.Logger
	now   func() time.Time
	bell  *wake.Bell
	meter *queue.Meter
}

var _ queue.Driver = (*Driver)(nil)

// New makes a driver; it connects when it is used.
func New(pool *pgxpool.Pool, log *slog.Logger, reg prometheus.Registerer, now func() time.Time) *Driver {
	table := queue.Table{Pool: pool}
	return &Driver{Table: table, pool: pool, log: log, now: now, bell: wake.New(pool, "queue"), meter: queue.NewMeter(table, log, reg)}
}
