package rabbitmq_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/rounds-cme/rounds/kit/queue"
)

// To be read side by side, in one run: what the driver does in a second, and what the bare client does with the same bytes on
// the same queue.

func BenchmarkCarry(b *testing.B) {
	p := newPlace(b)
	const part = 2000
	for n := 0; n < b.N; n += part {
		p.put(part)
	}
	b.ResetTimer()
	p.relay()
	p.until("the outbox is empty", func() bool { return p.outbox() == 0 })
	b.ReportMetric(float64((b.N+part-1)/part*part)/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkBareClientPublishes(b *testing.B) {
	p := newPlace(b)
	b.ResetTimer()
	p.fill(b.N)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// fill publishes with a window of a thousand confirms.
func (p *place) fill(count int) {
	const window = 1000
	ch := p.channel(p.node.Admin(p.vhost))
	if err := ch.Confirm(false); err != nil {
		p.t.Fatal(err)
	}
	confirms := ch.NotifyPublish(make(chan amqp.Confirmation, window))
	for sent, confirmed := 0, 0; confirmed < count; {
		if sent < count && sent-confirmed < window {
			m := amqp.Publishing{
				MessageId: uuid.NewString(), Type: "google.protobuf.StringValue", Body: make([]byte, 100), DeliveryMode: amqp.Persistent,
			}
			if err := ch.Publish(plain, "normal", true, false, m); err != nil {
				p.t.Fatal(err)
			}
			sent++
			continue
		}
		if c := <-confirms; !c.Ack {
			p.t.Fatal("the broker refused a message")
		}
		confirmed++
	}
}

func BenchmarkDrain(b *testing.B) {
	p := newPlace(b)
	p.fill(b.N)
	d := p.driver(taker)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var handled atomic.Int64
	b.ResetTimer()
	err := d.Consume(ctx, plain, queue.Options{Batch: 100, Workers: 2, Prefetch: 500}, func(_ context.Context, batch []*queue.Delivery) error {
		if handled.Add(int64(len(batch))) == int64(b.N) {
			stop()
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkBareClientDrains(b *testing.B) {
	p := newPlace(b)
	p.fill(b.N)
	ch := p.channel(p.node.Admin(p.vhost))
	const prefetch = 500
	if err := ch.Qos(prefetch, 0, false); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	deliveries, err := ch.Consume(plain+".normal", "", false, false, false, false, nil)
	if err != nil {
		b.Fatal(err)
	}
	for n := range b.N {
		m := <-deliveries
		if n%100 == 99 || n == b.N-1 {
			if err := m.Ack(true); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
