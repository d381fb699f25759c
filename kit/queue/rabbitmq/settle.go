package rabbitmq

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
)

// work handles a run.
func (c *consumer) work(r *run) {
	s := r.session
	now := c.now()
	live := make([]*item, 0, len(r.items))
	for _, i := range r.items {
		if !i.ExpiresAt.IsZero() && !now.Before(i.ExpiresAt) {
			s.finish(i, queue.Expired)
			continue
		}
		live = append(live, i)
	}
	if len(live) == 0 {
		return
	}
	deliveries := make([]*queue.Delivery, len(live))
	for n, i := range live {
		deliveries[n] = &i.Delivery
	}
	err := c.call(r.ctx, deliveries)
	for _, i := range live {
		if err != nil && r.ctx.Err() != nil && !i.Marked() { // the program stops: that is nobody's failure
			r.left = append(r.left, i)
			continue
		}
		c.settle(r, i, c.o.Settle(&i.Delivery, err))
	}
}

func (c *consumer) settle(r *run, i *item, o queue.Outcome) {
	s := r.session
	switch {
	case o.Dead:
		c.log.Error("message became a dead letter", "queue", c.queue.Name, "id", i.ID, "type", i.Type, "attempt", i.Attempt, "reason", o.Reason)
		m := encode(&i.Delivery, i.copyOf)
		m.Headers[headerReason], m.Headers[headerDied] = o.Reason, c.now().UnixMicro()
		m.Headers[headerFailures] = int32(i.Attempt) //nolint:gosec // Bounded by MaxAttempts and what a broker counts.
		s.move(i, queue.Buried, c.queue.dead(), m)
	case o.Reason == "":
		s.finish(i, queue.Done)
	case r.lane != nil:
		c.meter.Left(c.queue.Name, queue.Retried, 1)
		again := *i // what the handler marked is forgotten
		again.Delivery = fresh(&i.Delivery)
		again.failures, again.Attempt = i.failures+1, i.Attempt+1
		s.swap(i, &again)
		r.left, r.wait = append(r.left, &again), max(r.wait, o.Wait)
	default:
		next := i.copyOf
		next.failures++
		m := encode(&i.Delivery, next)
		delay := c.queue.wait(o.Wait)
		m.Headers[headerReason], m.Headers[headerDue] = o.Reason, c.now().Add(delay).UnixMicro()
		s.move(i, queue.Retried, c.queue.waiting(delay), m)
	}
}

// fresh is a delivery without a verdict.
func fresh(d *queue.Delivery) queue.Delivery {
	return queue.Delivery{
		ID: d.ID, Queue: d.Queue, Key: d.Key, Type: d.Type, Body: d.Body, Priority: d.Priority,
		Attempt: d.Attempt, PutAt: d.PutAt, ExpiresAt: d.ExpiresAt, Trace: d.Trace,
	}
}

// swap lets another copy of a message stand for the one that we have.
func (s *session) swap(old, next *item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.here, old.copyOf)
	s.here[next.copyOf] = true
}

// finish is the end of a message; should its acknowledgement be lost, it is known when it comes again.
func (s *session) finish(i *item, result string) {
	s.memory.add(i.done())
	if s.ch.IsClosed() {
		s.meter.Left(s.queue.Name, queue.Lost, 1)
	} else {
		s.acks.put(i.tag)
	}
	s.meter.Left(s.queue.Name, result, 1)
	s.drop(i)
}

// release gives a message back that nobody tried: a copy, since the broker would count what it takes back itself. We must
// have unsubscribed before, or it comes to us.
func (s *session) release(i *item) {
	s.move(i, queue.Released, s.queue.exchange(), encode(&i.Delivery, i.copyOf))
}

// move sends a copy to another queue, and acknowledges the message when the broker has it. If the channel is gone the
// broker has the message anyway, and gives it to somebody.
func (s *session) move(i *item, result, exchange string, m amqp.Publishing) {
	if s.ch.IsClosed() {
		s.drop(i)
		return
	}
	s.moving.Add(1)
	s.moves.send(&parcel{exchange: exchange, key: i.key, message: m, done: func(err error) {
		defer s.moving.Done()
		if err != nil {
			s.log.Error("a message cannot be moved and comes again", "queue", s.queue.Name, "id", i.ID, "to", exchange, "error", err)
			s.drop(i)
			_ = s.ch.Nack(i.tag, false, true)
			return
		}
		if result != queue.Released {
			s.memory.add(i.copyOf)
		}
		s.acks.put(i.tag)
		s.meter.Left(s.queue.Name, result, 1)
		s.drop(i)
	}})
}

// call runs the handler within the trace of the message, and writes one line about it.
func (c *consumer) call(ctx context.Context, batch []*queue.Delivery) (err error) {
	if len(batch) == 1 {
		ctx = obs.WithTraceparent(ctx, batch[0].Trace)
	}
	ctx, unit := obs.Start(ctx, c.log, "message", c.queue.Name)
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

// acks says acknowledgements: all up to a number with one word while they come in order, and, after a moment, one by one what is ahead
// of a message that still is in somebody's hands.
type acks struct {
	*session
	settled chan uint64
	over    chan struct{}
	last    uint64 // everything up to here is acknowledged
	ahead   map[uint64]bool
}

func newAcks(s *session) *acks {
	a := &acks{session: s, settled: make(chan uint64, window), over: make(chan struct{}), ahead: map[uint64]bool{}}
	go a.run()
	return a
}

func (a *acks) put(tag uint64) {
	select {
	case a.settled <- tag:
	case <-a.over:
	}
}

const endOfAcks = 0 // no tag is

// close says what is left; later ones are not heard.
func (a *acks) close() {
	a.put(endOfAcks)
	<-a.over
}

func (a *acks) run() {
	defer close(a.over)
	var late <-chan time.Time
	for {
		var group []uint64
		select {
		case tag := <-a.settled:
			group = append(group, tag)
		case <-late:
			late = nil
			a.each()
			continue
		}
		for more := true; more && len(group) < window; {
			select {
			case tag := <-a.settled:
				group = append(group, tag)
			default:
				more = false
			}
		}
		end := slices.Contains(group, endOfAcks)
		a.flush(group)
		if end {
			a.each()
			return
		}
		if late == nil && len(a.ahead) > 0 {
			late = time.After(catchesUp)
		}
	}
}

// catchesUp is how long a message may take until those behind it are acknowledged one by one.
const catchesUp = 20 * time.Millisecond

// flush never names a number twice, which the broker takes for a mistake and closes the channel.
func (a *acks) flush(group []uint64) {
	for _, tag := range group {
		if tag != endOfAcks {
			a.ahead[tag] = false // not said yet
		}
	}
	var upTo uint64
	for {
		said, settled := a.ahead[a.last+1]
		if !settled {
			break
		}
		a.last++
		delete(a.ahead, a.last)
		if !said {
			upTo = a.last
		}
	}
	if upTo > 0 {
		_ = a.ch.Ack(upTo, true) // without a channel they come again, and are known
	}
}

// each says what is ahead, so that a message that takes long does not use up what may be under way.
func (a *acks) each() {
	for tag, said := range a.ahead {
		if !said {
			a.ahead[tag] = true
			_ = a.ch.Ack(tag, false)
		}
	}
}

// pauseBetween keeps a look at the first message of a queue from becoming a load on it.
const pauseBetween = 5 * time.Second
