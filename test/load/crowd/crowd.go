// Package crowd is thousands of viewers in one thread: each has a connection of its own, speaks the protocol of the rooms as
// the page does, keeps a ledger of what it saw and a note of what it watched, and comes back when it is cut.
//
// Why not a goroutine a viewer, as test/live has: client and server share the machine, and what the client takes is missing
// in the server. Here a delivery costs one read and a comparison with the frame that the viewer before got, because everybody
// gets the same. All of it happens in the goroutine that calls [Crowd.Run], so nothing is locked and a run can be reasoned about.
//
//	away ─dial─> opening ─101─> hello ─> subscribing ─> joining ─> in        (a bare server: opening ─101─> in)
//	  ^                                                             │
//	  └──────────────── back-off, with jitter, as the page's ──── cut
package crowd

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
	"time"
)

// glance is the least time between two looks at the sockets. Without it every frame would wake this program by itself, and the
// server would pay for that with each write, as it never does for viewers on machines of their own. It makes latencies up
// to this much longer, for the floor and for the room.
const glance = 500 * time.Microsecond

// Options of a crowd.
type Options struct {
	Address string // host:port
	Path    string
	Webinar string // empty for a bare server that only sends
	Room    string // the name of its channel
	// Beats says that every viewer watches: it beats at once and then at this interval. 0: nobody does.
	Beats time.Duration
	// Checks says that presence checks are answered, after a few seconds.
	Checks bool
	// BackLeast and BackMost are the page's back-off: before attempt n it waits a time between the first and the first plus a
	// random part that doubles with n, up to the second.
	BackLeast, BackMost time.Duration
}

// Person is who watches.
type Person struct{ Account, Cookie string }

// Crowd is used by one goroutine.
type Crowd struct {
	Options
	Tally

	to      *net.TCPAddr
	poll    *poller
	viewers []*viewer
	byFile  map[int]*viewer
	alarms  alarms
	buffer  []byte
	frame   []byte
	push    push // the last one, read once for all who get it
	inside  int
	err     error
}

// Tally is what all viewers together have seen.
type Tally struct {
	Latency Latency // of chat messages, from sending to each viewer
	Joins   Latency // from dialling to being in the room
	Beat    Latency // from sending a beat to its answer
	// Caught is how many messages came in an answer instead of a push: what a viewer missed while it was away.
	Caught int
	Frames int
	// Goodbyes is how many were told that the room is closed.
	Goodbyes int
	// Accepted is how many messages have a place in the room; SentTwice those that were sent again because no answer came.
	Accepted, SentTwice int
	// Asked, Counted and Late are presence checks.
	Asked, Counted, Late int
	// Ends counts why connections were ended by the server or failed; Refused, which requests were refused and why.
	Ends, Refused map[string]int
	// Numbers is how often a push told the number of viewers to somebody.
	Numbers int
	// Tardy is how late this program was at most with what it wanted to do: if it is much, it was not the server that was slow.
	Tardy time.Duration
}

// New makes a crowd of nobody.
func New(o Options) (*Crowd, error) {
	to, err := net.ResolveTCPAddr("tcp4", o.Address)
	if err != nil {
		return nil, fmt.Errorf("crowd: %w", err)
	}
	poll, err := newPoller()
	if err != nil {
		return nil, err
	}
	if o.BackLeast == 0 {
		o.BackLeast, o.BackMost = 300*time.Millisecond, 8*time.Second
	}
	return &Crowd{
		Options: o, to: to, poll: poll, byFile: map[int]*viewer{}, buffer: make([]byte, 64<<10),
		Tally: Tally{Ends: map[string]int{}, Refused: map[string]int{}},
	}, nil
}

// Add brings one more person, who stays away until told to join.
func (c *Crowd) Add(p Person) {
	c.viewers = append(c.viewers, &viewer{crowd: c, person: p, fd: -1})
}

// Size is how many people there are.
func (c *Crowd) Size() int { return len(c.viewers) }

// Inside is how many are in the room.
func (c *Crowd) Inside() int { return c.inside }

// Join lets one person come at a time.
func (c *Crowd) Join(n int, at time.Time) {
	v := c.viewers[n]
	c.at(at, func() { v.dial(at) })
}

