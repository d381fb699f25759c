package rabbitmq

import (
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/rounds-cme/rounds/kit/queue"
)

// What AMQP has no field for travels in headers. Times are microseconds, since its own timestamp has only seconds.
const (
	headerKey      = "x-key"
	headerPut      = "x-put-at"
	headerExpires  = "x-expires-at"
	headerTrace    = "traceparent"
	headerPriority = "x-priority"
	headerFailures = "x-failures" // tries that failed; a try that a crash cut short is counted by the broker
	headerReplays  = "x-replays"  // how often an operator took it back from the dead
	headerReason   = "x-reason"
	headerDied     = "x-died-at"
	headerDue      = "x-due-at" // of a message that waits for its next try

	headerDeliveries = "x-delivery-count" // by the broker
	headerBrokers    = "x-first-death-reason"
)

// copyOf identifies one copy of a message among those that may be under way.
type copyOf struct {
	id       uuid.UUID
	replays  int
	failures int
}

const highest = 9 // priority

const finished = -1 // instead of failures: no copy is wanted any more

func (c copyOf) done() copyOf { c.failures = finished; return c }

// item is a message in our hands.
type item struct {
	queue.Delivery
	copyOf

	session *session
	tag     uint64
	key     string // routing key that it came with
	lane    int
	headers amqp.Table
}

// encode makes the message for the broker: durable, under its own id however often it is sent.
func encode(d *queue.Delivery, c copyOf) amqp.Publishing {
	headers := amqp.Table{
		headerKey: d.Key, headerPut: d.PutAt.UnixMicro(), headerTrace: d.Trace, headerPriority: d.Priority,
		headerFailures: int32(min(c.failures, math.MaxInt32)), headerReplays: int32(min(c.replays, math.MaxInt32)), //nolint:gosec // Bounded.
	}
	if !d.ExpiresAt.IsZero() {
		headers[headerExpires] = d.ExpiresAt.UnixMicro()
	}
	return amqp.Publishing{
		MessageId: d.ID.String(), Type: d.Type, Body: d.Body, Headers: headers,
		DeliveryMode: amqp.Persistent, ContentType: "application/x-protobuf", Timestamp: d.PutAt,
	}
}

// decode reads what encode wrote. A message without an id was not put by us, but by somebody with an account; it gets one that is made of
// what it carries, and goes the way of all: whoever works on the queue says what is wrong with it, and operators see that.
func decode(name string, raw *amqp.Delivery) *item {
	id, err := uuid.Parse(raw.MessageId)
	if err != nil {
		id = uuid.NewSHA1(uuid.NameSpaceOID, slices.Concat([]byte(raw.MessageId+"\n"+raw.Type+"\n"), raw.Body))
	}
	i := &item{tag: raw.DeliveryTag, key: raw.RoutingKey, headers: raw.Headers}
	i.copyOf = copyOf{id: id, failures: tries(raw.Headers, headerFailures), replays: tries(raw.Headers, headerReplays)}
	i.Delivery = queue.Delivery{
		ID: id, Queue: name, Type: raw.Type, Body: raw.Body,
		Key: text(raw.Headers, headerKey), Trace: text(raw.Headers, headerTrace),
		Priority: int16(min(max(number(raw.Headers, headerPriority), 0), highest)), //nolint:gosec // Bounded.
		PutAt:    moment(raw.Headers, headerPut), ExpiresAt: moment(raw.Headers, headerExpires),
	}
	if i.Body == nil {
		i.Body = []byte{}
	}
	return i
}

// attempt counts failures, and tries that were cut short, but of these at most half of what may be: they may be restarts
// of ours, or somebody who looked into the queue, and must not be what a message dies of.
func (i *item) attempt(most int) int {
	interrupted := tries(i.headers, headerDeliveries)
	return 1 + i.failures + min(interrupted, most/2)
}

func text(t amqp.Table, name string) string {
	s, _ := t[name].(string)
	return s
}

func number(t amqp.Table, name string) int64 {
	switch n := t[name].(type) {
	case int64:
		return n
	case int32:
		return int64(n)
	case int16:
		return int64(n)
	case int8:
		return int64(n)
	case uint8:
		return int64(n)
	}
	return 0
}

// tries reads a count, which whoever writes past us may have written as anything.
func tries(t amqp.Table, name string) int {
	return int(min(max(number(t, name), 0), math.MaxInt32))
}

func moment(t amqp.Table, name string) time.Time {
	if n := number(t, name); n != 0 {
		return time.UnixMicro(n).UTC()
	}
	return time.Time{}
}
