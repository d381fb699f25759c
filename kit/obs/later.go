package obs

import (
	"io"
	"sync"
	"time"
)

// How long and how much a Later keeps at most.
const (
	laterDelay = 200 * time.Millisecond
	laterBytes = 64 << 10
)

// Later writes many lines at once: a busy server writes thousands of short lines a second, and each would be a trip to the
// operating system.
//
//	empty ──Write──> waiting ──200 ms, 64 kB, Flush, Close──> empty
//
// A line reaches the file at the latest 200 ms after it was logged, in the order of logging. Whoever stops in order (Close)
// loses nothing; a process that is killed or crashes loses what it logged in its last 200 ms, and nothing older.
type Later struct {
	mu      sync.Mutex
	to      io.Writer
	waiting []byte
	timer   *time.Timer
	closed  bool
}

// NewLater makes one that writes to w.
func NewLater(w io.Writer) *Later {
	return &Later{to: w, waiting: make([]byte, 0, laterBytes)}
}

// Write keeps p, or writes it at once after Close.
func (l *Later) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return l.to.Write(p)
	}
	if len(l.waiting)+len(p) > laterBytes {
		if err := l.flush(); err != nil {
			return 0, err
		}
	}
	if len(p) > laterBytes {
		return l.to.Write(p)
	}
	if len(l.waiting) == 0 {
		l.start()
	}
	l.waiting = append(l.waiting, p...)
	return len(p), nil
}

// start lets the first line that waits be written in time.
func (l *Later) start() {
	if l.timer == nil {
		l.timer = time.AfterFunc(laterDelay, func() { _ = l.Flush() }) // the next Write meets the same error
		return
	}
	l.timer.Reset(laterDelay)
}

// Flush writes what waits.
func (l *Later) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush()
}

// flush forgets also what could not be written: a full disk must not fill the memory too.
func (l *Later) flush() error {
	if len(l.waiting) == 0 {
		return nil
	}
	_, err := l.to.Write(l.waiting)
	l.waiting = l.waiting[:0]
	return err
}

// Close writes what waits; from then on lines are written at once.
func (l *Later) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.timer != nil {
		l.timer.Stop()
	}
	return l.flush()
}
