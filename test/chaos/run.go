package main

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

// run is one house from its start to the verdict.
func (c *command) run(t testing.TB, out io.Writer) error {
	t.Helper()
	fmt.Fprintf(out, "seed %d, %s, %s\n", c.Seed, c.Scenario, map[bool]string{true: "RabbitMQ", false: "PostgreSQL"}[c.Broker])
	began := time.Now()
	h, err := build(t, c)
	if err != nil {
		return err
	}
	c.people(h)
	fmt.Fprintf(out, "%6.1f s  nine services run\n", time.Since(began).Seconds())
	r := &recorder{out: out, began: began, hurry: c.Hurry, killed: map[string]int{}}
	var p *play
	switch c.Scenario {
	case "away":
		err = c.away(h, r)
	case "callees":
		err = c.callees(h, r)
	case "reminders":
		err = c.reminders(h, r)
	case "random":
		p, err = c.random(h, r)
	default:
		if err = c.reminders(h, r); err == nil {
			p, err = c.random(h, r)
		}
	}
	if err != nil {
		return err
	}
	if err := h.quiet(c.Hurry); err != nil {
		return errors.Join(err, h.ended())
	}
	fmt.Fprintf(out, "%6.1f s  quiet\n", time.Since(began).Seconds())
	v := &verdict{house: h, play: p, killed: r.killed}
	err = errors.Join(v.give(out), h.ended())
	fmt.Fprintf(out, "%6.1f s  in all\n", time.Since(began).Seconds())
	return err
}

// recorder writes down what was killed, and how.
type recorder struct {
	out    io.Writer
	began  time.Time
	hurry  bool
	killed map[string]int
}
