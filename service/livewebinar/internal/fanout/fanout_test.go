package fanout

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// pair is a connection after its handshake, and its other end.
func pair(t *testing.T) (*Conn, net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	other, err := net.Dial("tcp", listener.Addr().String()) //nolint:noctx // to ourselves
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	tcp, ok := accepted.(*net.TCPConn)
	if !ok {
		t.Fatal("no TCP")
	}
	_ = tcp.SetWriteBuffer(64 << 10)
	c, err := Wrap(tcp, func() {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), other.Close() })
	const hello = "HTTP/1.1 101 Switching Protocols\r\n\r\n"
	if _, err := c.Write([]byte(hello)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(other, make([]byte, len(hello))); err != nil {
		t.Fatal(err)
	}
	return c, other
}

// read gives the texts of frames until the last one.
func read(t *testing.T, r io.Reader, last string) (texts []string) {
	t.Helper()
	b := bufio.NewReader(r)
	for {
		header, err := ws.ReadHeader(b)
		if err != nil {
			t.Fatal(err)
		}
		if header.OpCode != ws.OpText || !header.Fin || header.Masked || header.Length > 1<<20 {
			t.Fatalf("a frame got into the middle of another: %+v", header)
		}
		payload := make([]byte, header.Length)
		if _, err := io.ReadFull(b, payload); err != nil {
			t.Fatal(err)
		}
		if string(payload) == last {
			return texts
		}
		texts = append(texts, string(payload))
	}
}

func TestFramesOfTwoWritersStayWhole(t *testing.T) {
	t.Parallel()
	c, other := pair(t)
	const frames = 2000
	var both sync.WaitGroup
	both.Go(func() { // the engine, which writes long frames in two pieces
		for i := range frames {
			f := Frame([]byte(fmt.Sprintf("engine %d %s", i, strings.Repeat("x", i*40))))
			half := len(f)
			if i%2 == 1 {
				half = 4 + i%7
			}
			_ = c.SetWriteDeadline(time.Now().Add(30 * time.Second))
			for _, part := range [][]byte{f[:half], f[half:]} {
				if len(part) == 0 {
					continue
				}
				if _, err := c.Write(part); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	pushed := 0
	both.Go(func() {
		for pushed < frames {
			switch err := c.Push(Frame(fmt.Appendf(nil, "fan %d", pushed))); {
			case err == nil:
				pushed++
			case errors.Is(err, ErrSlow): // the other end reads slower than a test writes
				return
			default:
				t.Error(err)
				return
			}
		}
	})
	go func() {
		both.Wait()
		_, _ = c.Write(Frame([]byte("end")))
	}()
	next := map[string]int{}
	for _, text := range read(t, other, "end") {
		var who string
		var n int
		if _, err := fmt.Sscan(text, &who, &n); err != nil || n != next[who] {
			t.Fatalf("%.40q after %d of %s: %v", text, next[who], who, err)
		}
		next[who]++
	}
	if next["engine"] != frames || next["fan"] != pushed {
		t.Errorf("%v arrived, %d were pushed", next, pushed)
	}
}

func TestWhoDoesNotReadIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	c, other := pair(t)
	text := strings.Repeat("x", 10_000)
	begun, n := time.Now(), 0
	for ; n < 10_000; n++ {
		if err := c.Push(Frame(fmt.Appendf(nil, "%d %s", n, text))); err != nil {
			if !errors.Is(err, ErrSlow) {
				t.Fatal(err)
			}
			break
		}
	}
	if took := time.Since(begun); took > patience || n == 10_000 {
		t.Fatalf("%d frames of 10 kB in %s, and nobody read", n, took)
	}
	go func() { _ = c.Push(Frame([]byte("end"))) }()
	_ = other.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := 0
	b := bufio.NewReader(other)
	for got < n { // whoever reads after all gets everything that was taken, unless the patience was over
		header, err := ws.ReadHeader(b)
		if err != nil {
			break
		}
		payload := make([]byte, header.Length)
		if _, err := io.ReadFull(b, payload); err != nil {
			break
		}
		if !strings.HasPrefix(string(payload), fmt.Sprint(got, " x")) {
			t.Fatalf("%.20q instead of %d", payload, got)
		}
		got++
	}
	if got < n {
		t.Errorf("%d of %d frames", got, n)
	}
}

// listener is a member that notes what it gets.
type listener struct {
	mu   sync.Mutex
	got  []string
	came chan struct{}
	wait chan struct{} // Push waits for it, as none should
	err  error
}

func (l *listener) Push(frame []byte) error {
	if l.wait != nil {
		<-l.wait
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, string(Text(frame)))
	l.came <- struct{}{}
	return l.err
}

func TestFanKeepsOrderAndJoinsWhatWaits(t *testing.T) {
	t.Parallel()
	f := New(1, func(string, string, error) {})
	l := &listener{came: make(chan struct{}, 10), wait: make(chan struct{}, 10)}
	f.Add("a", "1", l)
	f.Send("a", []byte("one"))
	f.Send("b", []byte("nobody hears this"))
	l.wait <- struct{}{}
	<-l.came
	f.Send("a", []byte("two"))
	for { // until the writer holds it and waits
		s := f.shards[0]
		s.mu.Lock()
		n := len(s.jobs)
		s.mu.Unlock()
		if n == 0 {
			break
		}
	}
	f.Send("a", []byte("three"))
	f.Send("a", []byte("four"))
	l.wait <- struct{}{}
	l.wait <- struct{}{}
	<-l.came
	<-l.came
	if want := []string{"one", "two", "three\nfour"}; !slices.Equal(l.got, want) {
		t.Errorf("%q", l.got)
	}
}

func TestFanForgetsWhoHasGone(t *testing.T) {
	t.Parallel()
	told := make(chan string, 10)
	f := New(2, func(channel, id string, err error) { told <- fmt.Sprint(channel, " ", id, " ", err) })
	gone := &listener{came: make(chan struct{}, 10), err: net.ErrClosed}
	f.Add("a", "gone", gone)
	removed := &listener{came: make(chan struct{}, 10)}
	f.Add("a", "removed", removed)
	f.Remove("a", "removed")
	dropped := &listener{came: make(chan struct{}, 10)}
	f.Add("a", "dropped", dropped)
	f.Add("b", "dropped", dropped)
	f.Drop("dropped")
	f.Send("a", []byte("x"))
	if got := <-told; got != "a gone "+net.ErrClosed.Error() {
		t.Error(got)
	}
	f.Send("a", []byte("y"))
	f.Send("b", []byte("z"))
	stays := &listener{came: make(chan struct{}, 10)}
	f.Add("a", "stays", stays)
	f.Send("a", []byte("end"))
	<-stays.came
	if len(gone.got) != 1 || len(removed.got)+len(dropped.got) != 0 || !slices.Equal(stays.got, []string{"end"}) {
		t.Errorf("%q %q %q %q", gone.got, removed.got, dropped.got, stays.got)
	}
}

func TestFrameIsAFrame(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 125, 126, 65_535, 65_536} {
		text := strings.Repeat("x", n)
		f := Frame([]byte(text))
		header, err := ws.ReadHeader(strings.NewReader(string(f)))
		if err != nil || header.Length != int64(n) || string(Text(f)) != text || frameLength(f) != len(f) {
			t.Errorf("%d: %+v %v", n, header, err)
		}
	}
}
