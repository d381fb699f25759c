package crowd

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// script sends frames to everybody who comes, and reads until the other end hangs up.
func script(t *testing.T, frames ...[]byte) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, _, err := ws.UpgradeHTTP(r, w)
		if err != nil {
			return
		}
		for _, frame := range frames {
			_ = wsutil.WriteServerText(conn, frame)
		}
		_, _ = conn.Read(make([]byte, 1))
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

func sequences(numbers ...int) [][]byte {
	frames := make([][]byte, len(numbers))
	for i, n := range numbers {
		frames[i] = Push(n, time.Now().UnixNano())
	}
	return frames
}

// TestCrowdFindsWhatAServerDoesWrong is why the figures can be believed: a server that loses, doubles or exchanges messages
// on purpose is found out by each of its viewers.
func TestCrowdFindsWhatAServerDoesWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                           string
		frames                         [][]byte
		seen, lost, doubled, reordered int
	}{
		{"nothing", sequences(1, 2, 3, 4), 4, 0, 0, 0},
		{"one lost", sequences(1, 2, 4), 3, 1, 0, 0},
		{"the last lost", sequences(1, 2, 3), 3, 1, 0, 0},
		{"one doubled", sequences(1, 2, 2, 3, 4), 4, 0, 1, 0},
		{"two exchanged", sequences(1, 3, 2, 4), 4, 0, 0, 1},
		{"two in one frame, on two lines", [][]byte{bytes.Join(sequences(1, 2), []byte("\n")), bytes.Join(sequences(3, 4), []byte("\n"))}, 4, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			crowd, err := New(Options{Address: script(t, c.frames...), Path: "/"})
			if err != nil {
				t.Fatal(err)
			}
			defer crowd.Close()
			const viewers = 3
			for i := range viewers {
				crowd.Add(Person{})
				crowd.Join(i, time.Now())
			}
			frames := len(c.frames) * viewers
			if err := crowd.Run(time.Now().Add(10*time.Second), func() bool { return crowd.Frames == frames }); err != nil {
				t.Fatal(err)
			}
			seen, doubled, reordered := crowd.Delivered()
			got := []int{seen, crowd.Lost(4), doubled, reordered}
			if want := []int{viewers * c.seen, viewers * c.lost, viewers * c.doubled, viewers * c.reordered}; !slices.Equal(got, want) {
				t.Errorf("seen, lost, doubled, reordered %v, want %v; %v", got, want, crowd.Ends)
			}
		})
	}
}

func TestCrowdComesBackAndSaysWhy(t *testing.T) {
	t.Parallel()
	crowd, err := New(Options{Address: script(t, sequences(1)...), Path: "/", BackLeast: time.Millisecond, BackMost: 2 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer crowd.Close()
	crowd.Add(Person{})
	crowd.Join(0, time.Now())
	end := time.Now().Add(10 * time.Second)
	if err := crowd.Run(end, func() bool { return crowd.Frames == 1 }); err != nil {
		t.Fatal(err)
	}
	crowd.Cut()
	if crowd.Inside() != 0 {
		t.Error("still inside after a cut")
	}
	if err := crowd.Run(end, func() bool { return crowd.Frames == 2 }); err != nil {
		t.Fatal(err)
	}
	if crowd.Inside() != 1 || crowd.Joins.Count() != 2 || len(crowd.Ends) != 0 {
		t.Errorf("%d inside, %d joins, %v", crowd.Inside(), crowd.Joins.Count(), crowd.Ends)
	}
}

// TestFramesInPieces cuts what a server sends at every place: a read may end anywhere.
func TestFramesInPieces(t *testing.T) {
	t.Parallel()
	var all bytes.Buffer
	texts := []string{"{}", fmt.Sprintf("%0200d", 7), fmt.Sprintf("%070000d", 7)}
	for _, text := range texts {
		if err := wsutil.WriteServerText(&all, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, piece := range []int{1, 3, 1000, all.Len()} {
		var got []string
		var come []byte
		for part := range slices.Chunk(all.Bytes(), piece) {
			come = append(come, part...)
			for {
				op, payload, rest, whole, err := nextFrame(come)
				if err != nil {
					t.Fatal(err)
				}
				if !whole {
					break
				}
				if op != opText {
					t.Fatalf("op %d", op)
				}
				got = append(got, string(payload))
				come = rest
			}
		}
		if !slices.Equal(got, texts) {
			t.Errorf("pieces of %d: %d frames", piece, len(got))
		}
	}
	for name, frame := range map[string][]byte{"masked": {0x81, 0x80, 0, 0, 0, 0}, "a fragment": {0x01, 0}, "too long": {0x81, 127, 0, 0, 0, 0, 1, 0, 0, 0}} {
		if _, _, _, _, err := nextFrame(frame); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestOurFramesAreFrames lets the library read what we write.
func TestOurFramesAreFrames(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 125, 126, 4000} {
		want := bytes.Repeat([]byte("x"), n)
		got, op, err := wsutil.ReadClientData(bytes.NewBuffer(appendFrame(nil, want)))
		if err != nil || op != ws.OpText || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestMessagesAreFound(t *testing.T) {
	t.Parallel()
	line := `{"id":13,"rpc":{"data":{"room":{"title":"x"}, "messages":[{"sequence":7, "id":"a", "body":"at=12;", "sentAt":"2026"},` +
		`{"sequence": 8,"body":"at=13;"},{"sequence":9,"body":"hello"}],"lastSequence":31,"viewers":5}}}`
	got := messages(nil, []byte(line))
	if want := []said{{7, 12}, {8, 13}, {9, 0}}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if last, _ := field([]byte(line), "lastSequence"); last != 31 {
		t.Errorf("last %d", last)
	}
	if n, told := field([]byte(line), "viewers"); n != 5 || !told {
		t.Errorf("viewers %d, %v", n, told)
	}
	if _, told := field([]byte(`{"push":{}}`), "viewers"); told {
		t.Error("a number out of nothing")
	}
	if why := text([]byte(`{"id":1,"error":{"code":1503,"message":"room.opening"}}`), "message"); why != "room.opening" {
		t.Error(why)
	}
}
