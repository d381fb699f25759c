package rabbitmq

import (
	"context"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// What failed waits in the queue of its delay, and whoever works on the queue brings it back when it is due. The broker could do that
// by itself, with a time to live and dead letters. But a broker that was killed in the middle of that goes on only after three minutes
// (seen with 3.10: its worker waits so long for confirms that were lost, 32 at once), and shows such messages nowhere.

// wait is one of the queues, and when to look again.
type wait struct {
	name string
	each time.Duration // between two looks at an empty queue
	next time.Time
}

func (c *consumer) bringBack(ctx context.Context) {
	var waits []*wait
	shortest := time.Second
	for _, delay := range c.queue.waits() {
		w := &wait{name: c.queue.waiting(delay), each: min(max(delay/4, 10*time.Millisecond), time.Second)}
		waits, shortest = append(waits, w), min(shortest, w.each)
	}
	var ch *amqp.Channel
	for pause(ctx, shortest); ctx.Err() == nil; pause(ctx, shortest) {
		var err error
		if ch == nil || ch.IsClosed() {
			ch, err = c.in.channel(ctx)
		}
		for _, w := range waits {
			if err == nil && !time.Now().Before(w.next) {
				err = c.lookInto(ctx, ch, w)
			}
		}
		if err != nil && ctx.Err() == nil {
			c.log.Warn("what waits for its next try cannot be brought back; it is tried again", "queue", c.queue.Name, "error", err)
			pause(ctx, time.Second)
		}
	}
	if ch != nil {
		leave(ch)
	}
}

// lookInto brings back what is due, and notes when to look again: when the first that is not due will be.
func (c *consumer) lookInto(ctx context.Context, ch *amqp.Channel, w *wait) error {
	w.next = time.Now().Add(w.each)
	n, err := length(ch, w.name)
	if n == 0 || err != nil {
		return err
	}
	_, err = c.hand(ctx, w.name, mostLetters, func(raw *amqp.Delivery) fate {
		i := decode(c.queue.Name, raw)
		if left := moment(raw.Headers, headerDue).Sub(c.now()); left > 0 {
			w.next = time.Now().Add(min(left, w.each))
			return fate{last: true}
		}
		m := encode(&i.Delivery, i.copyOf)
		m.Headers[headerReason] = text(raw.Headers, headerReason)
		return fate{takes: true, to: &parcel{exchange: c.queue.exchange(), key: i.key, message: m}}
	})
	if err != nil {
		return fmt.Errorf("bring back from %s: %w", w.name, err)
	}
	return nil
}
