// Package store reads and writes what the rooms keep: queries generated from the SQL files beside it, and the one transaction
// that is written by hand. Why by hand: everybody in a room waits for it, and generated queries go to the database one by one.
package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Talk is the transaction that puts messages into a room. Everybody in the room waits for it, and most of what it takes is
// the way to the database and back; so it makes that way twice, where one statement after the other would make it six times.
//
//	BEGIN, lock the room, look for known messages ──> decide ──> add messages, move the sequence, COMMIT
type Talk struct{ conn *pgx.Conn }

// NewTalk makes one on a connection that nobody else uses until it has ended.
func NewTalk(conn *pgx.Conn) Talk { return Talk{conn} }

// Begin locks the room, so that no other process gives places meanwhile, and then looks for messages that it knows already.
func (t Talk) Begin(ctx context.Context, webinar uuid.UUID, ids []uuid.UUID) (LivewebinarRoom, []MessageKnownRow, error) {
	var r LivewebinarRoom
	var known []MessageKnownRow
	var batch pgx.Batch
	batch.Queue("BEGIN")
	batch.Queue(roomLock, webinar).QueryRow(func(row pgx.Row) error {
		return row.Scan(&r.WebinarID, &r.State, &r.OpenedAt, &r.ClosedAt, &r.LastSequence, &r.Seed, &r.Commitment, &r.AliveAt, &r.Viewers, &r.ClosingAt)
	})
	batch.Queue(messageKnown, webinar, ids).Query(func(rows pgx.Rows) (err error) {
		known, err = pgx.CollectRows(rows, pgx.RowToStructByPos[MessageKnownRow])
		return err
	})
	if err := t.conn.SendBatch(ctx, &batch).Close(); err != nil {
		return r, nil, fmt.Errorf("lock room: %w", err)
	}
	return r, known, nil
}

// Commit adds the messages and ends the transaction.
func (t Talk) Commit(ctx context.Context, add MessageAddParams, last int32) error {
	var batch pgx.Batch
	batch.Queue(messageAdd, add.WebinarID, add.Sequences, add.Ids, add.AccountIds, add.Names, add.Hosts, add.Bodies, add.SentAts, add.Replies)
	batch.Queue(roomSequence, last, add.WebinarID)
	batch.Queue("COMMIT")
	if err := t.conn.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("add messages: %w", err)
	}
	return nil
}

// End takes back what was not committed; after a commit it does nothing. A connection that cannot even do that is given up
// by its pool.
func (t Talk) End(ctx context.Context) {
	const idle = 'I'
	if t.conn.PgConn().TxStatus() == idle {
		return
	}
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = t.conn.Exec(bye, "ROLLBACK")
}
