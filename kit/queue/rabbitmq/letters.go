package rabbitmq

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/rounds-cme/rounds/kit/queue"
)

// mostLetters bounds what is read of the dead at once.
const mostLetters = 100_000

// length is how many messages are waiting in a queue.
func length(ch *amqp.Channel, name string) (int, error) {
	q, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
	if err != nil {
		return 0, fmt.Errorf("ask for queue %s, which rounds broker setup makes: %w", name, err)
	}
	return q.Messages, nil
}

// saw remembers when the newest message was put that came to us: what still waits came after it.
func (d *Driver) saw(name string, put time.Time) {
	d.mu.Lock()
	d.heads[name] = head{put: put, seen: time.Now()}
	d.mu.Unlock()
}

// age is how long the first waiting message has waited. Who consumes knows without asking; otherwise the message is looked
// at, which the broker counts as a delivery, and therefore not more often than needed.
func (d *Driver) age(ch *amqp.Channel, q Queue) time.Duration {
	d.mu.Lock()
	known := d.heads[q.Name]
	d.mu.Unlock()
	if time.Since(known.seen) > pauseBetween {
		for _, key := range q.keys() {
			raw, ok, err := ch.Get(q.queue(key), false)
			if err != nil || !ok {
				continue
			}
			put := moment(raw.Headers, headerPut)
			_ = raw.Nack(false, true)
			if known.put.IsZero() || time.Since(known.seen) > pauseBetween || put.Before(known.put) {
				known = head{put: put, seen: time.Now()}
			}
		}
		if !known.put.IsZero() {
			d.saw(q.Name, known.put)
		}
	}
	if known.put.IsZero() {
		return 0
	}
	return max(0, d.now().Sub(known.put))
}

// browse gives every message of a queue to look, which says whether it is to be kept. Those come back in their order.
func (d *Driver) browse(ctx context.Context, name string, look func(*amqp.Delivery) (keep bool, err error)) error {
	ch, err := d.in.channel(ctx)
	if err != nil {
		return err
	}
	defer leave(ch)
	var kept uint64
	defer func() {
		if kept > 0 { // before the channel ends: whoever asks next finds them there
			_ = ch.Nack(kept, true, true)
		}
	}()
	for range mostLetters { // not the queue's length, which lags behind what was given back a moment ago
		raw, ok, err := ch.Get(name, false)
		if err != nil {
			return fmt.Errorf("read queue %s: %w", name, err)
		}
		if !ok {
			return nil
		}
		keep, err := look(&raw)
		if keep {
			kept = raw.DeliveryTag
		}
		if err != nil {
			return err
		}
		if keep {
			continue
		}
		if err := raw.Ack(false); err != nil {
			return fmt.Errorf("take from queue %s: %w", name, err)
		}
	}
	return nil
}

// Dead implements queue.Driver.
func (d *Driver) Dead(ctx context.Context, name string, limit int) ([]queue.Letter, error) {
	q, err := find(d.table, name)
	if err != nil {
		return nil, err
	}
	var all []queue.Letter
	err = d.browse(ctx, q.dead(), func(raw *amqp.Delivery) (bool, error) {
		if i, err := decode(name, raw); err == nil {
			all = append(all, i.letter())
		}
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("dead letters of queue %s: %w", name, err)
	}
	slices.SortStableFunc(all, func(a, b queue.Letter) int { return b.DiedAt.Compare(a.DiedAt) })
	return all[:min(limit, len(all))], nil
}

func (i *item) letter() queue.Letter {
	l := queue.Letter{Delivery: i.Delivery, Reason: text(i.headers, headerReason), DiedAt: moment(i.headers, headerDied)}
	l.Attempt = i.failures
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

// Replay implements queue.Driver.
func (d *Driver) Replay(ctx context.Context, name string, ids ...uuid.UUID) (int, error) {
	q, err := find(d.table, name)
	if err != nil {
		return 0, err
	}
	moves := newPublisher(d.out)
	defer moves.close(stopTime)
	count := 0
	err = d.browse(ctx, q.dead(), func(raw *amqp.Delivery) (bool, error) {
		i, err := decode(name, raw)
		if err != nil || len(ids) > 0 && !slices.Contains(ids, i.ID) {
			return true, nil //nolint:nilerr // What is not ours to read stays where it is.
		}
		if err := moves.wait(ctx, q.exchange(), raw.RoutingKey, encode(&i.Delivery, copyOf{id: i.ID, replays: i.replays + 1})); err != nil {
			return true, err
		}
		count++
		return false, nil
	})
	if err != nil {
		return count, fmt.Errorf("replay queue %s: %w", name, err)
	}
	return count, nil
}

// wait sends one message and waits for the broker's word.
func (p *publisher) wait(ctx context.Context, exchange, key string, m amqp.Publishing) error {
	done := make(chan error, 1)
	p.send(&parcel{exchange: exchange, key: key, message: m, until: time.Now().Add(stopTime), done: func(err error) { done <- err }})
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-done:
		return err
	}
}

// Purge implements queue.Driver.
func (d *Driver) Purge(ctx context.Context, name string) (int, error) {
	q, err := find(d.table, name)
	if err != nil {
		return 0, err
	}
	var count int
	if err := d.pool.QueryRow(ctx, `SELECT queue.purge($1)`, name).Scan(&count); err != nil {
		return 0, fmt.Errorf("purge the outbox of %s: %w", name, err)
	}
	ch, err := d.in.channel(ctx)
	if err != nil {
		return count, err
	}
	defer leave(ch)
	var names []string
	for _, key := range q.keys() {
		names = append(names, q.queue(key))
	}
	if !q.Ordered {
		for _, wait := range q.waits() {
			names = append(names, q.waiting(wait))
		}
	}
	for _, each := range names {
		n, err := ch.QueuePurge(each, false)
		if err != nil {
			return count, fmt.Errorf("purge queue %s: %w", each, err)
		}
		count += n
	}
	return count, nil
}
