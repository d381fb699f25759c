package rabbitmq

import (
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/rounds-cme/rounds/kit/queue"
)

// FuzzDecode reads messages as anybody with an account at the broker could write them: whatever stands in their headers, counts are
// counts, and no copy looks as if it had been finished. What we wrote ourselves comes back as it was.
func FuzzDecode(f *testing.F) {
	f.Add("0191d9a5-7d3c-7c57-8b43-4b1e3b0f0a11", "rounds.event.v1.Notification", []byte("body"), "key", int64(3), int64(1_764_000_000_000_000), true)
	f.Add("", "", []byte(nil), "", int64(-1), int64(math.MinInt64), false)
	f.Add("not an id", "x", []byte{0xff}, "\x00", int64(math.MaxInt64), int64(math.MaxInt64), false)
	f.Fuzz(func(t *testing.T, id, kind string, body []byte, key string, number, micros int64, whole bool) {
		headers := amqp.Table{
			headerKey: key, headerTrace: key, headerPut: micros, headerExpires: micros, headerPriority: number, headerFailures: number,
			headerReplays: number, headerDeliveries: number, headerReason: body,
		}
		if !whole { // of the wrong types
			headers = amqp.Table{headerKey: number, headerPut: key, headerExpires: body, headerPriority: key, headerFailures: int16(number), headerReplays: nil} //nolint:gosec // On purpose.
		}
		i := decode("test", &amqp.Delivery{MessageId: id, Type: kind, Body: body, Headers: headers})
		if own, err := uuid.Parse(id); err == nil && i.ID != own || i.ID == uuid.Nil && own != uuid.Nil || i.ID != i.id {
			t.Fatalf("id %q became %s", id, i.ID)
		}
		if i.failures < 0 || i.replays < 0 || i.Priority < 0 || i.Priority > 9 || i.Body == nil {
			t.Fatalf("read %+v", i)
		}
		if most := 8; i.attempt(most) < 1 || i.attempt(most) > 1+i.failures+most/2 {
			t.Fatalf("attempt %d after %d failures", i.attempt(most), i.failures)
		}
		_, _ = i.Message()
		back(t, i)
	})
}

// back writes what was read and reads it again.
func back(t *testing.T, i *item) {
	t.Helper()
	raw := encode(&i.Delivery, i.copyOf)
	again := decode("test", &amqp.Delivery{MessageId: raw.MessageId, Type: raw.Type, Body: raw.Body, Headers: raw.Headers})
	type envelope struct {
		id              uuid.UUID
		kind, key, body string
		priority        int16
		put, expires    time.Time
		copyOf          copyOf
	}
	of := func(d *queue.Delivery, c copyOf) envelope {
		return envelope{d.ID, d.Type, d.Key, string(d.Body), d.Priority, d.PutAt, d.ExpiresAt, c}
	}
	if was, is := of(&i.Delivery, i.copyOf), of(&again.Delivery, again.copyOf); was != is {
		t.Fatalf("wrote %+v, read %+v", was, is)
	}
}
