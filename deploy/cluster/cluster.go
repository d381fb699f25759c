package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rounds-cme/rounds/kit/token"
)

// cluster is everything that runs.
type cluster struct {
	options

	out   io.Writer
	mu    sync.Mutex // of out
	units []*unit    // in the order of their start
	halt  context.CancelFunc
	ports [ports]string // of what is not ours; they follow that of the site

	databases []*database // of everything, of statistics
	broker    *broker
	cache     *cache
}

// Ports of what is not ours.
const (
	amqpPort = iota
	distPort
	epmdPort
	managementPort
	redisPort
	ports
)

func newCluster(o options, out io.Writer) (*cluster, error) {
	if _, err := os.Stat(o.Binary); err != nil {
		return nil, fmt.Errorf("there is no program %s: make build, or give --binary", o.Binary)
	}
	if int(o.Port)+ports > 65535 {
		return nil, fmt.Errorf("--port has to be below %d: others follow it", 65535-ports)
	}
	if o.Copies < 1 || o.Copies > 50 {
		return nil, errors.New("--copies has to be between 1 and 50")
	}
	c := &cluster{options: o, out: out, halt: func() {}}
	for n := range c.ports {
		c.ports[n] = fmt.Sprint(int(o.Port) + 1 + n)
	}
	return c, nil
}

func (c *cluster) say(format string, arguments ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.out, format+"\n", arguments...)
}

func (c *cluster) at(name ...string) string {
	return filepath.Join(append([]string{c.Data}, name...)...)
}

// start starts everything, from what others need to what needs others.
func (c *cluster) start(ctx context.Context) error {
	kept, halt := context.WithCancel(context.WithoutCancel(ctx))
	c.halt = halt
	for _, dir := range []string{"log", "config", "keys", "nginx", "rabbitmq", "redis"} {
		if err := os.MkdirAll(c.at(dir), 0o700); err != nil {
			return fmt.Errorf("make a directory: %w", err)
		}
	}
	if err := token.Ensure(c.at("keys", "auth"), time.Now()); err != nil {
		return fmt.Errorf("the keys for tokens: %w", err)
	}
	for _, step := range []struct {
		name string
		do   func(ctx, kept context.Context) error
	}{
		{"PostgreSQL, two servers", c.startDatabases},
		{"RabbitMQ", c.startBroker},
		{"Redis", c.startCache},
		{"Secrets, certificates", c.prepare},
		{"Tables, queues, accounts", c.migrate},
		{"Services", c.startServices},
		{"NGINX", c.startDoor},
		{"Demo", c.fill},
	} {
		begun := time.Now()
		if err := step.do(ctx, kept); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.say("  ✓ %-26s %5.1f s", step.name, time.Since(begun).Seconds())
	}
	return nil
}

// begin starts a unit and keeps it.
func (c *cluster) begin(kept context.Context, u *unit) error {
	u.say = c.say
	c.mu.Lock()
	c.units = append(c.units, u)
	c.mu.Unlock()
	return u.begin(kept)
}

// patience is how long a program may take to end.
const patience = 10 * time.Second

// stop ends everything: those who need others first, all processes of the services at once.
func (c *cluster) stop() {
	c.halt()
	for n := len(c.units) - 1; n >= 0; {
		var group sync.WaitGroup
		first := c.units[n].name
		for ; n >= 0 && (c.units[n].name == first || isService(first) && isService(c.units[n].name)); n-- {
			u := c.units[n]
			group.Go(func() { u.end(patience) })
		}
		group.Wait()
	}
	if c.broker != nil && c.broker.node != nil {
		c.broker.node.Stop(patience)
	}
}

func (c *cluster) welcome() {
	c.say("\nRounds runs in the shape of production: http://localhost:%d\n", c.Port)
	for n, name := range names() {
		c.say("  %-24s %s", name, c.addresses(n, httpPort))
	}
	c.say("\nEach also answers operators (/readyz, /metrics) on port %s. Logs: %s. Ctrl-C stops everything; what is stored stays.", privatePort, c.at("log"))
}
