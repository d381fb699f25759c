package livewebinar

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// How well a measurement of the database's clock must be to be believed while an older one still holds.
const (
	closeEnough = 50 * time.Millisecond
	measureOld  = 10 * time.Second
)

// clock is the one clock of all rooms, whatever instance serves them: that of the database. It is measured once a second and
// told from the own one in between, so that stamping a heartbeat asks nobody. It never goes backwards, and nothing is
// stamped before it was measured once.
type clock struct {
	own func() time.Time
	ask func(context.Context) (time.Time, error)

	mu       sync.Mutex
	known    bool
	at       time.Time // the own clock, when the room's showed there
	there    time.Time
	measured time.Time // by the own clock
	last     time.Time // what was told last
}

func newClock(own func() time.Time, pool *pgxpool.Pool) *clock {
	return &clock{own: own, ask: func(ctx context.Context) (time.Time, error) { return store.New(pool).ClockNow(ctx) }}
}

// now is what time it is in the rooms.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tell(c.own())
	if t.Before(c.last) {
		t = c.last
	}
	c.last = t
	return t
}

func (c *clock) tell(own time.Time) time.Time {
	if !c.known {
		return own
	}
	return c.there.Add(own.Sub(c.at)).UTC()
}

// sure measures unless that has been done.
func (c *clock) sure(ctx context.Context) error {
	c.mu.Lock()
	known := c.known
	c.mu.Unlock()
	if known {
		return nil
	}
	return c.measure(ctx)
}

// measure asks the database what time it is. The answer is as old as half of the way there and back; what it says within
// that doubt changes nothing, so that the clock does not tremble.
func (c *clock) measure(ctx context.Context) error {
	asked := c.own()
	there, err := c.ask(ctx)
	if err != nil {
		return fmt.Errorf("ask for the time: %w", err)
	}
	answered := c.own()
	way := answered.Sub(asked)
	c.mu.Lock()
	defer c.mu.Unlock()
	middle := asked.Add(way / 2)
	off := there.Sub(c.tell(middle)).Abs()
	switch {
	case !c.known:
		c.last = time.Time{} // what was told before was for nobody
	case off <= way/2:
		c.measured = answered
		return nil
	case way > closeEnough && answered.Sub(c.measured) < measureOld:
		return nil // a slow answer is worse than what is known
	}
	c.known, c.at, c.there, c.measured = true, middle, there, answered
	return nil
}
