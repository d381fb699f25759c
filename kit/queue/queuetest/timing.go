package queuetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rounds-cme/rounds/kit/queue"
)

func notBeforeDue(b *bench) {
	in := b.inbox()
	b.consume(b.Plain, queue.Options{}, in.handle)
	late := message(b.Plain, "late")
	due := time.Now().Add(time.Second)
	late.DueAt = due
	b.put(late, message(b.Plain, "now"))
	came := map[string]bool{}
	for range 2 { // in any order, where putting took longer than that
		text := body(in.next())
		if early := time.Until(due); text == "late" && early > 5*time.Millisecond {
			b.Errorf("came %s early", early)
		}
		came[text] = true
	}
	equal(b, "both came", came["now"] && came["late"], true)
}

func expiredBehindLongLived(b *bench) {
	short := message(b.Plain, "short")
	short.ExpiresAt = time.Now().Add(100 * time.Millisecond)
	long := message(b.Plain, "long")
	long.ExpiresAt = time.Now().Add(time.Hour)
	b.put(long, short)
	b.until("the short one expired", func() bool { return time.Now().After(short.ExpiresAt.Add(50 * time.Millisecond)) })
	in := b.inbox()
	b.consume(b.Plain, queue.Options{}, in.handle)
	equal(b, "alive", body(in.next()), "long")
	equal(b, "expired", len(in.drained(b.Plain)), 0)
	equal(b, "dead", b.stats(b.Plain).Dead, 0)
}

func expiredInTheBuffer(b *bench) {
	short := message(b.Plain, "short")
	short.ExpiresAt = time.Now().Add(300 * time.Millisecond)
	b.put(message(b.Plain, "slow"), short)
	in := b.inbox()
	b.consume(b.Plain, queue.Options{Prefetch: 10}, func(ctx context.Context, batch []*queue.Delivery) error {
		_ = in.handle(ctx, batch)
		<-time.After(time.Until(short.ExpiresAt.Add(50 * time.Millisecond))) // the other waits in the buffer meanwhile
		return nil
	})
	equal(b, "first", body(in.next()), "slow")
	equal(b, "expired", len(in.drained(b.Plain)), 0)
}

// higherPriorityFirst: what one person waits for, a new password, overtakes what many are told in time, their reminders (5). A driver
// that hands over what comes first from several queues may begin with some of lower priority.
func higherPriorityFirst(b *bench) {
	const low = 200
	var all []queue.Message
	for range low {
		reminder := message(b.Plain, "low")
		reminder.Priority = 5
		all = append(all, reminder)
	}
	b.put(all...)
	high := message(b.Plain, "high")
	high.Priority = 9
	b.put(high)
	b.until("all can be taken", func() bool { s := b.stats(b.Plain); return s.Ready == low+1 && s.Taken == 0 })
	in := b.inbox()
	b.consume(b.Plain, queue.Options{}, func(ctx context.Context, batch []*queue.Delivery) error {
		<-time.After(5 * time.Millisecond) // as work takes
		return in.handle(ctx, batch)
	})
	before := 0
	for body(in.next()) != "high" {
		before++
	}
	if most := b.Inexact; before > most {
		b.Errorf("%d of lower priority came before, want at most %d", before, most)
	}
}

