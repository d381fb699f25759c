// Package queue hands work to one of many: a mail to send, an activity to count.
//
// Why a queue beside the event log: an event is a fact that many read, each at its own pace, for ever. A message is a
// job that exactly one worker takes, and that is gone when it is done. Both are written in the transaction of the row
// that they belong to, so there is no moment in which one exists without the other:
//
//	err := db.Tx(ctx, pool, func(tx pgx.Tx) error {
//		…the row…
//		return queue.Put(ctx, tx, queue.Message{ID: id, Queue: "notification.send", Payload: mail})
//	})
//
// Put always writes the table. The driver in ./postgres lets workers take from it; that in ./rabbitmq is a relay, which takes
// from the same table and deletes after the broker's confirm, and a consumer on the broker. What every driver promises is
// written as a test in ./queuetest.
//
// The promise is "at least once": handlers are idempotent by the message's ID. The life of a message:
//
//	Put ──> ready ──take──> taken ──nil──> gone
//	         ^  ^             │
//	 due ────┘  ├──back-off───┤ error, lease run out (a crash)
//	            │             ├──> dead, with a reason: Bury, MaxAttempts, or an operator who set it aside
//	            └───replay────┘    gone: expired, seen when it is taken and again when it is handed over
package queue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Message is work to be put into a queue.
type Message struct {
	ID        uuid.UUID     // a second message with the same ID in the same queue is dropped, for a week
	Queue     string        // one of the table in migration/0002_queues.sql
	Key       string        // in an ordered queue: messages of one key are handled one after another
	Payload   proto.Message // sent with its full name
	ExpiresAt time.Time     // not handed over from then on; zero: never expires
	DueAt     time.Time     // not handed over before; zero: now
	Priority  int16         // 0 to 9, higher first; an ordered queue ignores it
}

// Delivery is a message in the hands of a worker.
type Delivery struct {
	ID        uuid.UUID
	Queue     string
	Key       string
	Type      string // full name of the protobuf message
	Body      []byte
	Priority  int16
	Attempt   int // 1 at the first delivery, also counting those that a crash cut short
	PutAt     time.Time
	ExpiresAt time.Time
	Trace     string // W3C traceparent of the one who put it

	verdict verdict
	reason  error
}

type verdict int

const (
	done verdict = iota
	retry
	bury
)

// Message decodes the payload with the message types that are linked into this program.
func (d *Delivery) Message() (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(d.Type))
	if err != nil {
		return nil, fmt.Errorf("message %s of queue %s is a %q: %w", d.ID, d.Queue, d.Type, err)
	}
	m := kind.New().Interface()
	if err := proto.Unmarshal(d.Body, m); err != nil {
		return nil, fmt.Errorf("decode message %s of queue %s: %w", d.ID, d.Queue, err)
	}
	return m, nil
}

// Into decodes the payload into m and refuses a payload of another type.
func (d *Delivery) Into(m proto.Message) error {
	if want := string(proto.MessageName(m)); d.Type != want {
		return fmt.Errorf("message %s of queue %s is a %q, not a %q", d.ID, d.Queue, d.Type, want)
	}
	if err := proto.Unmarshal(d.Body, m); err != nil {
		return fmt.Errorf("decode message %s of queue %s: %w", d.ID, d.Queue, err)
	}
	return nil
}

// Retry says that this one message of the batch failed: it comes again after the back-off, the others are done.
func (d *Delivery) Retry(reason error) { d.verdict, d.reason = retry, reason }

// Bury says that trying again is pointless: the message becomes a dead letter with the reason.
func (d *Delivery) Bury(reason error) { d.verdict, d.reason = bury, reason }

// Handler works on a batch of one to Options.Batch messages. Nil: those that were not marked by Retry or Bury are
// done. An error: those that were not marked are retried. When ctx ends, the lease was lost or the program stops.
type Handler func(ctx context.Context, batch []*Delivery) error

// Driver is a technology that carries messages from Put to a Handler.
type Driver interface {
	// Consume hands messages to h until ctx ends. It returns only when no handler runs any more, and gives back what
	// it had taken and not begun. It must start, and wait, while its server is down.
	Consume(ctx context.Context, queue string, o Options, h Handler) error
	Operator
}

// Operator is what people may do with a queue who do not work on it.
type Operator interface {
	// Stats are the numbers to alert on. What is known is told beside an error.
	Stats(ctx context.Context, queue string) (Stats, error)
	// Waiting lists what is to be worked on, what comes next first. It takes nothing. A broker may count a look as a delivery, and
	// tell nothing of what is in the hands of others.
	Waiting(ctx context.Context, queue string, limit int) ([]Letter, error)
	// Dead lists dead letters, the newest first.
	Dead(ctx context.Context, queue string, limit int) ([]Letter, error)
	// Replay makes dead letters ready again, and tells how many.
	Replay(ctx context.Context, queue string, which Pick) (int, error)
	// Discard deletes dead letters, and tells how many.
	Discard(ctx context.Context, queue string, which Pick) (int, error)
	// SetAside makes dead letters with the reason of everything that is waiting, which Replay takes back, and tells how many.
	SetAside(ctx context.Context, queue, reason string) (int, error)
	// Purge deletes everything that is waiting in the queue, and tells how much that was.
	Purge(ctx context.Context, queue string) (int, error)
	// Note keeps who does something of the above before it is done, and does it unless it was done before.
	Note(ctx context.Context, o Operation, do func() (int, error)) (int, error)
	// Notes lists what was done by hand, the last first.
	Notes(ctx context.Context, queue string, limit int) ([]Operation, error)
}

// Pick chooses dead letters: those with an id and the reason, where these are given; the zero value chooses all.
type Pick struct {
	IDs    []uuid.UUID
	Reason string
}

// Has tells whether a letter is chosen.
func (p Pick) Has(id uuid.UUID, reason string) bool {
	return (len(p.IDs) == 0 || slices.Contains(p.IDs, id)) && (p.Reason == "" || p.Reason == reason)
}

// Operation is something that was done by hand.
type Operation struct {
	ID    uuid.UUID // of the wish, so that one that is sent twice is done once
	Queue string
	What  string // replay, discard, set aside, purge
	Actor string // an account, or who sat at the command line
	Which string // an id or a reason; empty: all
	Count *int   // how many messages; nil while it is not known
	At    time.Time
}

// Stats are the numbers of one queue.
type Stats struct {
	Ready   int           // could be taken now
	Delayed int           // due later, or waiting for the back-off
	Taken   int           // in the hands of a worker
	Dead    int           // dead letters
	Oldest  time.Duration // age of the oldest ready message, counted from when it was due
	Recent  Flow
}

// Recent is how far back Stats.Recent goes.
const Recent = 5 * time.Minute

// Flow is how many messages came, and what became of messages, over all instances.
type Flow struct {
	Put, Done, Retried, Dead, Expired int
	Again                             int // deliveries that were not the first of their message
}

// State is where a message stands.
type State string

// States of a message.
const (
	Ready   State = "ready"
	Delayed State = "delayed"
	Taken   State = "taken"
	Dead    State = "dead"
)

// Letter is a message as an operator sees it.
type Letter struct {
	Delivery
	State  State
	Reason string    // why it is dead, or why the last attempt failed
	DueAt  time.Time // of one that waits, as far as it is known
	DiedAt time.Time // of one that is dead
}

// Marked tells whether Retry or Bury was called.
func (d *Delivery) Marked() bool { return d.verdict != done }
