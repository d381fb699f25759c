package i18n

import (
	"sync"
	"time"
)

// mostZones bounds what is remembered: there are about 600 zones, but a zone can be written in many ways.
const mostZones = 1000

// Zones remembers time zones, because package time reads a file each time it is asked for one. It is safe for concurrent use.
type Zones struct {
	mu    sync.RWMutex
	known map[string]*time.Location
}

// NewZones remembers none yet.
func NewZones() *Zones { return &Zones{known: map[string]*time.Location{}} }

// Find is the time zone of a name such as "Europe/Ljubljana"; nil when there is none. The zone of this machine has no name
// that a reader could choose.
func (z *Zones) Find(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	z.mu.RLock()
	zone := z.known[name]
	z.mu.RUnlock()
	if zone != nil {
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if len(z.known) < mostZones {
		z.known[name] = zone
	}
	return zone
}

// Zone is the time zone of a name, as Zones find it.
func (c *Catalog) Zone(name string) *time.Location { return c.zones.Find(name) }
