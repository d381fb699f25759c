package rabbitmq

import (
	"context"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/rounds-cme/rounds/kit/queue"
)

// consumer is one call of Consume.
type consumer struct {
	*Driver
	queue   Queue
	o       queue.Options
	handle  queue.Handler
	memory  *memory
	moves   *publisher // to the queues that wait, and of the dead
	runs    chan *run
	express chan *run // of what is urgent, to workers who do nothing else
	ended   chan *run
}

// run is what one worker does in one go: a batch, or the next messages of a lane.
type run struct {
	items   []*item
	lane    *lane
	session *session
	ctx     context.Context //nolint:containedctx // The handler's, chosen by who cut the run.
	left    []*item         // what comes again, in order
	wait    time.Duration   // and after how long
}

// Consume implements queue.Driver.
func (d *Driver) Consume(ctx context.Context, name string, o queue.Options, h queue.Handler) error {
	q, err := find(d.table, name)
	if err != nil {
		return err
	}
	o = o.WithDefaults()
	c := &consumer{
		Driver: d, queue: q, o: o, handle: h, memory: d.memoryOf(name), moves: newPublisher(d.out),
		runs: make(chan *run), express: make(chan *run), ended: make(chan *run, o.Workers+o.Express),
	}
	var workers sync.WaitGroup
	for n := range o.Workers + o.Express {
		runs := c.runs
		if n >= o.Workers {
			runs = c.express
		}
		workers.Go(func() {
			for r := range runs {
				c.work(r)
				c.ended <- r
			}
		})
	}
	// A broker that takes nothing must not keep a worker, who has something for it, from ending.
	defer context.AfterFunc(ctx, func() { time.AfterFunc(2*stopTime, c.moves.halt) })()
	d.work(name, 1)
	defer d.work(name, -1)
	workers.Go(func() { d.meter.Watch(ctx, name, d.Stats) })
	if !q.Ordered {
		workers.Go(func() { c.bringBack(ctx) })
	}
	c.stay(ctx)
	close(c.runs)
	close(c.express)
	workers.Wait()
	c.moves.close(stopTime)
	d.meter.Last(name)
	return nil
}

// stay opens one session after the other until ctx ends.
func (c *consumer) stay(ctx context.Context) {
	const most = 2 * time.Second
	wait := 50 * time.Millisecond
	for ctx.Err() == nil {
		begun := time.Now()
		err := c.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begun) > most {
			wait = 50 * time.Millisecond
		}
		c.log.Warn("consuming was interrupted; what is not acknowledged comes again", "queue", c.queue.Name, "error", err)
		pause(ctx, wait)
		wait = min(2*wait, most)
	}
}

func (c *consumer) once(ctx context.Context) error {
	ch, err := c.in.channel(ctx)
	if err != nil {
		return err
	}
	defer leave(ch)
	prefetch := c.o.Prefetch
	if c.queue.Ordered {
		prefetch = max(c.o.Batch, prefetch/lanes)
	}
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return fmt.Errorf("set prefetch: %w", err)
	}
	s := newSession(c, ch)
	if err := s.subscribe(c.queue); err != nil {
		return err
	}
	s.serve(ctx)
	s.close()
	return s.why
}

// session is a consumer's time on one channel. It ends when the channel does, or when the consumer is told to stop; either
// way it is over only when no handler runs any more, so that what is delivered again meets nobody who still works on it.
type session struct {
	*consumer
	ch      *amqp.Channel
	in      chan *item
	closed  chan *amqp.Error
	tags    []string // of its subscriptions
	buffer  buffer
	busy    int     // runs in the hands of workers
	unbegun []*item // a handler left them when it was told to stop
	why     error

	ctx    context.Context //nolint:containedctx // Ends with the channel, for handlers of an ordered queue.
	cancel context.CancelCauseFunc
	acks   *acks
	moving sync.WaitGroup

	mu   sync.Mutex
	here map[copyOf]bool
}

func newSession(c *consumer, ch *amqp.Channel) *session {
	s := &session{
		consumer: c, ch: ch, in: make(chan *item), closed: ch.NotifyClose(make(chan *amqp.Error, 1)),
		here: map[copyOf]bool{}, buffer: newBuffer(c.queue, c.o.Batch),
	}
	s.acks = newAcks(s)
	return s
}

// subscribe begins to receive, the most urgent first.
func (s *session) subscribe(q Queue) error {
	var all sync.WaitGroup
	for _, key := range q.keys() {
		tag := q.queue(key)
		deliveries, err := s.ch.Consume(tag, tag, false, false, false, false, nil)
		if err != nil {
			s.acks.close()
			return fmt.Errorf("consume %s: %w", tag, err)
		}
		s.tags = append(s.tags, tag)
		lane := s.buffer.lane(key)
		all.Go(func() {
			for raw := range deliveries {
				s.receive(&raw, key, lane)
			}
		})
	}
	go func() { all.Wait(); close(s.in) }()
	return nil
}

