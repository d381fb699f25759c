package live

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// FuzzFrame sends anything as frames of a connection: the server answers or closes with a reason, and serves the others.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "{}\n{}", "[]", "{{{", "null", `{"id":1}`, `{"id":1,"rpc":{}}`, `{"id":1,"rpc":{"method":"room.join","data":"x"}}`,
		`{"id":1,"rpc":{"method":"room.join","data":{"webinarId":"x"}}}`, `{"id":4294967296,"rpc":{"method":"room.beat","data":null}}`,
		`{"id":1,"subscribe":{"channel":"backstage:x"}}`, `{"id":1,"subscribe":{"channel":"#"}}`, `{"id":1,"publish":{"channel":"front","data":{}}}`,
		`{"id":1,"connect":{}}`, `{"id":1,"presence":{"channel":"front"}}`, `{"id":1,"history":{"channel":"front"}}`, `{"id":1,"refresh":{"token":"x"}}`,
		`{"id":1,"unsubscribe":{"channel":"front"}}`, `{"id":1,"send":{"data":{}}}`, `{"id":1,"rpc":{"method":"` + strings.Repeat("x", 3000) + `"}}`,
		"\xff\xfe", `{"id":1,"rpc":{"method":"chat.send","data":` + strings.Repeat("[", 3000) + `}}`,
		strings.Repeat(`{"id":1,"ping":{}}`+"\n", 300), `{"id":1,"sub_refresh":{"channel":"front","token":"x"}}`,
	} {
		f.Add([]byte(seed))
	}
	h := Build(f)
	h.Serve()
	h.GoLive()
	options, number := h.Options(h.Account("Hostile")), int32(0)
	witness := member(f, h, h.Account("Witness"))
	pace := rate.NewLimiter(10, 50) // half of what a connection may, or the witness itself is the flood
	f.Fuzz(func(t *testing.T, frame []byte) {
		s, err := Dial(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Kill()
		// Whatever it was, an honest call behind it is answered, or the connection is closed with a reason.
		_ = s.Send(frame)
		_, err = s.Command(t.Context(), "rpc", map[string]string{"method": "no.such"})
		if no := (*Refused)(nil); !errors.As(err, &no) {
			<-s.Done()
			var closed *Closed
			if !errors.As(s.Err(), &closed) || closed.Code != 1007 && closed.Code != 3013 && closed.Code/100 != 35 {
				t.Errorf("%q: %v", frame, s.Err())
			}
		}
		if !pace.Allow() {
			return // that everybody is served, the next one who dials sees too
		}
		number++
		beat := &livewebinarpb.BeatRequest{WebinarId: h.Webinar.String(), Sequence: number, Player: livewebinarpb.Player_PLAYER_PLAYING}
		if err := witness.Call(t.Context(), "room.beat", beat, &livewebinarpb.BeatResponse{}); err != nil {
			t.Fatalf("after %q nobody is served: %v", frame, err)
		}
	})
}

// member is in the room and hears nothing: what arrives would call the fuzz target's own F.
func member(f *testing.F, h *House, account uuid.UUID) *Client {
	f.Helper()
	c, err := Dial(f.Context(), h.Options(account))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(c.Kill)
	h.Await("the room lets the witness in", func() bool {
		return c.Call(f.Context(), "room.join", &livewebinarpb.JoinRequest{WebinarId: h.Webinar.String()}, &livewebinarpb.JoinResponse{}) == nil
	})
	return c
}

// TestFloods has somebody call methods far faster than a person does: refused by account first, then cut.
func TestFloods(t *testing.T) {
	t.Parallel()
	h := open(t)
	ana := h.enter(h.Account("Ana"), 0)
	number := ana.ask(t, "Mine", false)
	bor := h.enter(h.Account("Bor"), 0)
	h.Await("votes of one person are refused", func() bool {
		_, err := bor.do("question.vote", &livewebinarpb.VoteRequest{Number: number, On: true})
		return refused(err, "room.too_fast")
	})
	for _, method := range []string{"chat.react", "question.ask", "host.remove", "poll.answer", "room.state"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := h.enter(h.Account(method), 0)
			for i := range 5000 {
				if s.Send(fmt.Appendf(nil, `{"id":%d,"rpc":{"method":%q,"data":{"webinarId":%q}}}`, i+10, method, h.Webinar)) != nil {
					break
				}
			}
			closedWith(t, s, 3013)
		})
	}
}
