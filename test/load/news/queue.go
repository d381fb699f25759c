package news

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/queue"
	queuepg "github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/test/load/bench"
)

// Queue is the queue in PostgreSQL, or behind RabbitMQ.
type Queue struct {
	Messages int  `default:"100000" help:"How many are put and taken."`
	Batch    int  `default:"1000" help:"How many in one transaction, and at most in one call of a handler."`
	Broker   bool `help:"Measure RabbitMQ: from the outbox to the broker, and from there."`
}

// Who puts and takes, and what.
const (
	putter, taker = "livewebinar", "statistics"
	plain         = "load.plain"
	sentence      = "one reminder of about a hundred bytes, which is what a notification without its text comes to, roughly"
)

// Run measures and prints the table.
func (c *Queue) Run() error {
	if err := describe(); err != nil {
		return err
	}
	return bench.Run(func(t *bench.T) error {
		store := dbtest.NewOwn(t, queue.Schema())
		_, err := store.Admin().Exec(t.Context(), `SET ROLE queue_owner; SELECT queue.declare('load.plain', false, 'a measurement');
			INSERT INTO queue.permission VALUES ('rounds_livewebinar', 'load.plain', true, false), ('rounds_statistics', 'load.plain', false, true);
			CREATE TABLE queue.floor (id uuid PRIMARY KEY, payload bytea NOT NULL, at timestamptz NOT NULL DEFAULT now()); RESET ROLE`)
		if err != nil {
			return err
		}
		if c.Broker {
			return c.broker(t, store)
		}
		return c.postgres(store)
	})
}

func (c *Queue) postgres(store *dbtest.Own) error {
	ctx, cancel := bounded()
	defer cancel()
	rows := rates{"messages"}
	rows.head()
	bare, err := rate(c.Messages, func() error { return c.copyRows(ctx, store.Admin()) })
	if err != nil {
		return err
	}
	ours, err := rate(c.Messages, func() error { return c.put(ctx, store.Pool(putter)) })
	if err != nil {
		return err
	}
	rows.pair("COPY into a table with a key, in batches", "put in batches", bare, ours)
	if bare, err = rate(c.Messages, func() error { return c.deleteRows(ctx, store.Admin()) }); err != nil {
		return err
	}
	if ours, err = rate(c.Messages, func() error { return c.drain(ctx, queuepg.New(store.Pool(taker), quiet(), nil, time.Now)) }); err != nil {
		return err
	}
	rows.pair("DELETE … RETURNING in batches", "taken, handled and acknowledged", bare, ours)
	return nil
}

// put puts all, a batch in a transaction.
func (c *Queue) put(ctx context.Context, pool *pgxpool.Pool) error {
	for range c.Messages / c.Batch {
		messages := make([]queue.Message, c.Batch)
		for i := range messages {
			messages[i] = queue.Message{ID: uuid.Must(uuid.NewV7()), Queue: plain, Payload: wrapperspb.String(sentence)}
		}
		if err := db.Tx(ctx, pool, func(tx pgx.Tx) error { return queue.Put(ctx, tx, messages...) }); err != nil {
			return err
		}
	}
	return nil
}

// copyRows is what the client's fastest way costs.
func (c *Queue) copyRows(ctx context.Context, pool *pgxpool.Pool) error {
	for range c.Messages / c.Batch {
		rows := make([][]any, c.Batch)
		for i := range rows {
			rows[i] = []any{[16]byte(uuid.Must(uuid.NewV7())), []byte(sentence)}
		}
		if _, err := pool.CopyFrom(ctx, pgx.Identifier{"queue", "floor"}, []string{"id", "payload"}, pgx.CopyFromRows(rows)); err != nil {
			return err
		}
	}
	return nil
}

// deleteRows takes without a lease: who crashes loses what it took.
func (c *Queue) deleteRows(ctx context.Context, pool *pgxpool.Pool) error {
	for left := c.Messages / c.Batch * c.Batch; left > 0; {
		rows, err := pool.Query(ctx, `DELETE FROM queue.floor WHERE id IN (SELECT id FROM queue.floor ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id, payload`, c.Batch)
		if err != nil {
			return err
		}
		var id [16]byte
		var payload []byte
		tag, err := pgx.ForEachRow(rows, []any{&id, &payload}, func() error { return nil })
		if err != nil {
			return err
		}
		left -= int(tag.RowsAffected())
	}
	return nil
}

// drain takes all that was put.
func (c *Queue) drain(ctx context.Context, driver queue.Driver) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	all := int64(c.Messages / c.Batch * c.Batch)
	var handled atomic.Int64
	err := driver.Consume(ctx, plain, queue.Options{Batch: c.Batch, Workers: 2, Prefetch: 4 * c.Batch}, func(_ context.Context, batch []*queue.Delivery) error {
		if handled.Add(int64(len(batch))) >= all {
			stop()
		}
		return nil
	})
	if err == nil && handled.Load() < all {
		err = errors.New("not all came back")
	}
	return err
}
