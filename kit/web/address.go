package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

type addressKey struct{}

func withAddress(ctx context.Context, a netip.Addr) context.Context {
	return context.WithValue(ctx, addressKey{}, a)
}

// Address is where the request in ctx came from. It is personal data: never log or store it as is.
func Address(ctx context.Context) netip.Addr {
	a, _ := ctx.Value(addressKey{}).(netip.Addr)
	return a
}

// clientAddress walks X-Forwarded-For from its end, past our own proxies: everything before the
// first address that is not ours was written by the client and proves nothing. The second answer
// is whether the peer itself is one of our proxies.
func clientAddress(r *http.Request, trusted []netip.Prefix) (netip.Addr, bool) {
	peer := peerAddress(r.RemoteAddr)
	if !isTrusted(peer, trusted) {
		return peer, false
	}
	client := peer
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(chain) - 1; i >= 0; i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
		if err != nil {
			break
		}
		client = next.Unmap().WithZone("")
		if !isTrusted(client, trusted) {
			break
		}
	}
	return client, true
}

func peerAddress(remote string) netip.Addr {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{} // a unix socket
	}
	return ap.Addr().Unmap().WithZone("")
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if a.IsValid() && p.Contains(a) {
			return true
		}
	}
	return false
}

// network is the address without the part that points at one person, for the log.
func network(a netip.Addr) string {
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// limitKey is what a rate limit counts by: one customer of an IPv6 network has a whole /64.
func limitKey(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
