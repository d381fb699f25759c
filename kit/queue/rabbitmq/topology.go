package rabbitmq

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Queue is one line of the table of queues: what stands at the broker follows from it, and who may do what.
type Queue struct {
	Name string
	// Put and Take are the services that may.
	Put  []string
	Take string
	// Ordered: messages of one key are handled one after another.
	Ordered bool
	// Keep is how long a message that nobody takes stays before it becomes a dead letter; a week when zero. A message's
	// own end is another thing: it is looked at when the message is taken, since the broker would only look at the first one.
	Keep time.Duration
	// Waits are the delays of tries: a message waits in the queue of the shortest one that is long enough, or the longest.
	Waits []time.Duration
}

const (
	week = 7 * 24 * time.Hour
	// lanes are as many as can be worked on at once in an ordered queue; each is a queue with one active consumer.
	lanes = 8
	// mostDeliveries ends a message that kills whoever touches it; what fails in order is counted by its consumer, and ends
	// long before.
	mostDeliveries = 1000
	keyUrgent      = "urgent"
	keyNormal      = "normal"
)

// defaultWaits follow the doubling back-off of consumers in steps of four.
func defaultWaits() []time.Duration {
	return []time.Duration{time.Second, 4 * time.Second, 16 * time.Second, time.Minute, 5 * time.Minute}
}

func (q Queue) waits() []time.Duration {
	if len(q.Waits) == 0 {
		return defaultWaits()
	}
	return q.Waits
}

// wait is the delay that is used for one that is wanted.
func (q Queue) wait(wanted time.Duration) time.Duration {
	waits := q.waits()
	for _, w := range waits {
		if w >= wanted {
			return w
		}
	}
	return waits[len(waits)-1]
}

// exchange is where messages come in; its routing keys are the last parts of the names of main.
func (q Queue) exchange() string                  { return q.Name }
func (q Queue) dead() string                      { return q.Name + ".dead" }
func (q Queue) waiting(wait time.Duration) string { return q.Name + ".retry." + wait.String() }
func (q Queue) queue(key string) string           { return q.Name + "." + key }
func laneKey(lane int) string                     { return "lane." + strconv.Itoa(lane) }

// keys are the routing keys of the queues that consumers read, the most urgent first.
func (q Queue) keys() []string {
	if !q.Ordered {
		return []string{keyUrgent, keyNormal}
	}
	var all []string
	for n := range lanes {
		all = append(all, laneKey(n))
	}
	return all
}

// pauses are the queues in which messages wait for their next try.
func (q Queue) pauses() []string {
	if q.Ordered {
		return nil
	}
	var all []string
	for _, wait := range q.waits() {
		all = append(all, q.waiting(wait))
	}
	return all
}

// waiters are all queues in which messages wait.
func (q Queue) waiters() []string {
	var all []string
	for _, key := range q.keys() {
		all = append(all, q.queue(key))
	}
	return append(all, q.pauses()...)
}

// Object is something that stands at the broker.
type Object struct {
	Kind      string // "exchange", "queue" or "binding"
	Name      string
	Type      string         // of an exchange
	Arguments map[string]any // of a queue
	From, Key string         // of a binding, to the queue Name
}

// Objects are all that a queue is made of: the routes of a message, readable from top to bottom.
func (q Queue) Objects() []Object {
	keep := q.Keep
	if keep == 0 {
		keep = week
	}
	all := []Object{
		{Kind: "exchange", Name: q.dead(), Type: "fanout"},
		{Kind: "queue", Name: q.dead(), Arguments: quorum()},
		{Kind: "binding", Name: q.dead(), From: q.dead()},
		{Kind: "exchange", Name: q.exchange(), Type: "direct"},
	}
	for _, key := range q.keys() {
		arguments := deadLetters(q.dead(), keep)
		arguments["x-delivery-limit"] = mostDeliveries
		if q.Ordered {
			arguments["x-single-active-consumer"] = true
		}
		all = append(all, Object{Kind: "queue", Name: q.queue(key), Arguments: arguments},
			Object{Kind: "binding", Name: q.queue(key), From: q.exchange(), Key: key})
	}
	if q.Ordered {
		return all // its consumers wait by themselves: what fails holds up its lane
	}
	for _, wait := range q.waits() { // from here a consumer takes it back to the exchange, with the routing key that it came with
		name := q.waiting(wait)
		all = append(all, Object{Kind: "exchange", Name: name, Type: "fanout"},
			Object{Kind: "queue", Name: name, Arguments: quorum()},
			Object{Kind: "binding", Name: name, From: name})
	}
	return all
}

func quorum() map[string]any { return map[string]any{"x-queue-type": "quorum"} }

// deadLetters sends what is as old as that to an exchange, and keeps it until it has arrived there.
func deadLetters(exchange string, after time.Duration) map[string]any {
	return map[string]any{
		"x-queue-type":           "quorum",
		"x-message-ttl":          after.Milliseconds(),
		"x-dead-letter-exchange": exchange,
		"x-dead-letter-strategy": "at-least-once",
		"x-overflow":             "reject-publish", // without it the broker falls back to at most once
	}
}

// Rights are regular expressions on names, as the broker wants them.
type Rights struct{ Configure, Write, Read string }

// RightsOf tells what a service may: put into the exchange of a queue that it fills; read the queues of one that it works
// on, and move its messages within it. Nobody changes the topology but setup.
func RightsOf(table []Queue, service string) Rights {
	var write, read []string
	for _, q := range table {
		name := regexp.QuoteMeta(q.Name)
		switch {
		case q.Take == service:
			write = append(write, name+`(\..+)?`)
			read = append(read, name+`\..+`)
		case slices.Contains(q.Put, service):
			write = append(write, name)
		}
	}
	return Rights{Configure: "^$", Write: oneOf(write), Read: oneOf(read)}
}

func oneOf(names []string) string {
	if len(names) == 0 {
		return "^$"
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

// Services are all who have an account.
func Services(table []Queue) []string {
	var all []string
	for _, q := range table {
		all = append(all, q.Take)
		all = append(all, q.Put...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// User is a service's account.
func User(service string) string { return "rounds_" + service }

func find(table []Queue, name string) (Queue, error) {
	for _, q := range table {
		if q.Name == name {
			return q, nil
		}
	}
	return Queue{}, fmt.Errorf("there is no queue %s in the table of queues", name)
}
