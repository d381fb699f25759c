package rabbitmq

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/rounds-cme/rounds/kit/queue"
)

// What an operator does goes over all places where a message may be: the outbox, with what died there while PostgreSQL was the
// driver, and the broker's queues.

// fate is what becomes of a message that a hand goes over: it stays, it goes, or it moves.
type fate struct {
	takes bool
	to    *parcel
	last  bool // those behind it are not looked at
}

// hand goes over the messages of one of the broker's queues, and tells how many it took. What stays comes back in its order.
func (d *Driver) hand(ctx context.Context, name string, most int, decide func(*amqp.Delivery) fate) (int, error) {
	ch, err := d.in.channel(ctx)
	if err != nil {
		return 0, err
	}
	defer leave(ch)
	h := &handful{}
	var stays uint64
	for range most { // not the queue's length, which lags behind what was given back a moment ago
		raw, ok, readErr := ch.Get(name, false)
		if readErr != nil {
			err = fmt.Errorf("read queue %s: %w", name, readErr)
		}
		if !ok || err != nil {
			break
		}
		f := decide(&raw)
		switch {
		case !f.takes:
			stays = raw.DeliveryTag
		case f.to == nil:
			h.took(&raw, nil)
		default:
			f.to.until, f.to.done = time.Now().Add(stopTime), func(err error) { h.took(&raw, err) }
			if h.out == nil {
				h.out = newPublisher(d.out)
			}
			h.out.send(f.to)
		}
		if err = ctx.Err(); err != nil || f.last {
			break
		}
	}
	n, failed := h.end()
	if stays > 0 { // before the channel ends: whoever asks next finds them there
		_ = ch.Nack(stays, true, true)
	}
	if err == nil {
		err = failed
	}
	return n, err
}

// handful counts what was taken, after the broker has the copy.
type handful struct {
	out *publisher // nil while nothing moves

	mu     sync.Mutex
	n      int
	failed error
}

func (h *handful) took(raw *amqp.Delivery, err error) {
	if err == nil {
		err = raw.Ack(false)
	} else {
		_ = raw.Nack(false, true)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.failed = err
		return
	}
	h.n++
}

