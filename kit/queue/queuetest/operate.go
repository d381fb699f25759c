package queuetest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/queue"
)

// lookTakesNothing: an operator sees what waits, with what came of it so far, and a consumer gets all of it afterwards.
func lookTakesNothing(b *bench) {
	late := message(b.Plain, "late")
	late.DueAt = time.Now().Add(time.Hour)
	urgent := message(b.Plain, "urgent")
	urgent.Priority, urgent.Key = 9, "k"
	b.put(message(b.Plain, "a"), late, urgent)
	b.until("two are ready", func() bool { s := b.stats(b.Plain); return s.Ready == 2 && s.Taken == 0 })
	var seen []queue.Letter
	b.until("all are seen, the urgent one first", func() bool { // some may be on their way to the broker still, or just be given back
		seen = b.waiting()
		return len(seen) == 3 && seen[0].ID == urgent.ID && seen[0].State == queue.Ready
	})
	equal(b, "its key", seen[0].Key, "k")
	equal(b, "its kind", seen[0].Type, "google.protobuf.StringValue")
	equal(b, "its attempts", seen[0].Attempt, 0)
	equal(b, "its state", seen[0].State, queue.Ready)
	equal(b, "the late one", seen[2].ID, late.ID)
	equal(b, "its state", seen[2].State, queue.Delayed)
	if seen[2].DueAt.Sub(late.DueAt).Abs() > time.Millisecond || seen[0].PutAt.IsZero() {
		b.Errorf("due %s, put %s", seen[2].DueAt, seen[0].PutAt)
	}
	in := b.inbox()
	b.consume(b.Plain, queue.Options{}, in.handle)
	got := map[string]bool{body(in.next()): true, body(in.next()): true}
	equal(b, "a and urgent came", got["a"] && got["urgent"], true)
}

func (b *bench) waiting() []queue.Letter {
	b.Helper()
	all, err := b.Driver().Waiting(b.ctx, b.Plain, 10)
	if err != nil {
		b.Fatalf("look: %v", err)
	}
	return all
}

// setAsideAndBack: what waits can be laid aside, and taken back as if nothing had been.
func setAsideAndBack(b *bench) {
	const count = 50
	for range count {
		b.put(message(b.Plain, "x"))
	}
	late := message(b.Plain, "late")
	late.DueAt = time.Now().Add(time.Hour)
	b.put(late)
	b.until("all but one are ready", func() bool { s := b.stats(b.Plain); return s.Ready == count && s.Taken == 0 })
	aside := 0
	b.until("all are set aside", func() bool { // some may be on their way to a broker, and stay
		n, err := b.Driver().SetAside(b.ctx, b.Plain, "set aside by the test")
		if err != nil {
			b.Fatalf("set aside %d, %v", n, err)
		}
		aside += n
		return aside == count+1
	})
	b.until("nothing waits and all are dead", func() bool {
		s := b.stats(b.Plain)
		return s.Ready+s.Delayed == 0 && s.Dead == count+1
	})
	letters, err := b.Driver().Dead(b.ctx, b.Plain, 1)
	if err != nil || len(letters) != 1 || letters[0].Reason != "set aside by the test" {
		b.Fatalf("dead letters: %v, %v", letters, err)
	}
	in := b.inbox()
	b.consume(b.Plain, queue.Options{}, in.handle)
	if n, err := b.Driver().Replay(b.ctx, b.Plain, queue.Pick{Reason: "set aside by the test"}); err != nil || n != count+1 {
		b.Fatalf("replayed %d, %v", n, err)
	}
	for range count + 1 {
		equal(b, "attempt", in.next().Attempt, 1)
	}
	equal(b, "more", len(in.drained(b.Plain)), 0)
}

// replayAndDiscardByReason: of dead letters, those of one reason go back and those of another are deleted.
func replayAndDiscardByReason(b *bench) {
	var cured atomic.Bool
	in := b.inbox()
	b.consume(b.Plain, queue.Options{}, func(ctx context.Context, batch []*queue.Delivery) error {
		if !cured.Load() {
			batch[0].Bury(errors.New(body(batch[0])))
		}
		return in.handle(ctx, batch)
	})
	b.put(message(b.Plain, "curable"), message(b.Plain, "hopeless"), message(b.Plain, "curable"), message(b.Plain, "unlucky"))
	for range 4 {
		in.next()
	}
	b.until("all are dead", func() bool { return b.stats(b.Plain).Dead == 4 })
	cured.Store(true)
	if n, err := b.Driver().Replay(b.ctx, b.Plain, queue.Pick{Reason: "curable"}); err != nil || n != 2 {
		b.Errorf("replayed %d, %v", n, err)
	}
	equal(b, "both", body(in.next())+" "+body(in.next()), "curable curable")
	if n, err := b.Driver().Discard(b.ctx, b.Plain, queue.Pick{Reason: "hopeless"}); err != nil || n != 1 {
		b.Errorf("discarded %d, %v", n, err)
	}
	b.until("one is left", func() bool { return b.stats(b.Plain).Dead == 1 })
	letters, err := b.Driver().Dead(b.ctx, b.Plain, 10)
	if err != nil || len(letters) != 1 || letters[0].Reason != "unlucky" {
		b.Errorf("dead letters: %v, %v", letters, err)
	}
}

// flowOfAllInstances: how many came and what became of them, whichever instance had them, is told to one that had none.
func flowOfAllInstances(b *bench) {
	const count = 20
	var failed atomic.Bool // and not by the attempt: whoever looks at a queue may count as one
	handle := func(_ context.Context, batch []*queue.Delivery) error {
		switch d := batch[0]; {
		case body(d) == "bad":
			d.Bury(errTest)
		case body(d) == "again" && failed.CompareAndSwap(false, true):
			return errTest
		}
		return nil
	}
	o := queue.Options{Backoff: queue.Constant(time.Millisecond)}
	stops := []func(){b.consume(b.Plain, o, handle), b.consume(b.Plain, o, handle)}
	for range count {
		b.put(message(b.Plain, "good"))
	}
	b.put(message(b.Plain, "bad"), message(b.Plain, "again"))
	b.inbox().drained(b.Plain)
	for _, stop := range stops { // which report when they stop, at the latest
		stop()
	}
	f := b.stats(b.Plain).Recent
	equal(b, "put", f.Put, count+2)
	equal(b, "done", f.Done, count+1)
	equal(b, "retried", f.Retried, 1)
	equal(b, "dead", f.Dead, 1)
	equal(b, "expired", f.Expired, 0)
	equal(b, "came again", f.Again >= 1, true)
}

// operationIsDoneOnce: a wish that is sent twice, as a browser may, is done once; who wished what and when stays.
func operationIsDoneOnce(b *bench) {
	d := b.Driver()
	wish := queue.Operation{ID: uuid.Must(uuid.NewV7()), Queue: b.Plain, What: "set aside", Actor: "somebody"}
	times := 0
	for range 2 {
		n, err := d.Note(b.ctx, wish, func() (int, error) { times++; return 1, nil })
		if err != nil || n != 1 {
			b.Errorf("it was about %d, %v", n, err)
		}
	}
	equal(b, "times it was done", times, 1)
	notes, err := d.Notes(b.ctx, b.Plain, 10)
	if err != nil || len(notes) != 1 || notes[0].Actor != "somebody" || notes[0].Count == nil || *notes[0].Count != 1 || notes[0].At.IsZero() {
		b.Errorf("notes %+v, %v", notes, err)
	}
}
