package queue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
)

// chunk bounds one statement: large enough that the round trip no longer counts, small enough for the memory of the server.
const chunk = 2000

// Put writes messages within the caller's transaction: they exist if and when it commits. Thousands at once are fine.
// A message whose ID its queue saw before is dropped without an error.
func Put(ctx context.Context, tx pgx.Tx, messages ...Message) error {
	trace := obs.Traceparent(ctx)
	for part := range slices.Chunk(messages, chunk) {
		r := rows{}
		for _, m := range part {
			if err := r.add(m); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `SELECT queue.put($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			r.queue, r.id, r.key, r.kind, r.payload, r.priority, r.due, r.expires, trace)
		if err != nil {
			return fmt.Errorf("put %d messages into %s: %w", len(part), part[0].Queue, err)
		}
	}
	return nil
}

// rows is the table turned on its side, as unnest wants it.
type rows struct {
	queue, key, kind []string
	id               [][16]byte
	payload          [][]byte
	priority         []int16
	due, expires     []*time.Time
}

func (r *rows) add(m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(m.Payload)
	if err != nil {
		return fmt.Errorf("encode message %s for queue %s: %w", m.ID, m.Queue, err)
	}
	if body == nil {
		body = []byte{} // an empty message is no bytes, not no value
	}
	r.queue = append(r.queue, m.Queue)
	r.key = append(r.key, m.Key)
	r.kind = append(r.kind, string(proto.MessageName(m.Payload)))
	r.id = append(r.id, m.ID)
	r.payload = append(r.payload, body)
	r.priority = append(r.priority, m.Priority)
	r.due = append(r.due, moment(m.DueAt))
	r.expires = append(r.expires, moment(m.ExpiresAt))
	return nil
}

func (m Message) check() error {
	switch {
	case m.ID == uuid.Nil:
		return invalid("queue.id", "A message needs an id.")
	case m.Queue == "":
		return invalid("queue.name", "A message needs a queue.")
	case m.Payload == nil:
		return invalid("queue.payload", "A message needs a payload.")
	case m.Priority < 0 || m.Priority > 9:
		return invalid("queue.priority", "A priority is between 0 and 9.")
	}
	return nil
}

func invalid(code, sentence string) error { return errs.New(errs.Invalid, code, sentence) }

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
