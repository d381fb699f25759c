package news

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq/rabbittest"
	"github.com/rounds-cme/rounds/test/load/bench"
)

const (
	vhost  = "load"
	secret = "secret"
	window = 1000 // confirms that the bare client waits for, as the driver does
)

func table() []rabbitmq.Queue {
	return []rabbitmq.Queue{{Name: plain, Put: []string{putter}, Take: taker}}
}

func (c *Queue) broker(t *bench.T, store *dbtest.Own) error {
	ctx, cancel := bounded()
	defer cancel()
	node, err := rabbittest.Start(t)
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = node.Stop() })
	m, err := rabbitmq.NewManagement(node.Management())
	if err != nil {
		return err
	}
	if err := m.Setup(ctx, vhost, table(), func(string) string { return secret }); err != nil {
		return err
	}
	driver := func(service string) (*rabbitmq.Driver, error) {
		return rabbitmq.New(rabbitmq.Config{URL: node.URL(rabbitmq.User(service), secret, vhost), Service: service, Table: table()},
			store.Pool(service), quiet(), nil, time.Now)
	}
	bare, err := amqp.Dial(node.Admin(vhost))
	if err != nil {
		return err
	}
	defer func() { _ = bare.Close() }()
	rows := rates{"messages"}
	rows.head()
	published, err := rate(c.Messages, func() error { return c.publish(bare) })
	if err != nil {
		return err
	}
	drained, err := rate(c.Messages, func() error { return c.receive(bare) })
	if err != nil {
		return err
	}
	relay, err := driver(putter)
	if err != nil {
		return err
	}
	defer relay.Close()
	if err := c.put(ctx, store.Pool(putter)); err != nil {
		return err
	}
	carried, err := rate(c.Messages, func() error { return c.carry(ctx, relay, store) })
	if err != nil {
		return err
	}
	rows.pair("the bare client publishes, with confirms", "carried from the outbox to the broker", published, carried)
	d, err := driver(taker)
	if err != nil {
		return err
	}
	defer d.Close()
	ours, err := rate(c.Messages, func() error { return c.drain(ctx, d) })
	if err != nil {
		return err
	}
	rows.pair("the bare client receives and acknowledges", "taken, handled and acknowledged", drained, ours)
	return nil
}

// carry runs the relay until the outbox is empty.
func (c *Queue) carry(ctx context.Context, relay *rabbitmq.Driver, store *dbtest.Own) error {
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- relay.Relay(ctx) }()
	var err error
	for there := true; there && err == nil; time.Sleep(20 * time.Millisecond) {
		err = store.Admin().QueryRow(ctx, `SELECT EXISTS (SELECT FROM queue.message)`).Scan(&there)
	}
	stop()
	return errors.Join(err, <-ended)
}

func (c *Queue) publish(conn *amqp.Connection) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = ch.Close() }()
	if err := ch.Confirm(false); err != nil {
		return err
	}
	confirms := ch.NotifyPublish(make(chan amqp.Confirmation, window))
	for sent, confirmed := 0, 0; confirmed < c.Messages; {
		if sent < c.Messages && sent-confirmed < window {
			m := amqp.Publishing{MessageId: uuid.NewString(), Type: "google.protobuf.StringValue", Body: []byte(sentence), DeliveryMode: amqp.Persistent}
			if err := ch.Publish(plain, "normal", true, false, m); err != nil {
				return err
			}
			sent++
			continue
		}
		if got, open := <-confirms; !open || !got.Ack {
			return errors.New("the broker refused a message")
		}
		confirmed++
	}
	return nil
}

func (c *Queue) receive(conn *amqp.Connection) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = ch.Close() }()
	if err := ch.Qos(c.Batch, 0, false); err != nil {
		return err
	}
	deliveries, err := ch.Consume(plain+".normal", "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	const together = 100 // acknowledgements
	for n := range c.Messages {
		m, open := <-deliveries
		if !open {
			return errors.New("the broker closed the channel")
		}
		if n%together == together-1 || n == c.Messages-1 {
			if err := m.Ack(true); err != nil {
				return err
			}
		}
	}
	return nil
}
