package postgres

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
)

// work handles a run batch by batch. After a failure in a lane the rest of the lane goes back untouched.
func (c *consumer) work(r *run) {
	defer c.held.done(r)
	items := r.items
	for len(items) > 0 {
		if r.ctx.Err() != nil {
			c.settler.release(items)
			return
		}
		batch := items[:min(c.o.Batch, len(items))]
		items = items[len(batch):]
		if !c.batch(r.ctx, c.fresh(batch)) && len(items) > 0 {
			c.settler.release(items)
			return
		}
	}
}

// fresh drops what expired, also while it lay in the buffer.
func (c *consumer) fresh(batch []*item) []*item {
	now := c.now()
	live := make([]*item, 0, len(batch))
	for _, i := range batch {
		if i.expired || !i.ExpiresAt.IsZero() && !now.Before(i.ExpiresAt) {
			c.settler.put(settlement{item: i, result: queue.Expired})
			continue
		}
		live = append(live, i)
	}
	return live
}

// batch is true when nothing has to come again.
func (c *consumer) batch(ctx context.Context, batch []*item) bool {
	if len(batch) == 0 {
		return true
	}
	deliveries := make([]*queue.Delivery, len(batch))
	for n, i := range batch {
		deliveries[n] = &i.Delivery
	}
	err := c.call(ctx, deliveries)
	clean := true
	for _, i := range batch {
		if err != nil && ctx.Err() != nil && !i.Marked() { // the program stops: that is nobody's failure
			c.settler.release([]*item{i})
			clean = false
			continue
		}
		s := settlement{item: i, result: queue.Done, Outcome: c.o.Settle(&i.Delivery, err)}
		switch {
		case s.Dead:
			s.result = queue.Buried
			c.log.Error("message became a dead letter", "queue", c.name, "id", i.ID, "type", i.Type, "attempt", i.Attempt, "reason", s.Reason)
		case s.Reason != "":
			s.result, clean = queue.Retried, false
		}
		c.settler.put(s)
	}
	return clean
}

// call runs the handler within the trace of the message, and writes one line about it.
func (c *consumer) call(ctx context.Context, batch []*queue.Delivery) (err error) {
	if len(batch) == 1 {
		ctx = obs.WithTraceparent(ctx, batch[0].Trace)
	}
	ctx, unit := obs.Start(ctx, c.log, "message", c.name)
	unit.Set("messages", len(batch)).Set("id", batch[0].ID).Set("type", batch[0].Type).Set("attempt", batch[0].Attempt)
	defer func() {
		if cause := recover(); cause != nil {
			unit.Set("stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", cause)
		}
		unit.End(err)
	}()
	return c.handle(ctx, batch)
}
