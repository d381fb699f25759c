package live

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// TestLeavingAtTheEnd has people on two instances close the page, and some vanish without a word. Each instance knows the one from the
// other, and writes it down; only who vanished has lost the connection.
func TestLeavingAtTheEnd(t *testing.T) {
	t.Parallel()
	h := Build(t)
	one, two := h.Instance(Setup{}), h.Instance(Setup{})
	h.GoLive()
	host := h.enterAt(one, h.Host, 0)
	var vanished []uuid.UUID
	for n := range 10 {
		id := h.Account(fmt.Sprint("P", n))
		s := h.enterAt([]*Instance{one, two}[n%2], id, 0)
		must(s.beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t)
		if n < 2 {
			s.Kill()
			vanished = append(vanished, id)
		} else if err := s.Leave(); err != nil {
			t.Fatal(err)
		}
	}
	h.Await("all ends are written", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.beat WHERE event = 'lost'`) == 10 })
	if n := h.Count(`SELECT count(*) FROM livewebinar.beat WHERE event = 'lost' AND clean = (account_id <> ALL ($1))`, vanished); n != 10 {
		t.Errorf("%d of 10 ends are what they were", n)
	}
	host.heard(t, 1)
	if n := h.Count(`SELECT count(*) FROM livewebinar.incident`); n != 0 {
		t.Errorf("%d incidents", n)
	}
}
