package live

import (
	"testing"
	"time"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// TestTriesAcrossInstances has somebody cut the line whenever a presence check comes, and come back on another instance each time; one of
// them is killed with -9 in between. The third connection that had the check delivers it, as if there were one instance.
func TestTriesAcrossInstances(t *testing.T) {
	t.Parallel()
	h := Build(t)
	setup := Setup{Lease: 2 * time.Second}
	one, two := h.Instance(setup), h.Instance(setup)
	h.GoLive()
	anaID := h.Account("Ana")
	ana := h.enterAt(one, anaID, 0)
	h.Ahead(time.Until(h.FirstCheck(anaID)) + 10*time.Millisecond)
	next(t, ana.person, "the check", func(p *livewebinarpb.PersonPush) bool { return p.GetCheck() != nil })
	ana.Kill()
	h.Await("the check is written", func() bool {
		return h.Count(`SELECT count(*) FROM livewebinar.presence_check WHERE sent_at IS NOT NULL`) == 1
	})
	tries := func(n int) func() bool {
		return func() bool {
			return h.Count(`SELECT count(*) FROM livewebinar.presence_check, jsonb_object_keys(tries) WHERE number = 1`) == n
		}
	}
	hop := func(on *Instance) {
		t.Helper()
		ana := h.enterAt(on, anaID, 0)
		if ana.joined.GetCheck().GetNumber() != 1 {
			t.Fatalf("on coming back: %v", ana.joined.GetCheck())
		}
		must(ana.beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t)
		ana.Kill()
	}
	hop(one)
	h.Await("one try is written", tries(1))
	one.Kill()
	hop(two)
	h.Await("two tries are written", tries(2))
	if h.Count(`SELECT count(*) FROM livewebinar.presence_check WHERE delivered_at IS NOT NULL`) != 0 {
		t.Error("delivered after two")
	}
	hop(h.Instance(setup))
	h.Await("it was delivered", func() bool {
		return h.Count(`SELECT count(*) FROM livewebinar.presence_check WHERE number = 1 AND delivered_at IS NOT NULL`) == 1
	})
}
