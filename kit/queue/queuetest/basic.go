package queuetest

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
)

func deliversPayloadAndTrace(b *bench) {
	b.ctx = obs.WithTraceparent(b.ctx, "")
	m := message(b.Plain, "hello")
	m.Key = "k"
	traces := make(chan string, 1)
	in := b.inbox()
	b.consume(b.Plain, queue.Options{}, func(ctx context.Context, batch []*queue.Delivery) error {
		traces <- obs.Trace(ctx)
		return in.handle(ctx, batch)
	})
	b.put(m)
	d := in.next()
	equal(b, "id", d.ID, m.ID)
	equal(b, "queue", d.Queue, b.Plain)
	equal(b, "key", d.Key, "k")
	equal(b, "attempt", d.Attempt, 1)
	equal(b, "body", body(d), "hello")
	equal(b, "trace", <-traces, obs.Trace(b.ctx))
	if got, err := d.Message(); err != nil || got.ProtoReflect().Descriptor().FullName() != "google.protobuf.StringValue" {
		b.Errorf("message %v, %v", got, err)
	}
	equal(b, "more", len(in.drained(b.Plain)), 0)
}

func rollbackPutsNothing(b *bench) {
	err := db.Tx(b.ctx, b.Pool, func(tx pgx.Tx) error {
		if err := queue.Put(b.ctx, tx, message(b.Plain, "never")); err != nil {
			return err
		}
		return errTest
	})
	if err == nil {
		b.Fatal("the transaction committed")
	}
	in := b.inbox()
	b.consume(b.Plain, queue.Options{}, in.handle)
	b.put(message(b.Plain, "after"))
	equal(b, "first", body(in.next()), "after")
	equal(b, "more", len(in.drained(b.Plain)), 0)
}

func sameIDOnce(b *bench) {
	m := message(b.Plain, "once")
	b.put(m, m)
	b.put(m)
	in := b.inbox()
	b.consume(b.Plain, queue.Options{}, in.handle)
	equal(b, "body", body(in.next()), "once")
	equal(b, "while it waits", len(in.drained(b.Plain)), 0)
	b.put(m)
	b.put(message(b.Plain, "other"))
	equal(b, "after it is done", body(in.next()), "other")
	equal(b, "more", len(in.drained(b.Plain)), 0)
}

func retriesThenDeadThenReplay(b *bench) {
	var refuse atomic.Bool
	refuse.Store(true)
	times := make(chan time.Time, 10)
	in := b.inbox()
	b.consume(b.Plain, queue.Options{MaxAttempts: 3, Backoff: queue.Constant(150 * time.Millisecond)},
		func(ctx context.Context, batch []*queue.Delivery) error {
			times <- time.Now()
			_ = in.handle(ctx, batch)
			if refuse.Load() {
				return errTest
			}
			return nil
		})
	m := message(b.Plain, "poison")
	b.put(m)
	for attempt := 1; attempt <= 3; attempt++ {
		equal(b, "attempt", in.next().Attempt, attempt)
	}
	first, second := <-times, <-times
	if pause := second.Sub(first); pause < 140*time.Millisecond {
		b.Errorf("tried again after %s, before the back-off of 150 ms", pause)
	}
	b.until("it is dead", func() bool { return b.stats(b.Plain).Dead == 1 })
	letters, err := b.Driver().Dead(b.ctx, b.Plain, 10)
	if err != nil || len(letters) != 1 {
		b.Fatalf("dead letters: %v, %v", letters, err)
	}
	equal(b, "dead id", letters[0].ID, m.ID)
	equal(b, "dead body", body(&letters[0].Delivery), "poison")
	if !strings.Contains(letters[0].Reason, "3 attempts") || !strings.Contains(letters[0].Reason, errTest.Error()) {
		b.Errorf("reason %q", letters[0].Reason)
	}
	refuse.Store(false)
	n, err := b.Driver().Replay(b.ctx, b.Plain, queue.Pick{IDs: []uuid.UUID{m.ID}})
	if err != nil || n != 1 {
		b.Fatalf("replay: %d, %v", n, err)
	}
	d := in.next()
	equal(b, "replayed", d.ID, m.ID)
	equal(b, "attempt after replay", d.Attempt, 1)
	equal(b, "more", len(in.drained(b.Plain)), 0)
	equal(b, "dead", b.stats(b.Plain).Dead, 0)
}

func batchSettlesEachMessage(b *bench) {
	in := b.inbox()
	b.put(message(b.Plain, "good"), message(b.Plain, "again"), message(b.Plain, "bad"), message(b.Plain, "good"))
	b.consume(b.Plain, queue.Options{Batch: 4, Backoff: queue.Constant(time.Millisecond)},
		func(ctx context.Context, batch []*queue.Delivery) error {
			for _, d := range batch {
				switch {
				case body(d) == "bad":
					d.Bury(errTest)
				case body(d) == "again" && d.Attempt == 1:
					d.Retry(errTest)
				}
			}
			return in.handle(ctx, batch)
		})
	seen := map[string]int{}
	for range 5 {
		seen[body(in.next())]++
	}
	equal(b, "good", seen["good"], 2)
	equal(b, "again", seen["again"], 2)
	equal(b, "bad", seen["bad"], 1)
	equal(b, "more", len(in.drained(b.Plain)), 0)
	equal(b, "dead", b.stats(b.Plain).Dead, 1)
}

func panicIsAFailure(b *bench) {
	in := b.inbox()
	b.put(message(b.Plain, "bomb"))
	b.consume(b.Plain, queue.Options{Backoff: queue.Constant(time.Millisecond)}, func(ctx context.Context, batch []*queue.Delivery) error {
		if batch[0].Attempt == 1 {
			panic("boom")
		}
		return in.handle(ctx, batch)
	})
	equal(b, "attempt", in.next().Attempt, 2)
}

func unknownTypeBecomesDead(b *bench) {
	b.put(message(b.Plain, "text"))
	b.consume(b.Plain, queue.Options{}, func(_ context.Context, batch []*queue.Delivery) error {
		batch[0].Type = "nobody.Knows"
		if _, err := batch[0].Message(); err != nil {
			batch[0].Bury(err)
		}
		return nil
	})
	b.until("it is dead", func() bool { return b.stats(b.Plain).Dead == 1 })
}

func wrongMessagesAreRefused(b *bench) {
	good := message(b.Plain, "x")
	noID, noQueue, noPayload, priority := good, good, good, good
	noID.ID, noQueue.Queue, noPayload.Payload, priority.Priority = uuid.Nil, "", nil, 10
	for name, m := range map[string]queue.Message{"id": noID, "queue": noQueue, "payload": noPayload, "priority": priority} {
		err := db.Tx(b.ctx, b.Pool, func(tx pgx.Tx) error { return queue.Put(b.ctx, tx, m) })
		if errs.KindOf(err) != errs.Invalid {
			b.Errorf("%s: %v", name, err)
		}
	}
	unknown := good
	unknown.Queue = "nowhere"
	if err := db.Tx(b.ctx, b.Pool, func(tx pgx.Tx) error { return queue.Put(b.ctx, tx, unknown) }); err == nil {
		b.Error("an unknown queue took a message")
	}
}