// end waits for the broker's word on everything.
func (h *handful) end() (int, error) {
	if h.out != nil {
		h.out.close(stopTime)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.n, h.failed
}

// look reads messages of one of the broker's queues, which stay.
func (d *Driver) look(ctx context.Context, q Queue, name string, most int, state queue.State) ([]queue.Letter, error) {
	var all []queue.Letter
	_, err := d.hand(ctx, name, most, func(raw *amqp.Delivery) fate {
		all = append(all, decode(q.Name, raw).letter(state))
		return fate{}
	})
	return all, err
}

// Waiting implements queue.Operator. What comes first at the broker is looked at, which it counts as a delivery; of an ordered queue it
// shows nothing to others while somebody works on it.
func (d *Driver) Waiting(ctx context.Context, name string, limit int) ([]queue.Letter, error) {
	q, err := find(d.table, name)
	if err != nil {
		return nil, err
	}
	put, err := d.outbox.Waiting(ctx, name, limit)
	if err != nil {
		return nil, err
	}
	var all, later []queue.Letter
	for _, key := range q.keys() {
		some, failed := d.look(ctx, q, q.queue(key), limit-len(all), queue.Ready)
		if failed != nil && !q.Ordered {
			return put, fmt.Errorf("messages of queue %s: %w", name, failed)
		}
		all = append(all, some...)
	}
	for _, pause := range q.pauses() {
		some, failed := d.look(ctx, q, pause, max(0, limit-len(all)-len(later)), queue.Delayed)
		if failed != nil {
			return append(all, put...), fmt.Errorf("messages of queue %s: %w", name, failed)
		}
		later = append(later, some...)
	}
	all = slices.Concat(all, put, later)
	return all[:min(limit, len(all))], nil
}

// Dead implements queue.Operator.
func (d *Driver) Dead(ctx context.Context, name string, limit int) ([]queue.Letter, error) {
	q, err := find(d.table, name)
	if err != nil {
		return nil, err
	}
	all, err := d.outbox.Dead(ctx, name, limit)
	if err != nil {
		return nil, err
	}
	some, err := d.look(ctx, q, q.dead(), mostLetters, queue.Dead)
	all = append(all, some...)
	slices.SortStableFunc(all, func(a, b queue.Letter) int { return b.DiedAt.Compare(a.DiedAt) })
	all = all[:min(limit, len(all))]
	if err != nil {
		return all, fmt.Errorf("dead letters of queue %s: %w", name, err)
	}
	return all, nil
}

func (i *item) letter(state queue.State) queue.Letter {
	l := queue.Letter{Delivery: i.Delivery, State: state, Reason: text(i.headers, headerReason)}
	l.Attempt = i.failures
	if state != queue.Dead {
		return l
	}
	l.DiedAt = moment(i.headers, headerDied)
	switch why := text(i.headers, headerBrokers); {
	case l.Reason != "" && !l.DiedAt.IsZero(): // a consumer's word
	case why == "delivery_limit":
		l.Reason = "it was delivered again and again, and nobody came to an end with it"
	case why == "expired":
		l.Reason = "nobody took it in time"
	default:
		l.Reason = "the broker gave it up: " + why
	}
	return l
}

// Replay implements queue.Operator.
func (d *Driver) Replay(ctx context.Context, name string, which queue.Pick) (int, error) {
	return d.pick(ctx, name, which, d.outbox.Replay, func(q Queue, i *item) *parcel {
		return &parcel{exchange: q.exchange(), key: i.key, message: encode(&i.Delivery, copyOf{id: i.ID, replays: i.replays + 1})}
	})
}

// Discard implements queue.Operator.
func (d *Driver) Discard(ctx context.Context, name string, which queue.Pick) (int, error) {
	return d.pick(ctx, name, which, d.outbox.Discard, func(Queue, *item) *parcel { return nil })
}

// pick takes the chosen dead letters, first those in the table. What died since it began stays.
func (d *Driver) pick(ctx context.Context, name string, which queue.Pick,
	table func(context.Context, string, queue.Pick) (int, error), to func(Queue, *item) *parcel,
) (int, error) {
	q, err := find(d.table, name)
	if err != nil {
		return 0, err
	}
	count, err := table(ctx, name, which)
	if err != nil {
		return count, err
	}
	begun := d.now()
	n, err := d.hand(ctx, q.dead(), mostLetters, func(raw *amqp.Delivery) fate {
		i := decode(name, raw)
		if l := i.letter(queue.Dead); l.DiedAt.After(begun) || !which.Has(i.ID, l.Reason) {
			return fate{}
		}
		return fate{takes: true, to: to(q, i)}
	})
	if err != nil {
		return count + n, fmt.Errorf("dead letters of queue %s: %w", name, err)
	}
	return count + n, nil
}

// SetAside implements queue.Operator. What is put meanwhile stays.
func (d *Driver) SetAside(ctx context.Context, name, reason string) (int, error) {
	q, err := find(d.table, name)
	if err != nil {
		return 0, err
	}
	count, err := d.outbox.SetAside(ctx, name, reason)
	if err != nil {
		return count, err
	}
	begun := d.now()
	for _, from := range q.waiters() {
		n, err := d.hand(ctx, from, mostLetters, func(raw *amqp.Delivery) fate {
			i := decode(name, raw)
			if i.PutAt.After(begun) {
				return fate{}
			}
			m := encode(&i.Delivery, i.copyOf)
			m.Headers[headerReason], m.Headers[headerDied] = reason, d.now().UnixMicro()
			return fate{takes: true, to: &parcel{exchange: q.dead(), key: i.key, message: m}}
		})
		count += n
		if err != nil {
			return count, fmt.Errorf("set aside queue %s: %w", name, err)
		}
	}
	return count, nil
}

// Purge implements queue.Operator.
func (d *Driver) Purge(ctx context.Context, name string) (int, error) {
	q, err := find(d.table, name)
	if err != nil {
		return 0, err
	}
	count, err := d.outbox.Purge(ctx, name)
	if err != nil {
		return count, err
	}
	ch, err := d.in.channel(ctx)
	if err != nil {
		return count, err
	}
	defer leave(ch)
	for _, each := range q.waiters() {
		n, err := ch.QueuePurge(each, false)
		if err != nil {
			return count, fmt.Errorf("purge queue %s: %w", each, err)
		}
		count += n
	}
	return count, nil
}

// Note implements queue.Operator.
func (d *Driver) Note(ctx context.Context, o queue.Operation, do func() (int, error)) (int, error) {
	return d.outbox.Note(ctx, o, do)
}

// Notes implements queue.Operator.
func (d *Driver) Notes(ctx context.Context, name string, limit int) ([]queue.Operation, error) {
	return d.outbox.Notes(ctx, name, limit)
}
