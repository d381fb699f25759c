package rabbitmq_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	amqp "github.com/rabbitmq/amqp091-go"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/queuetest"
)

// patience is only reached when a test fails.
const patience = 3 * time.Minute

func (p *place) put(count int) {
	p.t.Helper()
	messages := make([]queue.Message, count)
	for n := range messages {
		messages[n] = queue.Message{ID: uuid.Must(uuid.NewV7()), Queue: plain, Payload: wrapperspb.String("a reminder")}
	}
	err := db.Tx(context.Background(), p.database.Pool(putter), func(tx pgx.Tx) error {
		return queue.Put(context.Background(), tx, messages...)
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) until(what string, is func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain until %s", what)
		}
	}
}

func (p *place) outbox() int {
	p.t.Helper()
	var n int
	if err := p.database.Admin().QueryRow(context.Background(), `SELECT count(*) FROM queue.message`).Scan(&n); err != nil {
		p.t.Fatal(err)
	}
	return n
}

// tray counts what a consumer was given, and did.
type tray struct {
	failing bool // one in four fails at first

	mu   sync.Mutex
	seen map[uuid.UUID]int
}

func (p *place) consume(o queue.Options) *tray { return p.consumeAs(o, false) }

func (p *place) consumeAs(o queue.Options, failing bool) *tray {
	in := &tray{failing: failing, seen: map[uuid.UUID]int{}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	d := p.driver(taker)
	go func() {
		ended <- d.Consume(ctx, plain, o, func(_ context.Context, batch []*queue.Delivery) error {
			in.mu.Lock()
			defer in.mu.Unlock()
			for _, m := range batch {
				if in.failing && m.ID[15]%4 == 0 && m.Attempt == 1 {
					m.Retry(errors.New("once"))
					continue
				}
				in.seen[m.ID]++
			}
			return nil
		})
	}()
	p.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
	})
	return in
}

func (t *tray) count() (different, all int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range t.seen {
		all += n
	}
	return len(t.seen), all
}

