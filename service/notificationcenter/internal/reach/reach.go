// Package reach connects to addresses that strangers gave us, and to nothing inside: a browser's endpoint is whatever somebody
// sent, and must not lead to our own machines.
//
// The address is looked at after its name was resolved, at the moment of connecting: a name that leads elsewhere the second time
// it is asked for changes nothing.
package reach

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// Dial connects.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

var errInside = errors.New("this address is not on the public internet")

// Refused tells whether an error means that an address is not allowed.
func Refused(err error) bool { return errors.Is(err, errInside) }

// Public connects to the public internet alone.
func Public() Dial {
	d := dialer()
	d.Control = func(_, address string, _ syscall.RawConn) error { return Check(address) }
	return d.DialContext
}

// Anywhere connects to whatever there is; for tests, whose servers are on this machine.
func Anywhere() Dial { return dialer().DialContext }

func dialer() *net.Dialer { return &net.Dialer{Timeout: 5 * time.Second} }

// Check refuses an address and port that is not on the public internet.
func Check(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", errInside, err)
	}
	ip := at.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return errInside
	}
	for _, inside := range inside() {
		if inside.Contains(ip) {
			return errInside
		}
	}
	return nil
}

// inside are the ranges that the standard library counts as global, and that lead into networks all the same: shared address
// space, protocol assignments, benchmarks, reserved, and IPv6 that carries an IPv4 address.
func inside() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23", "2002::/16", "fec0::/10",
	} {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}
