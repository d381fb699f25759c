// Package porttest finds ports for servers that a test starts and stops.
//
// Why not the port that the system gives to whoever asks for any: it comes from the range of outgoing connections, so between
// the asking and the listening, or while the server is down on purpose, somebody else's connection may sit on it. These are
// below that range and drawn at random, for many test programs look for one at the same time.
package porttest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

const (
	lowest  = 10_000
	highest = 30_000
	tries   = 100
)

// Free is a port of this machine on which nobody listens.
func Free(t testing.TB) string {
	t.Helper()
	for range tries {
		port := strconv.Itoa(lowest + rand.IntN(highest-lowest))                //nolint:gosec // nobody guesses it
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port)) //nolint:noctx // it returns at once
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatalf("no free port between %d and %d", lowest, highest)
	return ""
}
