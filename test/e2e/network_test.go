package e2e

import (
	"io"
	"net"
	"sync"
	"testing"
)

// wire is a network between a browser and the site that can be cut: what is open breaks, what is new is refused.
type wire struct {
	listener net.Listener
	to       string

	mu   sync.Mutex
	cut  bool
	open map[net.Conn]bool
}

// wireTo makes one to an address.
func wireTo(t *testing.T, address string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, to: address, open: map[net.Conn]bool{}}
	go w.serve()
	t.Cleanup(func() {
		_ = listener.Close()
		w.Cut(true)
	})
	return w
}

// URL is where the browser finds the site.
func (w *wire) URL() string { return "http://" + w.listener.Addr().String() }

// Cut breaks the network, or mends it.
func (w *wire) Cut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for c := range w.open {
		if cut {
			_ = c.Close()
		}
	}
}

func (w *wire) serve() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.to)
		if err != nil || !w.keep(near, far) {
			_ = near.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1])
				_, _ = near.Close(), far.Close()
			}()
		}
	}
}

func (w *wire) keep(near, far net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		_ = far.Close()
		return false
	}
	w.open[near], w.open[far] = true, true
	return true
}
