package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/rounds-cme/rounds/kit/child"
)

// cache is Redis. It keeps nothing on disk: whatever it holds can be found elsewhere.
type cache struct{ address, password, dir, log string }

func random() string { return rand.Text() }

func (c *cluster) startCache(_, kept context.Context) error {
	password, err := c.password("redis")
	if err != nil {
		return err
	}
	c.cache = &cache{address: "127.0.0.1:" + c.ports[redisPort], password: password, dir: c.at("redis"), log: c.at("log", "redis.log")}
	return c.begin(kept, &unit{name: "redis", start: c.cache.start})
}

func (r *cache) url() string { return fmt.Sprintf("redis://:%s@%s/0", r.password, r.address) }

func (r *cache) start(ctx context.Context) (running, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("there is no Redis here: apt-get install redis-server")
	}
	host, port, _ := net.SplitHostPort(r.address) //nolint:errcheck // written above
	cmd := exec.Command(program, "-")             //nolint:gosec,noctx // it ends with us
	// By standard input: a password on the command line can be read by everybody on the machine.
	cmd.Stdin = strings.NewReader(fmt.Sprintf("bind %s\nport %s\nrequirepass %s\nsave \"\"\nappendonly no\ndir %s\n", host, port, r.password, r.dir))
	p, err := child.Start(cmd, r.log)
	if err != nil {
		return nil, err
	}
	return p, await(ctx, p, r.log, r.answers)
}

func (r *cache) answers(ctx context.Context) bool {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", r.address)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	fmt.Fprintf(conn, "AUTH %s\r\n", r.password)
	line, _ := bufio.NewReader(conn).ReadString('\n') //nolint:errcheck // then it is not the answer
	return strings.HasPrefix(line, "+OK")
}

// await waits until a program answers, and says what it said when it ends instead.
func await(ctx context.Context, p *child.Process, log string, answers func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !answers(ctx) {
		select {
		case <-p.Done():
			return fmt.Errorf("it ended while it started:\n%s", child.Tail(log))
		case <-ctx.Done():
			p.Kill()
			return fmt.Errorf("it does not answer: %w\n%s", ctx.Err(), child.Tail(log))
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}