// The broker dies in the middle, while messages are put, carried, taken, acknowledged and wait for their next try: none is lost, and
// those that come twice are not more than were under way.
//
//nolint:paralleltest // Its node is everybody's: the others begin when it is through.
func TestBrokerKilled(t *testing.T) {
	p := newPlace(t)
	p.relay()
	const part, parts, prefetch = 500, 12, 200
	in := p.consumeAs(queue.Options{Workers: 2, Batch: 20, Prefetch: prefetch, Backoff: queue.Constant(time.Second)}, true)
	looker := p.driver(taker)
	for n := range parts {
		p.put(part)
		if n == parts/2 {
			p.until("some came, and some wait", func() bool {
				s, err := looker.Stats(context.Background(), plain)
				different, _ := in.count()
				return different > part && err == nil && s.Delayed > 0
			})
			p.node.Kill()
			p.put(part)
			if err := p.node.Again(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	const count = (parts + 1) * part
	p.until("all came", func() bool { different, _ := in.count(); return different == count })
	p.until("the outbox is empty", func() bool { return p.outbox() == 0 })
	_, all := in.count()
	t.Logf("%d messages, %d of them twice", count, all-count)
	if most := 2 * prefetch; all-count > most { // a queue of what is urgent, and one of the rest
		t.Errorf("%d came twice, at most %d were in our hands", all-count, most)
	}
}

// An alarm at the broker: what is put waits in the outbox, we say so, and go on when it is over.
//
//nolint:paralleltest // Its node is everybody's.
func TestAlarm(t *testing.T) {
	p := newPlace(t)
	in := p.consume(queue.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	d := p.driver(putter)
	ended := make(chan error, 1)
	go func() { ended <- d.Relay(ctx) }()
	defer func() { cancel(); <-ended }()
	p.put(1)
	p.until("the first came", func() bool { n, _ := in.count(); return n == 1 })
	p.until("we say that all is well", func() bool { return d.Late() == nil })
	p.control("set_vm_memory_high_watermark", "absolute", "1MB")
	p.put(1) // the broker tells who publishes
	p.until("we know of the alarm", func() bool { return d.Late() != nil })
	t.Logf("what we say: %v", d.Late())
	p.put(20)
	if different, _ := in.count(); different > 2 {
		t.Errorf("%d messages came through an alarm", different)
	}
	if waiting := p.outbox(); waiting < 20 {
		t.Errorf("%d messages wait in the outbox, want 20", waiting)
	}
	p.control("set_vm_memory_high_watermark", "0.4")
	p.until("all came", func() bool { different, _ := in.count(); return different == 22 })
	p.until("we know that the alarm is over", func() bool { return d.Late() == nil })
}

// A queue is missing at the broker, as after a restore or a wrong setup: what is put into it is returned, waits in the outbox and
// says so, and arrives when the broker was set up again. What goes to other queues is not held up.
func TestUnroutable(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.lease = 300 * time.Millisecond
	in := p.consume(queue.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	d := p.driver(putter)
	ended := make(chan error, 1)
	go func() { ended <- d.Relay(ctx) }()
	defer func() { cancel(); <-ended }()
	ch := p.channel(p.node.Admin(p.vhost))
	if err := ch.QueueUnbind(plain+".normal", "normal", plain, nil); err != nil {
		t.Fatal(err)
	}
	const count = 20
	p.put(count)
	p.until("we say that the broker has no queue", func() bool { return d.Late() != nil })
	t.Logf("what we say: %v", d.Late())
	p.putInto(ordered)
	p.until("what goes elsewhere was carried", func() bool { return p.outbox() == count })
	if different, _ := in.count(); different != 0 {
		t.Errorf("%d messages came without a way", different)
	}
	p.setup(table())
	p.until("all came", func() bool { different, _ := in.count(); return different == count })
	p.until("the outbox is empty, and all is well", func() bool { return p.outbox() == 0 && d.Late() == nil })
}

func (p *place) putInto(name string) {
	p.t.Helper()
	m := queue.Message{ID: uuid.Must(uuid.NewV7()), Queue: name, Key: "one", Payload: wrapperspb.String("in order")}
	err := db.Tx(context.Background(), p.database.Pool(putter), func(tx pgx.Tx) error { return queue.Put(context.Background(), tx, m) })
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) control(arguments ...string) {
	p.t.Helper()
	if out, err := p.node.Control(arguments...); err != nil {
		p.t.Fatalf("%v: %v\n%s", arguments, err, out)
	}
}

// What a publisher sent again, not knowing that it had arrived, is handled once.
func TestDoubleIsKnownByItsID(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	in := p.consume(queue.Options{Workers: 2})
	ch := p.channel(p.node.Admin(p.vhost))
	const count = 50
	for range 3 {
		for n := range count {
			id := uuid.NewSHA1(uuid.NameSpaceURL, []byte(fmt.Sprint(n)))
			err := ch.Publish(plain, "normal", true, false, amqp.Publishing{MessageId: id.String(), Type: "google.protobuf.StringValue"})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	p.until("the doubles were dropped", func() bool { return p.count(plain, "double") == 2*count })
	if different, all := in.count(); different != count || all != count {
		t.Errorf("%d came %d times, want %d once", different, all, count)
	}
}

// TestWhatAStrangerPut has no id, and may be nothing that anybody can read. It goes the way of all, also while it waits for its next try,
// and ends where operators see it, with the reason; taken back it goes that way once more.
func TestWhatAStrangerPut(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	d := p.driver(taker)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		o := queue.Options{Backoff: queue.Constant(10 * time.Millisecond)}
		ended <- d.Consume(ctx, plain, o, func(_ context.Context, batch []*queue.Delivery) error {
			for _, m := range batch {
				if _, err := m.Message(); m.Attempt == 1 {
					m.Retry(err)
				} else {
					m.Bury(err)
				}
			}
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	ch := p.channel(p.node.Admin(p.vhost))
	for _, strange := range []amqp.Publishing{{}, {MessageId: "no id", Type: "no.such.Type", Body: []byte("text")}} {
		if err := ch.Publish(plain, "normal", true, false, strange); err != nil {
			t.Fatal(err)
		}
	}
	dead := func() (letters []queue.Letter) {
		letters, err := d.Dead(ctx, plain, 10)
		if err != nil {
			t.Fatal(err)
		}
		return letters
	}
	p.until("both to be dead letters", func() bool { return len(dead()) == 2 })
	for _, l := range dead() {
		if l.ID == uuid.Nil || l.Reason == "" || l.Attempt < 1 {
			t.Errorf("a dead letter is %+v", l)
		}
	}
	if n, err := d.Replay(ctx, plain, queue.Pick{}); n != 2 || err != nil {
		t.Fatalf("took back %d: %v", n, err)
	}
	p.until("both to be dead letters again", func() bool { return len(dead()) == 2 })
}

func (p *place) channel(url string) *amqp.Channel {
	p.t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		p.t.Fatal(err)
	}
	return ch
}

// Each service has an account with its own rights: who puts cannot read, who takes reads its own queues alone, and
// nobody changes the topology.
func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const stranger = "auth" // has an account, by the third line
	p.setup(append(table(), theirs(stranger)))
	publish := func(exchange string) func(*amqp.Channel) error {
		return func(ch *amqp.Channel) error {
			if err := ch.Confirm(false); err != nil {
				return err
			}
			closed := ch.NotifyClose(make(chan *amqp.Error, 1))
			confirm, err := ch.PublishWithDeferredConfirm(exchange, "normal", false, false, amqp.Publishing{})
			if err != nil {
				return err
			}
			select {
			case err := <-closed:
				return err
			case <-confirm.Done():
				return nil
			}
		}
	}
	read := func(name string) func(*amqp.Channel) error {
		return func(ch *amqp.Channel) error { _, _, err := ch.Get(name, false); return err }
	}
	declare := func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare("mine", true, false, false, false, nil)
		return err
	}
	for _, c := range []struct {
		what, service string
		try           func(*amqp.Channel) error
		ok            bool
	}{
		{"who takes reads its queue", taker, read(plain + ".normal"), true},
		{"who takes reads its dead letters", taker, read(plain + ".dead"), true},
		{"who takes moves within its queue", taker, publish(plain + ".dead"), true},
		{"who puts puts", putter, publish(plain), true},
		{"who puts does not read", putter, read(plain + ".normal"), false},
		{"who puts buries nothing", putter, publish(plain + ".dead"), false},
		{"another's queue is not read", stranger, read(plain + ".normal"), false},
		{"another's dead letters are not read", stranger, read(plain + ".dead"), false},
		{"nobody puts who may not", stranger, publish(plain), false},
		{"who takes one queue does not read another", taker, read("test.theirs.normal"), false},
		{"no service declares", taker, declare, false},
	} {
		err := c.try(p.channel(p.url(c.service)))
		var refused *amqp.Error
		if c.ok && err != nil || !c.ok && (!errors.As(err, &refused) || refused.Code != amqp.AccessRefused) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestSetupAgain: what an earlier build made stays as it is, and setup can be run over it; what is only looked at is kept however often
// that happens, and what is worked on is not.
func TestSetupAgain(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.setup(table())
	answer, err := http.Get(p.node.Management() + "/api/policies/" + url.PathEscape(p.vhost)) //nolint:noctx // the test's own broker
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var policies []struct {
		Pattern    string
		Definition map[string]int
	}
	if err := json.NewDecoder(answer.Body).Decode(&policies); err != nil || len(policies) != 1 || policies[0].Definition["delivery-limit"] < 1_000_000 {
		t.Fatalf("policies %v, %v", policies, err)
	}
	kept := regexp.MustCompile(policies[0].Pattern)
	for _, q := range table() {
		for _, o := range q.Objects() {
			if o.Kind != "queue" {
				continue
			}
			if _, limited := o.Arguments["x-delivery-limit"]; limited == kept.MatchString(o.Name) {
				t.Errorf("%s: the policy keeps its messages: %v, and its own limit ends them: %v", o.Name, !limited, limited)
			}
		}
	}
}

// TestManyInOrder is for order, not for speed.
func TestManyInOrder(t *testing.T) {
	t.Parallel()
	queuetest.Many(t, newPlace(t).rig(), 100_000)
}
