// Package room measures a full room with the real service in a process of its own, a real PostgreSQL and a crowd of viewers that
// speak the real protocol: how long a message takes to every viewer, whether all of it arrives once and in order, what a
// delivery and a connection cost the server, how fast a crowd comes in and comes back, and whether everybody's watch time is
// what they watched. The floor in the same run is a bare WebSocket server that writes prepared frames to the same crowd.
package room

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/rounds-cme/rounds/test/load/crowd"
)

// Command is one measurement.
type Command struct {
	Viewers    int           `default:"2000" help:"Viewers in the room, each with an account and a connection."`
	Rate       int           `default:"10" help:"Chat messages a second."`
	Seconds    int           `default:"20" help:"How long messages are sent."`
	Heartbeats bool          `default:"true" negatable:"" help:"Every viewer beats each 15 seconds with the state of the player."`
	Checks     bool          `default:"true" negatable:"" help:"Presence checks are answered."`
	Presence   bool          `default:"true" negatable:"" help:"Look whether everybody is told the true number of viewers."`
	Storm      bool          `help:"Instead: all join within 10 s, then all are cut at once and come back."`
	Soak       time.Duration `help:"Instead: stay this long, watch the memory, end the webinar and compare everybody's credit."`
	Floor      bool          `default:"true" negatable:"" help:"Measure the bare server first."`
	Profile    string        `help:"File for a CPU profile of the server while messages are sent; look at it with go tool pprof."`
	Heap       string        `help:"File for a profile of the server's memory with the room full."`
	GC         string        `default:"50" help:"GOGC of the server; 50 is what rounds serve livewebinar sets, 200 what a process with other services does."`
}

// How much may be asked for, so that a slip of the finger does not take the machine down.
const (
	mostViewers = 20_000
	mostRate    = 200
	mostSoak    = time.Hour
)

// Run measures the floor, then the room.
func (c *Command) Run() error {
	if c.Viewers < 1 || c.Viewers > mostViewers || c.Rate < 1 || c.Rate > mostRate || c.Seconds < 1 || c.Seconds > 3600 || c.Soak > mostSoak {
		return fmt.Errorf("at most %d viewers, %d messages a second, an hour", mostViewers, mostRate)
	}
	if err := crowd.Files(c.Viewers); err != nil {
		return err
	}
	fmt.Printf("%d cores, load average %s, %s; client and server on the same machine\n", runtime.NumCPU(), loadAverage(), runtime.Version())
	switch {
	case c.Storm:
		return c.with((*house).storm)
	case c.Soak > 0:
		return c.with((*house).soak)
	default:
		return c.steady()
	}
}

// steady compares the room with the floor.
func (c *Command) steady() error {
	fmt.Printf("%d viewers, %d messages/s, %d s\n\n%s\n", c.Viewers, c.Rate, c.Seconds, heading)
	var floor result
	if c.Floor {
		var err error
		if floor, err = c.floor(); err != nil {
			return err
		}
		floor.print("floor")
	}
	return c.with(func(h *house) error {
		r, err := h.steady()
		if r.delivered > 0 {
			r.print("room")
		}
		if err != nil {
			return err
		}
		if floor.delivered > 0 {
			fmt.Printf("room/floor: p50 %.1f, p99 %.1f, CPU %.1f\n", ratio(r.p50, floor.p50), ratio(r.p99, floor.p99), ratio(r.each(), floor.each()))
		}
		return nil
	})
}

func (c *Command) with(do func(*house) error) error {
	h, err := c.open()
	if err != nil {
		return err
	}
	defer h.close()
	return do(h)
}

// steady lets everybody in, then talks.
func (h *house) steady() (result, error) {
	c := h.command
	r, err := h.fill(time.Duration(c.Viewers) * 2 * time.Millisecond)
	if err != nil {
		return r, err
	}
	if err := h.rest(2 * time.Second); err != nil {
		return r, err
	}
	if err := h.mark(c.Profile); err != nil {
		return r, err
	}
	if err := h.talk(time.Duration(c.Seconds)*time.Second, &r); err != nil {
		return r, err
	}
	if err := h.mark(c.Profile); err != nil {
		return r, err
	}
	if c.Presence {
		if err := h.presence(); err != nil {
			return r, err
		}
	}
	h.remember(c.Heap)
	h.notes()
	return r, h.honest(r)
}

