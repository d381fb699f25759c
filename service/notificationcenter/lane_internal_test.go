package notificationcenter

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// A push service gets half of the workers while it is well, one while it hangs, and none while it rests; others are not concerned.
func TestLanes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	l := newLanes(func() time.Time { return now }, 8)
	enter := func(host string, want int) []func() {
		t.Helper()
		var leaves []func()
		for {
			leave, err := l.enter(host)
			if err != nil {
				break
			}
			leaves = append(leaves, leave)
		}
		if len(leaves) != want {
			t.Errorf("%d are let in at %s, want %d", len(leaves), host, want)
		}
		return leaves
	}
	leave := func(all []func()) {
		for _, one := range all {
			one()
		}
	}
	first := enter("a", 4)
	if _, err := l.enter("a"); !errors.Is(err, errCrowded) {
		t.Errorf("one too many: %v", err)
	}
	l.hangs("a")
	leave(first[:3])
	enter("a", 0) // one still hangs
	leave(enter("b", 4))
	leave(first[3:])
	leave(enter("a", 1))
	now = now.Add(rememberIt)
	leave(enter("a", 4))
	l.hangs("a")
	one := enter("a", 1)
	l.answers("a")
	leave(append(one, enter("a", 3)...))

	begin := now
	for after, pause := range map[string]time.Duration{
		"": pushPause, "soon": pushPause, "30": 30 * time.Second, "-1": 0, "99999999999999999": pushPatient,
		now.Add(2 * time.Minute).Format("Mon, 02 Jan 2006 15:04:05 GMT"): 2 * time.Minute,
		now.Add(20 * time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT"):  pushPatient,
	} {
		now = begin
		l.rest("c", after)
		if pause > 0 {
			now = now.Add(pause - time.Second)
			enter("c", 0)
			now = now.Add(time.Second)
		}
		leave(enter("c", 4))
	}
	if len(l.hosts) != 0 {
		t.Errorf("%d hosts are remembered for nothing", len(l.hosts))
	}
}

// Whoever makes up hosts without end fills no memory, and takes nothing from those that are being asked.
func TestLanesAreBounded(t *testing.T) {
	t.Parallel()
	l := newLanes(time.Now, 8)
	if _, err := l.enter("asked"); err != nil {
		t.Fatal(err)
	}
	l.hangs("asked")
	for n := range 10 * lanesMost {
		l.rest(fmt.Sprint("host ", n), "60")
	}
	if len(l.hosts) > lanesMost {
		t.Errorf("%d hosts are remembered", len(l.hosts))
	}
	if _, err := l.enter("asked"); !errors.Is(err, errCrowded) {
		t.Errorf("one that hangs is new: %v", err)
	}
}