func (s *session) receive(raw *amqp.Delivery, key string, lane int) {
	i := decode(s.queue.Name, raw)
	i.session, i.lane, i.key = s, lane, key
	i.Attempt = i.attempt(s.o.MaxAttempts)
	s.meter.Came(s.queue.Name, i.Attempt)
	s.in <- i
}

// add takes a message into the buffer unless it is a double: of one that was finished, or of one that we have. In that
// case the broker still holds the first, and gives it to somebody else if we fail.
func (s *session) add(i *item) {
	s.mu.Lock()
	double := s.here[i.copyOf]
	s.here[i.copyOf] = true
	s.mu.Unlock()
	if known := s.memory.knows(i.copyOf); known && !double {
		s.gone(i)
		double = true
	}
	if double {
		s.meter.Left(s.queue.Name, queue.Doubled, 1)
		s.acks.put(i.tag)
		return
	}
	s.hold(s.queue.Name, 1)
	s.saw(s.queue.Name, i.PutAt)
	s.buffer.add(i)
}

func (s *session) gone(i *item) {
	s.mu.Lock()
	delete(s.here, i.copyOf)
	s.mu.Unlock()
}

// drop lets go of a message that we held.
func (s *session) drop(i *item) {
	s.gone(i)
	s.hold(s.queue.Name, -1)
}

// serve moves messages from the broker to workers until the channel or ctx ends.
func (s *session) serve(ctx context.Context) {
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	defer s.cancel(nil)
	stop := ctx.Done()
	stopping := false
	in := s.in
	for !stopping || s.busy > 0 || in != nil && !s.queue.Ordered {
		var next *run
		var runs, express chan<- *run
		var later <-chan time.Time
		if !stopping {
			var wait time.Duration
			if next, wait = s.buffer.next(time.Now()); next != nil {
				next.session, next.ctx, runs = s, s.handlerContext(ctx), s.runs
				if next.items[0].key == keyUrgent {
					express = s.express
				}
			} else if wait > 0 {
				later = time.After(wait)
			}
		}
		select {
		case i, open := <-in:
			switch {
			case !open:
				in, stopping = nil, true
				s.cancel(errLost)
			case stopping && (ctx.Err() == nil || s.queue.Ordered): // the broker gives it to somebody else
			default:
				s.add(i)
			}
		case runs <- next:
			s.buffer.take(next)
			s.busy++
		case express <- next:
			s.buffer.take(next)
			s.busy++
		case r := <-s.ended:
			s.busy--
			if r.lane == nil {
				s.unbegun = append(s.unbegun, r.left...)
			} else {
				s.buffer.done(r, time.Now())
			}
		case <-later:
		case <-stop:
			stop, stopping = nil, true
			go s.unsubscribe()
		case err := <-s.closed:
			s.why, s.closed, stopping = reason(err), nil, true
			s.cancel(errLost)
		}
	}
}

func reason(err *amqp.Error) error {
	if err == nil {
		return errLost
	}
	return err
}

// handlerContext ends for a handler when the program stops; in an ordered queue also when the channel is lost, because
// somebody else has the lane then. Elsewhere a handler ends what it began, and the double is known by its id.
func (s *session) handlerContext(ctx context.Context) context.Context {
	if s.queue.Ordered {
		return s.ctx
	}
	return ctx
}

// unsubscribe has the broker send no more; what it sent before is still received. In an ordered queue the broker would
// wake the next consumer of a lane while a handler of ours still works on it, so there only the channel's end says it.
func (s *session) unsubscribe() {
	if s.queue.Ordered {
		return
	}
	for _, tag := range s.tags {
		if err := s.ch.Cancel(tag, false); err != nil {
			return // the channel is gone, and its messages with it
		}
	}
}

// close gives back what was not begun, waits for what is under way to the broker, and says the last acknowledgements.
func (s *session) close() {
	go func() {
		for range s.in { // what still comes is the broker's when the channel ends
		}
	}()
	for _, i := range append(s.unbegun, s.buffer.all()...) {
		if s.queue.Ordered || s.ch.IsClosed() {
			s.drop(i)
			continue
		}
		s.release(i)
	}
	waited := make(chan struct{})
	go func() { s.moving.Wait(); close(waited) }()
	select {
	case <-waited:
	case <-time.After(stopTime):
	}
	s.acks.close()
}