// fill lets everybody in, evenly within a time.
func (h *house) fill(within time.Duration) (result, error) {
	var r result
	empty := memory(h.pid)
	begun := time.Now()
	for i := range h.crowd.Size() {
		h.crowd.Join(i, begun.Add(within*time.Duration(i)/time.Duration(h.crowd.Size())))
	}
	err := h.crowd.Run(begun.Add(within+time.Minute), func() bool { return h.crowd.Inside() == h.crowd.Size() })
	if err != nil {
		return r, err
	}
	r.joined = time.Since(begun)
	if h.crowd.Inside() < h.crowd.Size() {
		return r, fmt.Errorf("%d of %d are in the room after %s: %v %v", h.crowd.Inside(), h.crowd.Size(), r.joined, h.crowd.Ends, h.crowd.Refused)
	}
	h.empty = empty
	return r, nil
}

// rest lets everybody sit there for a while.
func (h *house) rest(d time.Duration) error {
	return h.crowd.Run(time.Now().Add(d), never)
}

func never() bool { return false }

// look lets a scenario watch while people talk.
func (h *house) look() bool {
	if h.watch != nil {
		h.watch()
	}
	return false
}

// talk lets different people send messages at an even rate, then waits until everybody has seen everything or nothing more
// comes. What it cost is noted from the first message to the last delivery.
func (h *house) talk(d time.Duration, r *result) error {
	c := h.command
	total := int(d.Seconds()) * c.Rate
	h.crowd.Latency = crowd.Latency{}
	seen, _, _ := h.crowd.Delivered()
	before, begun := h.spent(), time.Now()
	for n := range total {
		h.crowd.Say(n*7919%h.crowd.Size(), begun.Add(time.Duration(n)*time.Second/time.Duration(c.Rate)))
	}
	if err := h.crowd.Run(begun.Add(d), h.look); err != nil {
		return err
	}
	var last int32
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); {
		accepted := h.crowd.Accepted // before looking at the last: what is accepted later may be on its way
		last = h.last()
		if err := h.crowd.Run(time.Now().Add(200*time.Millisecond), func() bool { return h.crowd.Lost(last) == 0 }); err != nil {
			return err
		}
		if h.crowd.Lost(last) == 0 && accepted >= total {
			break
		}
	}
	r.took(h.spent().since(before), time.Since(begun))
	r.count(h.crowd, h.last(), seen)
	r.memory = (memory(h.pid) - h.empty) / int64(h.crowd.Size())
	return nil
}

// honest fails a run whose figures would mislead: what is lost or doubled is no delivery, however fast.
func (h *house) honest(r result) error {
	if last := h.last(); int(last) < h.crowd.Accepted {
		return fmt.Errorf("the room has %d messages, %d were accepted", last, h.crowd.Accepted)
	}
	if r.lost+r.doubled+r.reordered > 0 {
		return errors.New("not complete: messages are lost, doubled or out of order")
	}
	return nil
}

// presence waits until everybody is told how many they are: at most two heartbeats.
func (h *house) presence() error {
	begun := time.Now()
	want := int64(h.crowd.Size())
	if err := h.crowd.Run(begun.Add(30*time.Second), func() bool { return h.crowd.Told(want) == h.crowd.Size() }); err != nil {
		return err
	}
	if told := h.crowd.Told(want); told != h.crowd.Size() {
		return fmt.Errorf("%d of %d viewers are told the true number", told, h.crowd.Size())
	}
	fmt.Printf("presence: everybody is told %d; %.1f pushes of the number to each since the room is open\n", want, float64(h.crowd.Numbers)/float64(h.crowd.Size()))
	return nil
}

// notes tells what else happened, so that a figure cannot hide it.
func (h *house) notes() {
	t := &h.crowd.Tally
	fmt.Printf("joins: p50 %s, p99 %s, slowest %s\n", ms(t.Joins.Quantile(0.5)), ms(t.Joins.Quantile(0.99)), ms(t.Joins.Max()))
	if n := t.Beat.Count(); n > 0 {
		fmt.Printf("heartbeats: %d, answered after p50 %s, p99 %s; checks: %d asked, %d answered in time, %d late\n",
			n, ms(t.Beat.Quantile(0.5)), ms(t.Beat.Quantile(0.99)), t.Asked, t.Counted, t.Late)
	}
	if len(t.Ends)+len(t.Refused)+t.Caught+t.SentTwice > 0 {
		fmt.Printf("connections ended: %v; refused: %v; %d messages caught up with, %d sent again\n", t.Ends, t.Refused, t.Caught, t.SentTwice)
	}
	if t.Tardy > 50*time.Millisecond {
		fmt.Printf("the client itself was up to %s late\n", ms(t.Tardy))
	}
}

// remember keeps a profile of the server's memory, if one is wanted.
func (h *house) remember(file string) {
	if file == "" {
		return
	}
	if err := h.heap(); err != nil {
		fmt.Fprintln(os.Stderr, "no profile of the memory:", err)
	}
}
