package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/rules/credit"
)

func TestTwoMembersTalk(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	h.GoLive()
	ana, bor := h.enter(h.Account("Ana"), 0), h.enter(h.Account("Bor"), 0)
	if ana.joined.GetRoom().GetTitle() != "Heart failure" || len(ana.joined.GetRoom().GetCommitment()) != 64 || ana.joined.GetHost() {
		t.Errorf("joined %v", ana.joined)
	}
	sent := time.Now()
	id := uuid.New()
	if n := must(ana.send(id, "  Good evening  "))(t); n != 1 {
		t.Errorf("the first message is number %d", n)
	}
	got := next(t, bor.rooms, "the message", func(p *livewebinarpb.RoomPush) bool { return len(p.GetMessages()) > 0 }).GetMessages()[0]
	t.Logf("seen after %s", time.Since(sent))
	if got.GetBody() != "Good evening" || got.GetName() != "Ana" || got.GetSequence() != 1 || got.GetId() != id.String() {
		t.Errorf("%v", got)
	}
	if n := must(ana.send(id, "Good evening"))(t); n != 1 {
		t.Errorf("the same message again is number %d", n)
	}
	next(t, ana.rooms, "two viewers", func(p *livewebinarpb.RoomPush) bool { return p.GetViewers() == 2 })
	host := h.enter(h.Host, 0)
	if !host.joined.GetHost() || len(host.joined.GetMessages()) != 1 {
		t.Errorf("the host joined %v", host.joined)
	}
}

