package notificationcenter

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// lanes keep push services from taking the place of each other: those of one host get a part of the workers and no more, very few when
// it hangs, and none while it asks for patience. A host is whatever a stranger's endpoint names, so what is remembered of them has a
// bound.
//
//	open ──no answer in time──> slow ──an answer, or an hour──> open
//	  └──429, 5xx──> resting ──the time that it asked for──> open
type lanes struct {
	now            func() time.Time
	most, slowMost int

	mu    sync.Mutex
	hosts map[string]*lane
}

type lane struct {
	busy              int
	slowTill, restsTo time.Time
}

const (
	lanesMost   = 1000
	pushPause   = time.Minute      // for a push service that asks for patience without saying how much
	pushPatient = 15 * time.Minute // at most, whatever it says
)

var errCrowded = errors.New("as many wait for this push service as may")

func newLanes(now func() time.Time, workers int) *lanes {
	return &lanes{now: now, most: max(workers/2, 1), slowMost: max(workers/64, 1), hosts: map[string]*lane{}}
}

// enter asks whether a push service may be asked now.
func (l *lanes) enter(host string) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, at := l.now(), l.at(host)
	most := l.most
	if at.slowTill.After(now) {
		most = l.slowMost
	}
	switch {
	case at.restsTo.After(now):
		return nil, fmt.Errorf("the push service wants to be asked again after %s", at.restsTo.UTC().Format(time.TimeOnly))
	case at.busy >= most:
		return nil, errCrowded
	}
	at.busy++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if at.busy--; at.busy == 0 && !at.slowTill.After(l.now()) && !at.restsTo.After(l.now()) {
			delete(l.hosts, host)
		}
	}, nil
}

// at is called with mu held. Hosts that nobody is asking are forgotten when there are too many: they are new again, no more.
func (l *lanes) at(host string) *lane {
	if l.hosts[host] == nil {
		if len(l.hosts) >= lanesMost {
			for name, other := range l.hosts {
				if other.busy == 0 {
					delete(l.hosts, name)
				}
			}
		}
		l.hosts[host] = &lane{}
	}
	return l.hosts[host]
}

// hangs notes that a push service did not answer in time; answers, that it did.
func (l *lanes) hangs(host string)   { l.mark(host, l.now().Add(rememberIt)) }
func (l *lanes) answers(host string) { l.mark(host, time.Time{}) }

func (l *lanes) mark(host string, slowTill time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at(host).slowTill = slowTill
}

// rest notes that a push service wants to be left alone, for so many seconds or until a date.
func (l *lanes) rest(host, after string) {
	now := l.now()
	until := now.Add(pushPause)
	if seconds, err := strconv.Atoi(after); err == nil {
		until = now.Add(time.Duration(min(max(0, seconds), int(pushPatient.Seconds()))) * time.Second)
	} else if at, err := http.ParseTime(after); err == nil {
		until = at
	}
	if most := now.Add(pushPatient); until.After(most) {
		until = most
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at(host).restsTo = until
}
