package rabbitmq_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/queuetest"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq/rabbittest"
)

const (
	plain, ordered = "test.plain", "test.ordered"
	putter, taker  = "livewebinar", "statistics"
	secret         = "secret"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// table is the suite's: short waits, so that tests need not wait.
func table() []rabbitmq.Queue {
	return []rabbitmq.Queue{
		{Name: plain, Put: []string{putter}, Take: taker, Waits: []time.Duration{200 * time.Millisecond, time.Second}},
		{Name: ordered, Put: []string{putter}, Take: taker, Ordered: true},
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(victim) != "" {
		beVictim()
	}
	code := m.Run()
	rabbittest.Close()
	os.Exit(code)
}

// place is a virtual host and an outbox, of one test.
type place struct {
	t        testing.TB
	node     *rabbittest.Node
	vhost    string
	database *dbtest.DB
	metrics  *prometheus.Registry // of all instances
	lease    time.Duration        // of the outbox; the usual one when zero
}

func newPlace(t testing.TB) *place {
	t.Helper()
	p := &place{
		t: t, node: rabbittest.Shared(t), vhost: vhostOf(t), database: dbtest.New(t, queue.Schema()),
		metrics: prometheus.NewRegistry(),
	}
	_, err := p.database.Admin().Exec(context.Background(), `
		SET ROLE queue_owner;
		SELECT queue.declare('test.plain', false, 'tests');
		SELECT queue.declare('test.ordered', true, 'tests');
		INSERT INTO queue.permission VALUES
			('rounds_livewebinar', 'test.plain', true, false), ('rounds_livewebinar', 'test.ordered', true, false),
			('rounds_statistics', 'test.plain', false, true), ('rounds_statistics', 'test.ordered', false, true);
		RESET ROLE;`)
	if err != nil {
		t.Fatalf("declare queues: %v", err)
	}
	p.setup(table())
	t.Cleanup(func() { p.node.Forget(p.vhost) })
	return p
}

// vhostOf is a name that is used once: a queue that is made again while the broker still clears away its namesake may hang.
func vhostOf(t testing.TB) string {
	t.Helper()
	return strings.ReplaceAll(t.Name(), "/", "-") + "-" + uuid.NewString()[:8]
}

func (p *place) management() *rabbitmq.Management {
	p.t.Helper()
	m, err := rabbitmq.NewManagement(p.node.Management())
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

func (p *place) setup(table []rabbitmq.Queue) {
	p.t.Helper()
	if err := p.management().Setup(context.Background(), p.vhost, table, func(string) string { return secret }); err != nil {
		p.t.Fatalf("set the broker up: %v", err)
	}
}

// url is the address for a service, with the account that setup made.
func (p *place) url(service string) string {
	return p.node.URL(rabbitmq.User(service), secret, p.vhost)
}

// driver is a service's instance, closed when the test ends.
func (p *place) driver(service string) *rabbitmq.Driver {
	p.t.Helper()
	c := rabbitmq.Config{URL: p.url(service), Service: service, Table: table(), Lease: p.lease}
	d, err := rabbitmq.New(c, p.database.Pool(service), slog.New(slog.NewTextHandler(p.t.Output(), nil)), p.metrics, time.Now)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(d.Close)
	return d
}

// relay carries what the putter put until the test ends, or stop is called.
func (p *place) relay() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	d := p.driver(putter)
	ended := make(chan error, 1)
	go func() { ended <- d.Relay(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
	})
	p.t.Cleanup(stop)
	return stop
}

func (p *place) rig() queuetest.Rig {
	p.relay()
	stats := p.driver(taker)
	return queuetest.Rig{
		Pool: p.database.Pool(putter), Plain: plain, Ordered: ordered, Inexact: 100,
		Driver: func() queue.Driver { return &counting{Driver: p.driver(taker), stats: stats, place: p} },
	}
}

// counting knows what is in the hands of all instances, of which the broker tells an instance only its own: all that was
// put and is not finished, and is nowhere else.
type counting struct {
	*rabbitmq.Driver

	stats *rabbitmq.Driver
	place *place
}

func (c *counting) Stats(ctx context.Context, name string) (queue.Stats, error) {
	s, err := c.stats.Stats(ctx, name)
	if err != nil {
		return s, err
	}
	var put int
	row := c.place.database.Admin().QueryRow(ctx, `SELECT count(*) FROM queue.seen WHERE queue = $1`, name)
	if err := row.Scan(&put); err != nil {
		return s, err
	}
	settled := c.place.count(name, "done") + c.place.count(name, "expired")
	s.Taken = max(s.Taken, put-settled-s.Ready-s.Delayed-s.Dead)
	return s, nil
}

// count reads a metric of all instances.
func (p *place) count(name, result string) int {
	vector := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rounds_queue_messages_total", Help: "Messages that left a worker, by result."}, []string{"queue", "result"})
	err := p.metrics.Register(vector)
	already, ok := err.(prometheus.AlreadyRegisteredError) //nolint:errorlint // As the registry gives it.
	if !ok {
		p.t.Fatalf("the metric is not there: %v", err)
	}
	return int(testutil.ToFloat64(already.ExistingCollector.(*prometheus.CounterVec).WithLabelValues(name, result)))
}

func TestConformance(t *testing.T) {
	t.Parallel()
	queuetest.Exercise(t, func(t *testing.T) queuetest.Rig { return newPlace(t).rig() })
}

// theirs is a queue that has nothing to do with the suite's services.
func theirs(service string) rabbitmq.Queue {
	return rabbitmq.Queue{Name: "test.theirs", Put: []string{service}, Take: service}
}
