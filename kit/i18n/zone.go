package i18n

import (
	"path"
	"strings"
	"sync"
	"time"
)

// IsZone says whether a name is one of the IANA database that a person may choose. This machine's own zone is not, nor are the
// databases' internals: right/ counts leap seconds, posix/ and the files without a place are other names of the same. Each zone has one way to
// be written, so that no more can be remembered than there are.
func IsZone(name string) bool {
	switch {
	case name == "", path.Clean(name) != name, strings.HasPrefix(name, "right/"), strings.HasPrefix(name, "posix/"):
		return false
	case name == "Local", name == "Factory", name == "localtime", name == "posixrules":
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

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
	z.mu.RLock()
	zone := z.known[name]
	z.mu.RUnlock()
	if zone != nil {
		return zone
	}
	if !IsZone(name) {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.known[name] = zone
	return zone
}

// Zone is the time zone of a name, as Zones find it.
func (c *Catalog) Zone(name string) *time.Location { return c.zones.Find(name) }
