// Package queuetest is what every driver of kit/queue promises, written as a test. It knows nothing of the technology: it
// puts through queue.Put and takes through queue.Driver, so that a second driver is held to the same words.
package queuetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/queue"
)

// Rig is what a driver's test provides: two empty queues and as many instances of the driver as asked for.
type Rig struct {
	Pool    *pgxpool.Pool       // may put into the queues
	Driver  func() queue.Driver // a new instance each time, as in another process
	Plain   string
	Ordered string // messages of one key one after another
	Inexact int    // how many of a lower priority may come before one of a higher
}

// patience bounds every wait; it is only reached when a test fails.
const patience = time.Minute

// Exercise runs the suite; open makes a fresh rig for each test.
func Exercise(t *testing.T, open func(t *testing.T) Rig) {
	t.Helper()
	for name, test := range map[string]func(*bench){
		"DeliversPayloadAndTrace":         deliversPayloadAndTrace,
		"RollbackPutsNothing":             rollbackPutsNothing,
		"SameIDOnce":                      sameIDOnce,
		"RetriesThenDeadThenReplay":       retriesThenDeadThenReplay,
		"BatchSettlesEachMessage":         batchSettlesEachMessage,
		"PanicIsAFailure":                 panicIsAFailure,
		"NotBeforeDue":                    notBeforeDue,
		"ExpiredBehindLongLived":          expiredBehindLongLived,
		"ExpiredInTheBuffer":              expiredInTheBuffer,
		"HigherPriorityFirst":             higherPriorityFirst,
		"UrgentWaitsForNobody":            urgentWaitsForNobody,
		"Routing":                         routing,
		"OrderPerKey":                     orderPerKey,
		"PrefetchBounds":                  prefetchBounds,
		"StopGivesBack":                   stopGivesBack,
		"LongHandlerKeepsItsLease":        longHandlerKeepsItsLease,
		"StatsAndPurge":                   statsAndPurge,
		"LookTakesNothing":                lookTakesNothing,
		"SetAsideAndBack":                 setAsideAndBack,
		"ReplayAndDiscardByReason":        replayAndDiscardByReason,
		"FlowOfAllInstances":              flowOfAllInstances,
		"OperationIsDoneOnce":             operationIsDoneOnce,
		"ThousandsInOneTransaction":       thousandsInOneTransaction,
		"OneOfManyInstances":              oneOfManyInstances,
		"WrongMessagesAreRefused":         wrongMessagesAreRefused,
		"UnknownTypeBecomesDeadByHandler": unknownTypeBecomesDead,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
			t.Cleanup(cancel)
			test(&bench{T: t, Rig: open(t), ctx: ctx})
		})
	}
}

// bench is one test's tools.
type bench struct {
	*testing.T
	Rig
	ctx context.Context
}

func text(s string) proto.Message { return wrapperspb.String(s) }

// message makes a message with a new id.
func message(queueName, body string) queue.Message {
	return queue.Message{ID: uuid.Must(uuid.NewV7()), Queue: queueName, Payload: text(body)}
}

func (b *bench) put(messages ...queue.Message) {
	b.Helper()
	if err := db.Tx(b.ctx, b.Pool, func(tx pgx.Tx) error { return queue.Put(b.ctx, tx, messages...) }); err != nil {
		b.Fatalf("put: %v", err)
	}
}

// body is the text of a delivery.
func body(d *queue.Delivery) string {
	m := &wrapperspb.StringValue{}
	if err := d.Into(m); err != nil {
		return err.Error()
	}
	return m.GetValue()
}

// consume starts a consumer that stops, and is waited for, at the end of the test or when stop is called.
func (b *bench) consume(name string, o queue.Options, h queue.Handler) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan error, 1)
	driver := b.Driver()
	go func() { ended <- driver.Consume(ctx, name, o, h) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				b.Errorf("consume: %v", err)
			}
		case <-time.After(patience):
			b.Error("consume does not return")
		}
	})
	b.Cleanup(stop)
	return stop
}

// inbox collects what a handler saw.
type inbox struct {
	*bench
	in chan *queue.Delivery
}

func (b *bench) inbox() *inbox { return &inbox{b, make(chan *queue.Delivery, 100_000)} }

func (i *inbox) handle(_ context.Context, batch []*queue.Delivery) error {
	for _, d := range batch {
		i.in <- d
	}
	return nil
}

func (i *inbox) next() *queue.Delivery {
	i.Helper()
	select {
	case d := <-i.in:
		return d
	case <-time.After(patience):
		i.Fatal("no message came")
		return nil
	}
}

// drained waits until the queue holds nothing that is ready, delayed or taken, and gives what else the inbox has.
func (i *inbox) drained(name string) []*queue.Delivery {
	i.Helper()
	i.until("the queue is empty", func() bool {
		s := i.stats(name)
		return s.Ready+s.Delayed+s.Taken == 0
	})
	var rest []*queue.Delivery
	for len(i.in) > 0 {
		rest = append(rest, <-i.in)
	}
	return rest
}

func (b *bench) stats(name string) queue.Stats {
	b.Helper()
	s, err := b.Driver().Stats(b.ctx, name)
	if err != nil {
		b.Fatalf("stats: %v", err)
	}
	return s
}

func (b *bench) until(what string, ok func() bool) {
	b.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			b.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(5 * time.Millisecond) // the only way to watch a queue from outside
	}
}

func equal[T comparable](b *bench, what string, got, want T) {
	b.Helper()
	if got != want {
		b.Errorf("%s: got %v, want %v", what, got, want)
	}
}

var errTest = errors.New("the test refuses")

func numbered(n int) string { return fmt.Sprintf("%06d", n) }