// Say lets one person send a message at a time.
func (c *Crowd) Say(n int, at time.Time) {
	v := c.viewers[n]
	c.at(at, func() { v.say(time.Now()) })
}

// Cut drops all connections, as a network does, and lets everybody come back as the page would.
func (c *Crowd) Cut() {
	for _, v := range c.viewers {
		v.leave(time.Now(), "")
	}
}

// Lost is how many messages are missing in all ledgers, when this was the last; Doubled and Reordered what else was wrong.
func (c *Crowd) Lost(last int32) (lost int) {
	for _, v := range c.viewers {
		lost += v.ledger.Lost(last)
	}
	return lost
}

// Delivered is how many messages were seen, each viewer counted.
func (c *Crowd) Delivered() (seen, doubled, reordered int) {
	for _, v := range c.viewers {
		seen += v.ledger.Seen
		doubled += v.ledger.Doubled
		reordered += v.ledger.Reordered
	}
	return seen, doubled, reordered
}

// Told is how many viewers were told this number of viewers last.
func (c *Crowd) Told(number int64) (n int) {
	for _, v := range c.viewers {
		if v.told == number {
			n++
		}
	}
	return n
}

// Each gives what every person watched; it ends what is open at the moment at which the room was closed.
func (c *Crowd) Each(closed time.Time, each func(account string, w *Watched, counted int)) {
	for _, v := range c.viewers {
		v.watched.Closed(closed)
		each(v.person.Account, &v.watched, v.counted)
	}
}

// Run lets things happen until it is done, or until a time.
func (c *Crowd) Run(until time.Time, done func() bool) error {
	for c.err == nil && !done() {
		now := time.Now()
		if !now.Before(until) {
			break
		}
		c.ring(now)
		wait := min(until.Sub(now), 20*time.Millisecond)
		if len(c.alarms) > 0 {
			wait = min(wait, time.Until(c.alarms[0].at))
		}
		if err := c.poll.wait(wait, c.ready); err != nil {
			return err
		}
		time.Sleep(glance)
	}
	return c.err
}

// Close ends all connections without a word.
func (c *Crowd) Close() {
	for fd := range c.byFile {
		_ = syscall.Close(fd)
	}
	c.poll.close()
}

// ready is called for a socket with which something can be done.
func (c *Crowd) ready(fd int) {
	v := c.byFile[fd]
	if v == nil {
		return // it was closed a moment ago
	}
	if v.state == dialling {
		v.dialled()
		return
	}
	n, err := syscall.Read(fd, c.buffer)
	now := time.Now()
	switch {
	case err == syscall.EAGAIN, err == syscall.EINTR: //nolint:errorlint // numbers of the system, never wrapped
	case err != nil:
		v.leave(now, err.Error())
	case n == 0:
		v.leave(now, "ended without a word")
	default:
		v.take(c.buffer[:n], now)
	}
}

// at does something at a time.
func (c *Crowd) at(t time.Time, do func()) { heap.Push(&c.alarms, alarm{t, do}) }

func (c *Crowd) ring(now time.Time) {
	for len(c.alarms) > 0 && !c.alarms[0].at.After(now) {
		a, _ := heap.Pop(&c.alarms).(alarm)
		c.Tardy = max(c.Tardy, now.Sub(a.at))
		a.do()
	}
}

// backOff is how long the page waits before an attempt, counted from 0.
func backOff(attempt int, least, most time.Duration) time.Duration {
	spread := min(most, least<<min(attempt, 20))
	return min(most, least+rand.N(spread+1)) //nolint:gosec // jitter
}

type alarm struct {
	at time.Time
	do func()
}

// alarms is a heap, the next one first.
type alarms []alarm

func (a alarms) Len() int           { return len(a) }
func (a alarms) Less(i, j int) bool { return a[i].at.Before(a[j].at) }
func (a alarms) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *alarms) Push(x any)        { one, _ := x.(alarm); *a = append(*a, one) }

func (a *alarms) Pop() any {
	last := (*a)[len(*a)-1]
	(*a)[len(*a)-1] = alarm{}
	*a = (*a)[:len(*a)-1]
	return last
}
