package livewebinar

import (
	"context"
	"strings"
	"sync"

	"github.com/centrifugal/centrifuge"
	"google.golang.org/protobuf/encoding/protojson"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// turns does what arrives for one room in its order, without whoever brings it waiting: one room whose database is slow holds up
// no other.
type turns struct {
	mu      sync.Mutex
	waiting []func()
	running bool
}

// turnsWaiting is how much may wait for a room. What is beyond it is found in the database a second later, as everything is that
// the wire loses.
const turnsWaiting = 1024

func (t *turns) do(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) >= turnsWaiting {
		return
	}
	t.waiting = append(t.waiting, f)
	if !t.running {
		t.running = true
		go t.run()
	}
}

func (t *turns) run() {
	for {
		t.mu.Lock()
		if len(t.waiting) == 0 {
			t.running, t.waiting = false, nil
			t.mu.Unlock()
			return
		}
		f := t.waiting[0]
		t.waiting = t.waiting[1:]
		t.mu.Unlock()
		f()
	}
}

// arrived hands on what another instance published, to those who are connected here.
func (s *server) arrived(channel string, data []byte) {
	webinar, _, err := webinarOf(channel)
	if err != nil { // a person's channel, or the front page
		switch channel {
		case bellChannel:
			s.rung(data)
			return
		case frontChannel:
			s.heardFront(data)
		}
		s.handRaw(channel, data)
		return
	}
	b := s.boards.holding(webinar)
	if b == nil {
		return // nobody here has asked for it
	}
	push := &livewebinarpb.RoomPush{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, push); err != nil {
		s.log.Error("a push of another instance could not be read", "channel", channel, "error", err)
		return
	}
	b.arriving.do(func() { s.arrivedAt(b, channel, push, data) })
}

func (s *server) arrivedAt(b *board, channel string, push *livewebinarpb.RoomPush, data []byte) {
	if len(push.GetMessages()) > 0 {
		s.spokenElsewhere(b, push, data)
		return
	}
	b.heard(channel, push)
	s.handRaw(channel, data)
	if channel == backstageChannel(b.webinar) && len(push.GetBoard().GetSanctions()) > 0 {
		s.refreshNow(b) // who is removed is out at once, on every instance
	}
}

// spokenElsewhere keeps the order of the chat: what is missing before a push is read and told first, and what was told
// already is not told again.
func (s *server) spokenElsewhere(b *board, push *livewebinarpb.RoomPush, data []byte) {
	b.saying.Lock()
	defer b.saying.Unlock()
	before := b.state.Last()
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	if err := b.said(ctx, push.GetMessages()); err != nil {
		s.log.Error("read what was said elsewhere", "webinar", b.webinar, "error", err)
	}
	if b.state.Last() > before || push.GetBoard() != nil {
		b.heard(roomChannel(b.webinar), push)
		s.handRaw(roomChannel(b.webinar), data)
	}
}

func (s *server) refreshNow(b *board) {
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	if err := b.refresh(ctx); err != nil {
		s.log.Error("a change is told a second later", "webinar", b.webinar, "error", err)
	}
}

// handRaw gives an encoded push to those who are connected here alone. What is for a room goes past the engine's queues, all of
// it the same way, so that it keeps its order.
func (s *server) handRaw(channel string, data []byte) {
	if strings.HasPrefix(channel, roomPrefix) {
		s.fan.Send(channel, pushLine(channel, data))
		return
	}
	err := s.node.Hub().BroadcastPublication(channel, &centrifuge.Publication{Data: data}, centrifuge.StreamPosition{})
	if err != nil && !strings.Contains(err.Error(), "shutdown") {
		s.log.Error("hand out", "channel", channel, "error", err)
	}
}