// urgentWaitsForNobody: with a handler for what is urgent beside the others, it is handled while all of those work on the rest.
func urgentWaitsForNobody(b *bench) {
	gate := make(chan struct{})
	in := b.inbox()
	b.consume(b.Plain, queue.Options{Workers: 2, Prefetch: 2, Express: 1}, func(ctx context.Context, batch []*queue.Delivery) error {
		if body(batch[0]) == "low" {
			select {
			case <-gate:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return in.handle(ctx, batch)
	})
	const low = 20
	for range low {
		reminder := message(b.Plain, "low")
		reminder.Priority = queue.UrgentFrom - 1
		b.put(reminder)
	}
	b.until("every other handler works", func() bool { return b.stats(b.Plain).Taken >= 2 })
	high := message(b.Plain, "high")
	high.Priority = queue.UrgentFrom
	b.put(high)
	equal(b, "while they do", body(in.next()), "high")
	close(gate)
	for n := range low {
		equal(b, numbered(n), body(in.next()), "low")
	}
}

// routing: what is put into a queue comes out of that queue.
func routing(b *bench) {
	plain, ordered := b.inbox(), b.inbox()
	b.consume(b.Plain, queue.Options{}, plain.handle)
	b.consume(b.Ordered, queue.Options{}, ordered.handle)
	for n := range 20 {
		b.put(message(b.Plain, "plain"), message(b.Ordered, "ordered"))
		equal(b, numbered(n), body(plain.next())+" "+body(ordered.next()), "plain ordered")
	}
	equal(b, "more in the one", len(plain.drained(b.Plain)), 0)
	equal(b, "more in the other", len(ordered.drained(b.Ordered)), 0)
}

// orderPerKey mixes keys, failures, workers and instances.
func orderPerKey(b *bench) {
	const keys, each = 12, 150
	var mu sync.Mutex
	got := map[string][]string{}
	handle := func(_ context.Context, batch []*queue.Delivery) error {
		if rand.IntN(40) == 0 {
			return errTest
		}
		mu.Lock()
		defer mu.Unlock()
		for _, d := range batch {
			got[d.Key] = append(got[d.Key], body(d))
		}
		return nil
	}
	o := queue.Options{Workers: 3, Batch: 5, Prefetch: 60, MaxAttempts: 1000, Backoff: queue.Constant(2 * time.Millisecond)}
	b.consume(b.Ordered, o, handle)
	b.consume(b.Ordered, o, handle)
	for n := range each {
		var part []queue.Message
		for k := range keys {
			m := message(b.Ordered, numbered(n))
			m.Key = numbered(k)
			part = append(part, m)
		}
		b.put(part...)
	}
	b.inbox().drained(b.Ordered)
	mu.Lock()
	defer mu.Unlock()
	for key, seen := range got {
		if len(seen) != each || !slices.IsSorted(seen) {
			b.Errorf("key %s: %d messages, in order: %v", key, len(seen), slices.IsSorted(seen))
		}
	}
	equal(b, "keys", len(got), keys)
}

func prefetchBounds(b *bench) {
	for range 30 {
		b.put(message(b.Plain, "x"))
	}
	release := make(chan struct{})
	slow := b.inbox()
	b.consume(b.Plain, queue.Options{Prefetch: 5}, func(ctx context.Context, batch []*queue.Delivery) error {
		_ = slow.handle(ctx, batch)
		<-release
		return nil
	})
	slow.next()
	fast := b.inbox()
	b.consume(b.Plain, queue.Options{}, fast.handle)
	for range 25 {
		fast.next() // the slow one holds five and not more
	}
	b.until("only what the slow one holds is left", func() bool { s := b.stats(b.Plain); return s.Ready == 0 && s.Taken <= 5 })
	close(release)
	slow.drained(b.Plain)
}

func stopGivesBack(b *bench) {
	for range 10 {
		b.put(message(b.Plain, "x"))
	}
	begun := make(chan struct{}, 10)
	release := make(chan struct{})
	stop := b.consume(b.Plain, queue.Options{Prefetch: 10, Lease: time.Hour}, func(ctx context.Context, _ []*queue.Delivery) error {
		begun <- struct{}{}
		select {
		case <-ctx.Done(): // a handler that gives up when told to stop loses nothing either
			return ctx.Err()
		case <-release:
			return nil
		}
	})
	<-begun
	// All are here: a broker may count as a try what it had sent and nobody had received yet.
	b.until("all are taken", func() bool { s := b.stats(b.Plain); return s.Ready == 0 && s.Taken == 10 })
	stop()
	in := b.inbox()
	b.consume(b.Plain, queue.Options{}, in.handle)
	for range 10 { // long before the lease of an hour
		equal(b, "attempt", in.next().Attempt, 1)
	}
	close(release)
}

func longHandlerKeepsItsLease(b *bench) {
	b.put(message(b.Plain, "long"))
	const lease = 3 * time.Second
	release := make(chan struct{})
	slow, other := b.inbox(), b.inbox()
	b.consume(b.Plain, queue.Options{Lease: lease}, func(ctx context.Context, batch []*queue.Delivery) error {
		_ = slow.handle(ctx, batch)
		<-release
		return ctx.Err()
	})
	slow.next()
	b.consume(b.Plain, queue.Options{Lease: lease}, other.handle)
	<-time.After(2 * lease) // nothing may happen, and only time shows it
	close(release)
	slow.drained(b.Plain)
	equal(b, "delivered to the other", len(other.in), 0)
}

func statsAndPurge(b *bench) {
	late := message(b.Plain, "late")
	late.DueAt = time.Now().Add(time.Hour)
	b.put(late, message(b.Plain, "a"), message(b.Plain, "b"))
	b.until("two are ready and one waits", func() bool {
		s := b.stats(b.Plain)
		return s.Ready == 2 && s.Delayed == 1 && s.Taken == 0
	})
	b.until("the oldest has an age", func() bool { return b.stats(b.Plain).Oldest > 20*time.Millisecond })
	n, err := b.Driver().Purge(b.ctx, b.Plain)
	if err != nil || n != 3 {
		b.Errorf("purged %d, %v", n, err)
	}
	equal(b, "ready after purge", b.stats(b.Plain).Ready, 0)
}

func thousandsInOneTransaction(b *bench) {
	const count = 5000
	messages := make([]queue.Message, count)
	for n := range messages {
		messages[n] = message(b.Plain, numbered(n))
	}
	b.put(messages...)
	in := b.inbox()
	b.consume(b.Plain, queue.Options{Batch: 100, Workers: 2, Prefetch: 500}, in.handle)
	seen := map[string]bool{}
	for range count {
		seen[body(in.next())] = true
	}
	equal(b, "different ones", len(seen), count)
	equal(b, "more", len(in.drained(b.Plain)), 0)
}

func oneOfManyInstances(b *bench) {
	const count = 600
	var handled atomic.Int64
	in := b.inbox()
	for range 4 {
		b.consume(b.Plain, queue.Options{Workers: 2}, func(ctx context.Context, batch []*queue.Delivery) error {
			handled.Add(int64(len(batch)))
			return in.handle(ctx, batch)
		})
	}
	for range count / 20 {
		var part []queue.Message
		for range 20 {
			part = append(part, message(b.Plain, "x"))
		}
		b.put(part...)
	}
	in.drained(b.Plain)
	equal(b, "handled", handled.Load(), count)
}
