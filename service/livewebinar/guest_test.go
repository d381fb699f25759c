package livewebinar

import (
	"net/netip"
	"testing"
)

func TestGuestsAreCountedByAddress(t *testing.T) {
	t.Parallel()
	g := guests{most: 2}
	enter := func(address string, want bool) func() {
		t.Helper()
		leave, in := g.enter(netip.MustParseAddr(address))
		if in != want {
			t.Errorf("%s comes in: %v", address, in)
		}
		return leave
	}
	first := enter("203.0.113.7", true)
	enter("203.0.113.7", true)
	refused := enter("203.0.113.7", false)
	enter("203.0.113.8", true)
	refused() // gives back nothing
	enter("203.0.113.7", false)
	first()
	first() // once
	enter("203.0.113.7", true)
	enter("203.0.113.7", false)
	one, other := enter("2001:db8::1", true), enter("2001:db8::2", true)
	enter("2001:db8::3", false) // of one customer
	enter("2001:db8:0:1::1", true)
	one()
	other()
	if n := len(g.from); n != 3 {
		t.Errorf("%d networks are remembered", n)
	}
	for range 5 {
		enter("10.0.0.1", true)
		enter("127.0.0.1", true)
	}
	g.most = 0
	enter("203.0.113.7", true)
}
