package rabbitmq

import (
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
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

// age is how long the first waiting message has waited. Who consumes knows without asking, and must not ask: a message that lies in
// front for hours would be ended by the broker for all our looking. Others look at it, which the broker counts as a delivery, and
// therefore not more often than needed.
func (d *Driver) age(ch *amqp.Channel, q Queue) time.Duration {
	d.mu.Lock()
	known, ours := d.heads[q.Name], d.works[q.Name] > 0
	d.mu.Unlock()
	if !ours && time.Since(known.seen) > pauseBetween {
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
