package queuetest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/queue"
)

// Many puts a great number of messages, a multiple of 2000, into the ordered queue and takes them at the same time, with two
// instances: each comes once and in its key's order. It says how long that took.
func Many(t *testing.T, rig Rig, count int) {
	t.Helper()
	const keys, part = 100, 2000
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // reached only when it fails
	defer cancel()
	b := &bench{T: t, Rig: rig, ctx: ctx}
	var mu sync.Mutex
	next := map[string]int{}
	var handled atomic.Int64
	all := make(chan struct{})
	handle := func(_ context.Context, batch []*queue.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		for _, d := range batch {
			if got, want := body(d), numbered(next[d.Key]); got != want {
				t.Errorf("key %s: %s came, want %s", d.Key, got, want)
			}
			next[d.Key]++
		}
		if handled.Add(int64(len(batch))) == int64(count) {
			close(all)
		}
		return nil
	}
	o := queue.Options{Workers: 2, Batch: 200, Prefetch: 4000}
	begun := time.Now()
	stops := []func(){b.consume(b.Ordered, o, handle), b.consume(b.Ordered, o, handle)}
	for n := 0; n < count; n += part {
		messages := make([]queue.Message, part)
		for i := range messages {
			messages[i] = message(b.Ordered, numbered((n+i)/keys))
			messages[i].Key = numbered(i % keys)
		}
		b.put(messages...)
	}
	put := time.Since(begun)
	select {
	case <-all:
	case <-ctx.Done():
		t.Fatalf("%d of %d came", handled.Load(), count)
	}
	t.Logf("put in %s, all done after %s", put, time.Since(begun))
	for _, stop := range stops {
		stop()
	}
	equal(b, "handled", handled.Load(), int64(count))
}
