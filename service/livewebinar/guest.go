package livewebinar

import (
	"net/netip"
	"sync"
)

// guests counts the open connections of visitors by the address that they come from: an account is bounded by itself, but who is
// nobody could open as many as there are ports. Addresses of private networks are not counted: they are of the same house, or of a
// proxy that nobody named, behind which everybody would be one.
type guests struct {
	most int // zero: no limit

	mu   sync.Mutex
	from map[netip.Prefix]int
}

// enter counts one more, until leave is called; false when there are too many.
func (g *guests) enter(address netip.Addr) (leave func(), in bool) {
	if g.most == 0 || !address.IsValid() || address.IsPrivate() || address.IsLoopback() {
		return func() {}, true
	}
	bits := address.BitLen()
	if address.Is6() {
		bits = 64 // one customer has that many
	}
	network, err := address.Prefix(bits)
	if err != nil {
		return func() {}, true // it has a length that fits
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.from[network] >= g.most {
		return func() {}, false
	}
	if g.from == nil {
		g.from = map[netip.Prefix]int{}
	}
	g.from[network]++
	return sync.OnceFunc(func() { g.left(network) }), true
}

func (g *guests) left(network netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.from[network]--; g.from[network] == 0 {
		delete(g.from, network)
	}
}
