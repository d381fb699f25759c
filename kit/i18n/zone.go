package i18n

import (
	"sync"
	"time"
)

// mostZones bounds what is remembered: there are about 600 zones, but a zone can be written in many ways.
const mostZones = 1000

// zones remembers time zones, because package time reads a file each time it is asked for one.
type zones struct {
	mu    sync.RWMutex
	known map[string]*time.Location
}

func newZones() *zones { return &zones{known: map[string]*time.Location{}} }

// Zone is the time zone of a name such as "Europe/Ljubljana"; nil when there is none. The zone of this machine has no name
// that a reader could choose.
func (c *Catalog) Zone(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	c.zones.mu.RLock()
	zone := c.zones.known[name]
	c.zones.mu.RUnlock()
	if zone != nil {
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	c.zones.mu.Lock()
	defer c.zones.mu.Unlock()
	if len(c.zones.known) < mostZones {
		c.zones.known[name] = zone
	}
	return zone
}