func TestSequenceIsGapless(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	h.GoLive()
	watcher := h.enter(h.Account("Watcher"), 0)
	const people, each = 8, 40
	var all sync.WaitGroup
	for p := range people {
		s := h.enter(h.Account(fmt.Sprint("P", p)), 0)
		all.Go(func() {
			for i := range each {
				if _, err := s.send(uuid.New(), fmt.Sprint("message ", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	frames := 0
	for want := int32(1); want <= people*each; {
		push := next(t, watcher.rooms, "messages", func(p *livewebinarpb.RoomPush) bool { return len(p.GetMessages()) > 0 })
		frames++
		for _, m := range push.GetMessages() {
			if m.GetSequence() != want {
				t.Fatalf("number %d after %d", m.GetSequence(), want-1)
			}
			want++
		}
	}
	all.Wait()
	if frames > people*each/2 {
		t.Errorf("%d messages came in %d frames: a busy room is not merged", people*each, frames)
	}
}

func TestReconnectingLosesNothing(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	h.GoLive()
	ana, borID := h.enter(h.Account("Ana"), 0), h.Account("Bor")
	bor := h.enter(borID, 0)
	must(ana.send(uuid.New(), "one"))(t)
	next(t, bor.rooms, "one", func(p *livewebinarpb.RoomPush) bool { return len(p.GetMessages()) > 0 })
	bor.Kill()
	var all sync.WaitGroup
	for i := range 90 {
		all.Go(func() {
			if _, err := ana.send(uuid.New(), fmt.Sprint("while Bor is away ", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	bor = h.enter(borID, 1)
	seen := bor.joined.GetMessages()
	for len(seen) > 0 && seen[len(seen)-1].GetSequence() < bor.joined.GetLastSequence() {
		var page livewebinarpb.HistoryResponse
		err := bor.Call(t.Context(), "chat.history", &livewebinarpb.HistoryRequest{
			WebinarId: h.Webinar.String(), AfterSequence: seen[len(seen)-1].GetSequence(), Limit: 30,
		}, &page)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, page.GetMessages()...)
	}
	if len(seen) != 90 || seen[0].GetSequence() != 2 || seen[89].GetSequence() != 91 {
		t.Errorf("%d messages after reconnecting", len(seen))
	}
}

func TestWatchedAndFrozen(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	h.GoLive()
	anaID := h.Account("Ana")
	desk, phone := h.enter(anaID, 0), h.enter(anaID, 0)
	begun := time.Now()
	for n := int32(1); time.Since(begun) < 3*time.Second; n++ {
		must(desk.beat(n, livewebinarpb.Player_PLAYER_PLAYING))(t)
		must(phone.beat(n, livewebinarpb.Player_PLAYER_PLAYING))(t)
		time.Sleep(250 * time.Millisecond) // wall time is what is measured here
	}
	meter := must(desk.beat(1000, livewebinarpb.Player_PLAYER_PLAYING))(t).GetCredit()
	if w := meter.GetWatchedSeconds(); w < 2 || w > int32(time.Since(begun).Seconds())+1 {
		t.Errorf("two devices, %s of wall time, %d s watched", time.Since(begun), w)
	}
	if len(meter.GetReasons()) == 0 || meter.GetVerdict() != string(credit.VerdictOpen) {
		t.Errorf("a meter without reasons: %v", meter)
	}
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	next(t, desk.rooms, "the goodbye", func(p *livewebinarpb.RoomPush) bool { return p.GetClosed() != nil })
	// Others see who was there when the room is closed, which is after the last page of attendance was written.
	h.Await("the room is closed", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 })

	var text []byte
	var hash string
	if err := h.DB.Pool("datamanagement").QueryRow(t.Context(),
		`SELECT evidence, encode(sha256, 'hex') FROM livewebinar.datamanagement_attendance WHERE account_id = $1`, anaID).Scan(&text, &hash); err != nil {
		t.Fatal(err)
	}
	var evidence credit.Evidence
	if err := json.Unmarshal(text, &evidence); err != nil {
		t.Fatal(err)
	}
	if got := credit.Evaluate(evidence); int64(got.Watched) < int64(meter.GetWatchedSeconds()) {
		t.Errorf("frozen %d s, the meter said %d s", got.Watched, meter.GetWatchedSeconds())
	}
	if h.Count(`SELECT count(*) FROM eventlog.event WHERE type = 'room.closed'`) != 1 {
		t.Error("no room.closed")
	}
	if _, err := desk.beat(2000, livewebinarpb.Player_PLAYER_PLAYING); !refused(err, "room.closed") {
		t.Errorf("a beat after the end: %v", err)
	}
	h.Await("activity is put", func() bool { return h.Count(`SELECT count(*) FROM queue.message WHERE queue = 'activity'`) >= 3 })
}

func refused(err error, code string) bool {
	var r *Refused
	return errors.As(err, &r) && r.Message == code
}

func TestWhoMayEnter(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	channel := "room:" + h.Webinar.String()
	applicant := h.Account("Applicant")
	h.Exec(`UPDATE datamanagement.account SET state = 'in_review' WHERE id = $1`, applicant)
	early := h.connect(h.Account("Early"))
	if err := early.Subscribe(t.Context(), channel); !refused(err, "room.none") {
		t.Errorf("before the start: %v", err)
	}
	visitor := h.connect(uuid.Nil)
	h.GoLive()
	next(t, visitor.front, "news on the front page", func(p *livewebinarpb.FrontPush) bool { return p.GetState() == "live" && p.GetSlug() == "heart-failure" })
	for _, c := range []struct {
		who  *seat
		code string
	}{{visitor, "auth.required"}, {h.connect(applicant), "room.members"}} {
		if err := c.who.Subscribe(t.Context(), channel); !refused(err, c.code) {
			t.Errorf("want %s, got %v", c.code, err)
		}
		err := c.who.Call(t.Context(), "room.join", &livewebinarpb.JoinRequest{WebinarId: h.Webinar.String()}, &livewebinarpb.JoinResponse{})
		if !refused(err, c.code) {
			t.Errorf("join: want %s, got %v", c.code, err)
		}
	}
	if err := early.Subscribe(t.Context(), "#"+applicant.String()); err == nil {
		t.Error("somebody else's personal channel is open")
	}
	if _, err := early.send(uuid.New(), "without joining"); !refused(err, "room.not_joined") {
		t.Errorf("chat without joining: %v", err)
	}
	if _, err := early.beat(1, livewebinarpb.Player_PLAYER_PLAYING); !refused(err, "room.not_joined") {
		t.Errorf("beat without joining: %v", err)
	}
}

func TestHostileFrames(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	h.GoLive()
	for _, c := range []struct {
		name string
		do   func(s *seat)
		code int
	}{
		{"not decodable", func(s *seat) { _ = s.Send([]byte("{{{")) }, 3501},
		{"over the limit", func(s *seat) { _ = s.Send([]byte(`{"id":9,"rpc":{"data":"` + strings.Repeat("x", 20_000) + `"}}`)) }, 1009},
		{"a flood", func(s *seat) {
			for i := range 5000 {
				if s.Send(fmt.Appendf(nil, `{"id":%d,"rpc":{"method":"room.beat","data":{}}}`, i+10)) != nil {
					return
				}
			}
		}, 3013},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := h.enter(h.Account(c.name), 0)
			c.do(s)
			select {
			case <-s.Done():
			case <-time.After(45 * time.Second):
				t.Fatal("still connected")
			}
			var closed *Closed
			if !errors.As(s.Err(), &closed) || closed.Code != c.code {
				t.Errorf("want close code %d, got %v", c.code, s.Err())
			}
		})
	}
}

func TestRefusedAtTheDoor(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	account := h.Account("Ana")
	dial := func(change func(*Options)) error {
		o := h.Options(account)
		change(&o)
		c, err := Dial(t.Context(), o)
		if err == nil {
			c.Kill()
		}
		return err
	}
	for _, c := range []struct {
		name   string
		change func(*Options)
		code   int
	}{
		{"expired", func(o *Options) { o.Cookie = h.Cookie(account, -time.Minute) }, 4001},
		{"rubbish", func(o *Options) { o.Cookie = "rubbish" }, 4501},
	} {
		var closed *Closed
		if err := dial(c.change); !errors.As(err, &closed) || closed.Code != c.code {
			t.Errorf("%s: want %d, got %v", c.name, c.code, err)
		}
	}
	if err := dial(func(o *Options) { o.Origin = "https://evil.example" }); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a foreign origin: %v", err)
	}
	h.GoLive()
	s := h.enter(account, 0)
	for _, c := range []struct{ body, code string }{
		{"", "chat.empty"}, {" \n\t ", "chat.empty"}, {strings.Repeat("č", 501), "chat.too_long"}, {"\u202E\u0000", "chat.empty"},
	} {
		if _, err := s.send(uuid.New(), c.body); !refused(err, c.code) {
			t.Errorf("%q: %v", c.body, err)
		}
	}
	if _, err := s.send(uuid.New(), strings.Repeat("č", 500)); err != nil {
		t.Errorf("500 characters: %v", err)
	}
}

func TestStartUndone(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	h.GoLive()
	h.Say("start.failed", &eventpb.StartFailed{WebinarId: h.Webinar.String()})
	h.Await("the room is given up", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'abandoned'`) == 1 })
	h.Exec(`UPDATE datamanagement.webinar SET state = 'planned', started_at = NULL, frozen_rule = NULL`)
	h.GoLive()
	h.enter(h.Account("Ana"), 0)
	if n := h.Count(`SELECT count(*) FROM eventlog.event WHERE type = 'room.opened'`); n != 2 {
		t.Errorf("%d times room.opened", n)
	}
}
