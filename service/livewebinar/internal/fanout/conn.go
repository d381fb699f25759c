package fanout

import (
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// What a connection may hold, and how long somebody who does not read is waited for.
const (
	waitingMost = 256 << 10
	patience    = 2 * time.Second
)

// ErrSlow says that a viewer reads slower than the room speaks.
var ErrSlow = errors.New("fanout: too much waits for this connection")

// Conn is a connection that two write to: the engine its frames, and the fan-out frames that are the same for all. A frame
// of the one never gets into the middle of a frame of the other, and neither waits for a viewer who does not read, except the
// engine in the goroutine that it has for each connection anyway.
type Conn struct {
	net.Conn

	raw      syscall.RawConn
	ended    func()
	parted   atomic.Bool
	deadline atomic.Int64 // of the engine, 0 for none; put on the socket only when there is something to wait for

	// own is the right to write to the socket; whoever has it writes what came to wait before giving it back. What is below
	// belongs to whoever has that right.
	own    sync.Mutex
	shaken bool   // the answer to the handshake, which is no frame, has been written
	left   int    // bytes of a frame of the engine that are still to come
	buffer []byte // for attempt
	put    int
	failed error
	try    func(fd uintptr) bool

	mu      sync.Mutex
	waiting [][]byte // frames for which the socket was not free
	size    int
}

// Wrap makes one of a TCP connection, before the handshake is answered. ended is called when it is closed, perhaps more than once.
func Wrap(tcp *net.TCPConn, ended func()) (*Conn, error) {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what it is
	}
	c := &Conn{Conn: tcp, raw: raw, ended: ended}
	c.try = c.attempt
	return c, nil
}

// Close ends it.
func (c *Conn) Close() error {
	c.ended()
	return c.Conn.Close() //nolint:wrapcheck // the caller expects errors of package net
}

// SetWriteDeadline is for the writes of the engine. Setting it on the socket costs as much as a tenth of a write, and nearly all writes
// need not wait; so it is set when one does.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	at := int64(0)
	if !t.IsZero() {
		at = t.UnixNano()
	}
	c.deadline.Store(at)
	return nil
}

// Write is the engine's. Each call begins a frame or goes on with one.
func (c *Conn) Write(b []byte) (int, error) {
	c.own.Lock()
	n, err := c.write(b, c.until())
	c.follow(b)
	c.release()
	return n, err
}

func (c *Conn) until() time.Time {
	if at := c.deadline.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// Push writes a whole frame at once if the socket takes it, and otherwise leaves it to somebody else to wait.
func (c *Conn) Push(frame []byte) error {
	c.mu.Lock()
	free := len(c.waiting) == 0 && c.own.TryLock()
	if free && c.left > 0 {
		c.own.Unlock()
		free = false
	}
	if !free {
		err := c.queue(frame)
		c.mu.Unlock()
		return err
	}
	c.mu.Unlock()
	n, err := c.now(frame)
	if err != nil || n == len(frame) {
		c.release()
		return err
	}
	go func() {
		if _, err := c.wait(frame[n:], time.Now().Add(patience)); err != nil {
			_ = c.Close() // half a frame has been written: nothing can follow it
		}
		c.release()
	}()
	return nil
}

// queue is called with mu held.
func (c *Conn) queue(frame []byte) error {
	if c.size += len(frame); c.size > waitingMost {
		return ErrSlow
	}
	c.waiting = append(c.waiting, frame)
	return nil
}

// release gives the right to write back, after writing what came to wait meanwhile.
func (c *Conn) release() {
	for {
		c.mu.Lock()
		if len(c.waiting) == 0 || c.left > 0 {
			c.own.Unlock()
			c.mu.Unlock()
			return
		}
		frames := c.waiting
		c.waiting, c.size = nil, 0
		c.mu.Unlock()
		for _, frame := range frames {
			if _, err := c.write(frame, time.Now().Add(patience)); err != nil {
				_ = c.Close()
				break
			}
		}
	}
}

// write writes everything, at once or after waiting.
func (c *Conn) write(b []byte, deadline time.Time) (int, error) {
	n, err := c.now(b)
	if err != nil || n == len(b) {
		return n, err
	}
	more, err := c.wait(b[n:], deadline)
	return n + more, err
}

func (c *Conn) wait(b []byte, deadline time.Time) (int, error) {
	if err := c.Conn.SetWriteDeadline(deadline); err != nil {
		return 0, err //nolint:wrapcheck // the caller expects errors of package net
	}
	n, err := c.Conn.Write(b)
	_ = c.Conn.SetWriteDeadline(time.Time{})
	return n, err //nolint:wrapcheck // the caller expects errors of package net
}

// now writes what the socket takes at once.
func (c *Conn) now(b []byte) (int, error) {
	c.buffer, c.put, c.failed = b, 0, nil
	err := c.raw.Write(c.try)
	c.buffer = nil
	return c.put, errors.Join(err, c.failed)
}

func (c *Conn) attempt(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), c.buffer) //nolint:gosec // file descriptors are small
		switch {
		case err == nil:
			c.put = n
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EAGAIN):
			c.failed = err
		}
		return true
	}
}

// isClose is the kind of a frame that closes a connection.
const isClose = 8

// Parted says whether the engine has written the frame that closes the connection, in answer to one or of its own.
func (c *Conn) Parted() bool { return c.parted.Load() }

// follow finds where the engine's frame ends.
func (c *Conn) follow(b []byte) {
	switch {
	case !c.shaken:
		c.shaken = true
	case c.left > 0:
		c.left = max(0, c.left-len(b))
	case len(b) >= 2:
		if b[0]&0x0f == isClose {
			c.parted.Store(true)
		}
		c.left = max(0, frameLength(b)-len(b))
	}
}

// frameLength is how long the frame is that begins here. A server masks nothing.
func frameLength(b []byte) int {
	switch n := int(b[1] & 0x7f); {
	case n == 126 && len(b) >= 4:
		return 4 + int(binary.BigEndian.Uint16(b[2:]))
	case n == 127 && len(b) >= 10:
		return 10 + int(binary.BigEndian.Uint64(b[2:])) //nolint:gosec // of a frame that we wrote
	default:
		return 2 + n
	}
}

// Frame is a text frame of a server.
func Frame(text []byte) []byte {
	const final, isText = 0x80, 1
	f := make([]byte, 0, len(text)+10)
	f = append(f, final|isText)
	switch n := len(text); {
	case n < 126:
		f = append(f, byte(n))
	case n < 1<<16:
		f = binary.BigEndian.AppendUint16(append(f, 126), uint16(n))
	default:
		f = binary.BigEndian.AppendUint64(append(f, 127), uint64(n))
	}
	return append(f, text...)
}

// Text is what stands in a frame.
func Text(frame []byte) []byte {
	switch frame[1] {
	case 126:
		return frame[4:]
	case 127:
		return frame[10:]
	default:
		return frame[2:]
	}
}
