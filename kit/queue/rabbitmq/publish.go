package rabbitmq

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// window is how many messages may be without a confirm. Fewer leave the broker idle between its writes to disk, many
// more only make a restart repeat more.
const window = 1000

// Reasons why a message was not taken.
var (
	errLate    = errors.New("the broker did not confirm in time")
	errRefused = errors.New("the broker refused the message")
	errNoRoute = errors.New("the broker has no queue for the message: run rounds broker setup")
	errStopped = errors.New("the program stops")
)

// parcel is a message on its way to the broker.
type parcel struct {
	exchange, key string
	message       amqp.Publishing
	until         time.Time   // not sent again from then on; zero: as long as we live
	done          func(error) // called once; nil: the broker has it on disk
}

// publisher sends in order on a channel of its own and waits for confirms, as many as the window allows at once. What is
// not confirmed when the connection goes is sent again on the next one, in the same order and under the same id.
//
//	send ──> sent ──ack──> done
//	  ^        │ connection lost
//	  └────────┘
type publisher struct {
	link *link
	in   chan *parcel
	stop context.Context //nolint:containedctx // It bounds the dialling of a loop, not a call.
	halt context.CancelFunc
	over chan struct{}

	again []*parcel // to be sent before anything new
	sent  map[uint64]*parcel
	next  uint64 // delivery tag
}

func newPublisher(l *link) *publisher {
	p := &publisher{link: l, in: make(chan *parcel, window), over: make(chan struct{})}
	p.stop, p.halt = context.WithCancel(context.Background())
	go p.run()
	return p
}

// send hands a parcel over; while the broker is away it waits as soon as a window of them has gathered.
func (p *publisher) send(x *parcel) {
	select {
	case p.in <- x:
	case <-p.over:
		x.done(errStopped)
	}
}

// close waits for what is under way, but not for longer than given; nobody may send any more.
func (p *publisher) close(patience time.Duration) {
	close(p.in)
	timer := time.AfterFunc(patience, p.halt)
	<-p.over
	timer.Stop()
	p.halt()
}

func (p *publisher) run() {
	defer close(p.over)
	const longest = 2 * time.Second
	wait := 50 * time.Millisecond
	for p.stop.Err() == nil {
		ch, err := p.link.channel(p.stop)
		if err != nil {
			p.giveUp(time.Now())
			pause(p.stop, wait)
			wait = min(2*wait, longest)
			continue
		}
		finished, err := p.session(ch)
		if finished {
			_ = ch.Close()
			return
		}
		if err != nil {
			p.link.log.Warn("publishing was interrupted; what is not confirmed is sent again", "messages", len(p.again), "error", err)
		} else {
			wait = 50 * time.Millisecond
		}
		pause(p.stop, wait)
	}
	for _, x := range p.again {
		x.done(errStopped)
	}
	for {
		select {
		case x, open := <-p.in:
			if !open {
				return
			}
			x.done(errStopped)
		default:
			return
		}
	}
}

func pause(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// giveUp drops what may not be sent any more.
func (p *publisher) giveUp(now time.Time) {
	p.again = slices.DeleteFunc(p.again, func(x *parcel) bool {
		late := !x.until.IsZero() && now.After(x.until)
		if late {
			x.done(errLate)
		}
		return late
	})
}

// session publishes on one channel until it ends, or until there is nothing more to do.
func (p *publisher) session(ch *amqp.Channel) (finished bool, err error) {
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	confirms := ch.NotifyPublish(make(chan amqp.Confirmation, 2*window))
	returns := ch.NotifyReturn(make(chan amqp.Return, 2*window))
	if err := ch.Confirm(false); err != nil {
		return false, err
	}
	p.sent, p.next = make(map[uint64]*parcel, window), 0
	defer p.keep()
	returned := map[string]bool{}
	in := p.in
	for {
		if in == nil && len(p.sent) == 0 && len(p.again) == 0 {
			return true, nil
		}
		changed, blocked := p.link.state()
		source := in
		if blocked != nil || len(p.sent) >= window {
			source = nil
		} else if len(p.again) > 0 {
			x := p.again[0]
			p.again = p.again[1:]
			if err := p.publish(ch, x); err != nil {
				return false, err
			}
			continue
		}
		select {
		case x, open := <-source:
			if !open {
				in = nil
				continue
			}
			if err := p.publish(ch, x); err != nil {
				return false, err
			}
		case r, open := <-returns:
			if open {
				returned[r.MessageId] = true
			}
		case c, open := <-confirms:
			if !open {
				return false, errLost
			}
			drain(returns, returned)
			p.confirm(c, returned)
		case err := <-closed:
			if err != nil {
				return false, err
			}
			return false, errLost
		case <-changed:
		case <-p.stop.Done():
			return false, errStopped
		}
	}
}

// drain reads what the broker returned: it says so before it confirms.
func drain(returns <-chan amqp.Return, returned map[string]bool) {
	for {
		select {
		case r, open := <-returns:
			if !open {
				return
			}
			returned[r.MessageId] = true
		default:
			return
		}
	}
}

func (p *publisher) publish(ch *amqp.Channel, x *parcel) error {
	p.next++
	p.sent[p.next] = x // also when it fails: it may have arrived
	const mandatory = true
	return ch.PublishWithContext(context.Background(), x.exchange, x.key, mandatory, false, x.message)
}

func (p *publisher) confirm(c amqp.Confirmation, returned map[string]bool) {
	x, known := p.sent[c.DeliveryTag]
	if !known {
		return
	}
	delete(p.sent, c.DeliveryTag)
	switch {
	case returned[x.message.MessageId]:
		delete(returned, x.message.MessageId)
		x.done(errNoRoute)
	case !c.Ack:
		x.done(errRefused)
	default:
		x.done(nil)
	}
}

// keep puts what is without an answer in front of what comes next.
func (p *publisher) keep() {
	var unconfirmed []*parcel
	for _, tag := range slices.Sorted(maps.Keys(p.sent)) {
		unconfirmed = append(unconfirmed, p.sent[tag])
	}
	p.sent = nil
	p.again = append(unconfirmed, p.again...)
	p.giveUp(time.Now())
}

// tally counts what is under way, so that one can wait until it is little.
type tally struct {
	mu    sync.Mutex
	n     int
	freed chan struct{}
}

func newTally() *tally { return &tally{freed: make(chan struct{}, 1)} }

func (t *tally) add(n int) {
	t.mu.Lock()
	t.n += n
	t.mu.Unlock()
	if n < 0 {
		select {
		case t.freed <- struct{}{}:
		default:
		}
	}
}

// room waits until half of what may be under way is free, so that what is fetched is worth its round trip.
func (t *tally) room(ctx context.Context, limit int) int {
	for {
		t.mu.Lock()
		free := limit - t.n
		t.mu.Unlock()
		if free >= max(1, limit/2) {
			return free
		}
		select {
		case <-ctx.Done():
			return 0
		case <-t.freed:
		}
	}
}
