package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/rounds-cme/rounds/kit/postgres"
)

// victims are what can be killed: each service alike, database and broker now and then.
func (h *house) victims() []string {
	all := append(names(), "PostgreSQL")
	if h.broker != nil {
		all = append(all, "RabbitMQ")
	}
	return all
}

// random kills while people act.
func (c *command) random(h *house, r *recorder) (*play, error) {
	p, err := newPlay(h, c)
	if err != nil {
		return nil, err
	}
	acting, stop := context.WithCancel(context.Background())
	p.begin(acting)
	dice := rand.New(rand.NewPCG(c.Seed, 1)) //nolint:gosec // it is to come again
	for n := range c.Kills {
		time.Sleep(time.Duration(dice.Int64N(int64(c.Pause))))
		name := names()[dice.IntN(len(names()))]
		switch {
		case dice.IntN(12) == 0 || n == c.Kills/2: // in the middle at the latest
			name = "PostgreSQL"
		case h.broker != nil && dice.IntN(25) == 0:
			name = "RabbitMQ"
		}
		down := time.Duration(dice.Int64N(int64(c.Pause / 2)))
		if err = h.strike(name, down, r); err != nil {
			break
		}
	}
	stop()
	p.all.Wait()
	return p, err
}

// until waits for what comes soon; it is false when that does not come at all.
func until(is func() bool) bool {
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// strike kills one, and starts it again after a while.
func (h *house) strike(name string, down time.Duration, r *recorder) error {
	fmt.Fprintf(r.out, "%6.1f s  kill -9 %s, for %d ms\n", time.Since(r.began).Seconds(), name, down.Milliseconds())
	r.killed[name]++
	switch name {
	case "PostgreSQL":
		_ = syscall.Kill(h.database.Pid(), syscall.SIGKILL)
		<-h.database.Done()
		time.Sleep(down)
		return h.databaseAgain()
	case "RabbitMQ":
		h.broker.Kill()
		time.Sleep(down)
		return h.broker.Again(context.Background())
	default:
		s := h.at(name)
		s.kill()
		killed := time.Now()
		time.Sleep(down)
		if r.hurry {
			h.release(name, killed)
		}
		return s.start()
	}
}

// release gives back what a killed worker had taken, as the end of its lease would.
func (h *house) release(name string, killed time.Time) {
	h.exec(`UPDATE queue.message SET visible_at = now() WHERE taken AND queue IN (SELECT queue FROM queue.permission WHERE may_take AND role = 'rounds_' || $1) AND visible_at <= $2::timestamptz + interval '30 seconds'`, name, killed)
}

// databaseAgain starts the server; what the killed one left behind ends a moment later than it.
func (h *house) databaseAgain() (err error) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		var server *postgres.Server
		if server, err = postgres.Start(context.Background(), h.config); err == nil {
			h.database = server
			return nil
		}
	}
	return fmt.Errorf("PostgreSQL does not come back: %w", err)
}

// reminders has the reminder of one webinar fall due for many people, and kills each service, the database and the broker once while
// they are told.
func (c *command) reminders(h *house, r *recorder) error {
	if err := h.due(); err != nil {
		return err
	}
	victims := h.victims()
	for n, name := range victims {
		want := c.Readers * (n + 1) / (len(victims) + 2)
		if !until(func() bool { return h.sink.count() >= want }) {
			return fmt.Errorf("only %d of %d mails came after kill -9 of %v", h.sink.count(), c.Readers, victims[:n])
		}
		fmt.Fprintf(r.out, "%6.1f s  %d mails have come\n", time.Since(r.began).Seconds(), h.sink.count())
		if err := h.strike(name, 0, r); err != nil {
			return err
		}
	}
	return nil
}
