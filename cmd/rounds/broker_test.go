package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	amqp "github.com/rabbitmq/amqp091-go"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq/rabbittest"
)

// The table of the broker and that of the database say the same.
func TestTableOfQueuesIsThatOfTheDatabase(t *testing.T) {
	t.Parallel()
	main, _ := both(t)
	var want []string
	for _, q := range queues() {
		want = append(want, q.Name+" taken by rounds_"+q.Take)
		for _, service := range q.Put {
			want = append(want, q.Name+" put by rounds_"+service)
		}
		if q.Ordered {
			want = append(want, q.Name+" is ordered")
		}
	}
	got := texts(t, main, `SELECT queue || ' taken by ' || role FROM queue.permission WHERE may_take
		UNION SELECT queue || ' put by ' || role FROM queue.permission WHERE may_put
		UNION SELECT name || ' is ordered' FROM queue.queue WHERE ordered`)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("queues.go has %q, the migrations have %q", want, got)
	}
}

// A broker that was set up by the command carries a message from one process to the other; while it is not there, a
// service is ready all the same, and says what is late.
func TestBrokerCarriesFromServiceToService(t *testing.T) {
	t.Parallel()
	node := rabbittest.Shared(t)
	entries := services(&configs{})
	database := dbtest.New(t, append(schemas(mainDatabase, entries), schemas(statisticsDatabase, entries)...)...)
	settings := []string{"--broker-url", node.Bare("rounds-test"), "--broker-secret", "of the test"}
	p, private := alone(t, "livewebinar", database.AdminURL(), settings...)
	p.await("it is ready, and says that the broker is late", func() bool {
		status, body := get(private + "/readyz")
		return status == http.StatusOK && strings.Contains(body, "late")
	})
	setup := append([]string{"broker", "setup", "--management-url", node.Management()}, settings...)
	for range 2 { // once more changes nothing
		if code, out, failure := once(t, setup...); code != 0 || !strings.Contains(out, "The broker is set up") {
			t.Fatalf("setup: %d %s %s", code, out, failure)
		}
	}
	p.await("nothing is late", func() bool { _, body := get(private + "/readyz"); return !strings.Contains(body, "late") })
	m := queue.Message{ID: uuid.New(), Queue: "activity", Payload: wrapperspb.String("not what statistics expects")}
	err := db.Tx(context.Background(), database.Pool("livewebinar"), func(tx pgx.Tx) error { return queue.Put(context.Background(), tx, m) })
	if err != nil {
		t.Fatal(err)
	}
	taker, _ := alone(t, "statistics", database.AdminURL(), settings...)
	taker.await("statistics had it in its hands, and buried what it cannot read", func() bool {
		return waiting(t, node.Admin("rounds-test"), "activity.dead")+waiting(t, node.Admin("rounds-test"), "activity.retry.1s") > 0
	})
	if left := texts(t, database, `SELECT id::text FROM queue.message`); len(left) > 0 {
		t.Errorf("the outbox still has %v", left)
	}
	refusesAnother(t, node)
	whole := append(settings, "--database-url", database.AdminURL(), "--statistics-url", database.AdminURL())
	operators(t, whole)
	examined(t, whole)
	for _, each := range []*process{p, taker} {
		if code, took := each.stop(syscall.SIGTERM); code != 0 {
			t.Errorf("stopped with code %d after %s: %s", code, took, each.stderr.String())
		}
	}
}

// An operator sees the queues, and purges one only when he says that he means it.
func operators(t *testing.T, settings []string) {
	t.Helper()
	rounds := func(want int, arguments ...string) string {
		code, out, failure := once(t, append(append([]string{"queue"}, arguments...), settings...)...)
		if code != want {
			t.Errorf("queue %v: %d %s", arguments, code, failure)
		}
		return out
	}
	if out := rounds(0, "list"); !strings.Contains(out, "notification.send") || !strings.Contains(out, "activity") {
		t.Errorf("list: %s", out)
	}
	if code, out, failure := once(t, append([]string{"verify"}, settings...)...); code != 0 || strings.Count(out, "broker.flow") != len(queues()) {
		t.Errorf("verify: %d %s%s", code, out, failure)
	}
	rounds(0, "peek", "activity")
	rounds(1, "peek", "nowhere")
	rounds(1, "purge", "notification.send")
	if out := rounds(0, "purge", "notification.send", "--yes"); !strings.Contains(out, "0 messages") {
		t.Errorf("purge: %s", out)
	}
}

func waiting(t *testing.T, address, name string) int {
	t.Helper()
	conn, err := amqp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	q, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return q.Messages
}

// refusesAnother: the account of a service opens no queue of another.
func refusesAnother(t *testing.T, node *rabbittest.Node) {
	t.Helper()
	s := settings{BrokerURL: node.Bare("rounds-test"), BrokerSecret: "of the test"}
	for _, service := range rabbitmq.Services(queues()) {
		address, err := s.broker(service)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := amqp.DialConfig(address, amqp.Config{Heartbeat: time.Minute})
		if err != nil {
			t.Fatalf("%s cannot log in: %v", service, err)
		}
		for _, q := range queues() {
			ch, err := conn.Channel()
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = ch.Get(q.Name+".normal", false)
			var refused *amqp.Error
			if mine := q.Take == service; mine && err != nil || !mine && (!errors.As(err, &refused) || refused.Code != amqp.AccessRefused) {
				t.Errorf("%s reads %s: %v", service, q.Name, err)
			}
			_ = ch.Close()
		}
		_ = conn.Close()
	}
}
