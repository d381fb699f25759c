package live

import (
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// inOrder waits until a seat has heard messages up to a number, and fails on a gap. What comes twice counts once.
func (s *seat) inOrder(t testing.TB, last int32) {
	t.Helper()
	have := s.joined.GetLastSequence()
	for have < last {
		push := next(t, s.rooms, fmt.Sprint("message ", have+1), func(p *livewebinarpb.RoomPush) bool { return len(p.GetMessages()) > 0 })
		for _, m := range push.GetMessages() {
			if m.GetSequence() > have+1 {
				t.Fatalf("message %d after %d", m.GetSequence(), have)
			}
			have = max(have, m.GetSequence())
		}
	}
	s.joined.LastSequence = have
}

// heard waits until a seat is told a number of viewers. It asks as seldom as a patient browser: who floods is cut.
func (s *seat) heard(t testing.TB, viewers int32) {
	t.Helper()
	for end := time.Now().Add(45 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		got := must(s.beat(sinceEpoch(), livewebinarpb.Player_PLAYER_PLAYING))(t).GetViewers()
		if got == viewers {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d viewers are in the room, want %d", got, viewers)
		}
	}
}

var epoch = time.Now()

// sinceEpoch grows, as the sequence of beats must.
func sinceEpoch() int32 {
	return 1000 + int32(time.Since(epoch)/time.Millisecond) //nolint:gosec // a test of minutes
}

// TestTwoInstances has people on two instances of one room: the same chat in the same order, the same questions, the same
// number of people, one list of names.
func TestTwoInstances(t *testing.T) {
	t.Parallel()
	h := Build(t)
	redis := NewRedis(t)
	one, two := h.Instance(Setup{Redis: redis.URL()}), h.Instance(Setup{Redis: redis.URL()})
	h.GoLive()
	ana, bor := h.enterAt(one, h.Account("Ana"), 0), h.enterAt(two, h.Account("Bor"), 0)
	const each = 40
	var all sync.WaitGroup
	for _, s := range []*seat{ana, bor} {
		all.Go(func() {
			for i := range each {
				if _, err := s.send(uuid.New(), fmt.Sprint("message ", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	ana.inOrder(t, 2*each)
	bor.inOrder(t, 2*each)
	ana.heard(t, 2)
	bor.heard(t, 2)

	about := h.Webinar.String()
	if err := ana.Call(t.Context(), "question.ask", &livewebinarpb.AskRequest{WebinarId: about, Id: uuid.NewString(), Body: "Which dose?"}, &livewebinarpb.Done{}); err != nil {
		t.Fatal(err)
	}
	next(t, bor.rooms, "the question on the other instance", func(p *livewebinarpb.RoomPush) bool {
		return len(p.GetBoard().GetQuestions()) == 1
	})
	host := h.enterAt(two, h.Host, 0)
	h.Await("the host sees all three by name", func() bool {
		var list livewebinarpb.ViewersResponse
		if err := host.Call(t.Context(), "host.viewers", &livewebinarpb.ViewersRequest{WebinarId: about}, &list); err != nil {
			t.Fatal(err)
		}
		v := list.GetViewers()
		return list.GetTotal() == 3 && v[0].GetName() == "Ana" && v[1].GetName() == "Bor" && v[2].GetName() == "Doc Host"
	})
	var page livewebinarpb.ViewersResponse
	err := host.Call(t.Context(), "host.viewers", &livewebinarpb.ViewersRequest{WebinarId: about, Search: "o", Limit: 1}, &page)
	if err != nil || page.GetTotal() != 2 || page.GetNext() == "" || page.GetViewers()[0].GetName() != "Bor" {
		t.Errorf("%v %v", &page, err)
	}
	if err := bor.Call(t.Context(), "host.viewers", &livewebinarpb.ViewersRequest{WebinarId: about}, &page); !refused(err, "room.hosts") {
		t.Errorf("a member sees who is in the room: %v", err)
	}
}

// TestInstanceKilled kills one of two instances with -9: who was on it comes over, nothing that was confirmed is missing or
// doubled, the meter goes on, the number of people is right again, and the time is held against nobody.
func TestInstanceKilled(t *testing.T) {
	t.Parallel()
	h := Build(t)
	redis := NewRedis(t)
	one, two := h.Instance(Setup{Redis: redis.URL()}), h.Instance(Setup{Redis: redis.URL()})
	h.GoLive()
	stays := h.enterAt(one, h.Account("Stays"), 0)
	const movers = 6
	ids := make([]uuid.UUID, movers)
	seats := make([]*seat, movers)
	for i := range movers {
		ids[i] = h.Account(fmt.Sprint("Moves ", i))
		seats[i] = h.enterAt(two, ids[i], 0)
	}
	stays.heard(t, movers+1)
	var before *livewebinarpb.BeatResponse
	for n := int32(1); n <= 8; n++ {
		before = must(seats[0].beat(n, livewebinarpb.Player_PLAYER_PLAYING))(t)
		time.Sleep(250 * time.Millisecond) // wall time is what is measured here
	}
	var unsure []uuid.UUID
	sent := 0
	for i := range 200 {
		if i == 30 {
			go two.Kill()
		}
		id := uuid.New()
		if _, err := seats[1].send(id, fmt.Sprint("message ", i)); err != nil {
			unsure = append(unsure, id)
			break
		}
		sent++
	}
	two.Kill()
	if len(unsure) == 0 {
		t.Fatal("the kill came too late to disturb anybody")
	}
	for i := range movers {
		<-seats[i].Done()
		seats[i] = h.enterAt(one, ids[i], 0)
	}
	for _, id := range unsure {
		must(seats[1].send(id, "again"))(t)
	}
	total := int32(h.Count(`SELECT last_sequence FROM livewebinar.room`)) //nolint:gosec // some hundred
	if gaps := h.Count(`SELECT max(sequence) - count(*) FROM livewebinar.message`); gaps != 0 || int(total) != sent+1 {
		t.Errorf("%d gaps, %d of %d messages", gaps, total, sent+1)
	}
	stays.inOrder(t, total)
	after := must(seats[0].beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t).GetCredit().GetWatchedSeconds()
	if was := before.GetCredit().GetWatchedSeconds(); after < was-1 {
		t.Errorf("the meter said %d s before the kill and says %d s after", was, after)
	}
	stays.heard(t, movers+1)
	h.Await("the incident is known", func() bool {
		return h.Count(`SELECT count(*) FROM livewebinar.incident WHERE reason = 'connections_lost'`) == 1
	})
	seats[2].Kill() // and one who leaves is seen to leave: nobody is kept by the instance that died
	stays.heard(t, movers)
}

// TestWrongClocks has one instance five minutes behind and one five minutes ahead; somebody watches on the one, then on the
// other. What is credited is the time that passed.
func TestWrongClocks(t *testing.T) {
	t.Parallel()
	h := Build(t)
	behind, ahead := h.Instance(Setup{Skew: -5 * time.Minute}), h.Instance(Setup{Skew: 5 * time.Minute})
	h.GoLive()
	ana := h.Account("Ana")
	begun := time.Now()
	var last *livewebinarpb.BeatResponse
	for _, i := range []*Instance{behind, ahead, behind} {
		s := h.enterAt(i, ana, 0)
		for n := int32(1); n <= 6; n++ {
			last = must(s.beat(n, livewebinarpb.Player_PLAYER_PLAYING))(t)
			time.Sleep(200 * time.Millisecond) // wall time is what is measured here
		}
		s.Kill()
	}
	passed := time.Since(begun)
	if off := h.Count(`SELECT count(*) FROM livewebinar.beat WHERE abs(extract(epoch FROM written_at - at)) > 120`); off != 0 {
		t.Errorf("%d beats were stamped with a wrong clock", off)
	}
	if watched := last.GetCredit().GetWatchedSeconds(); watched < 2 || time.Duration(watched)*time.Second > passed {
		t.Errorf("%d s were credited in %s", watched, passed)
	}
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	h.Await("the room is closed", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 })
	seconds := h.Count(`SELECT seconds FROM livewebinar.attendance WHERE account_id = $1`, ana)
	if seconds < 3 || seconds > int(passed.Seconds()) {
		t.Errorf("%d s in the evidence, %s passed", seconds, passed)
	}
}

// stuck stops an instance that holds a beat of somebody which it has not written. If it wrote just then, or was just about to,
// the next beat is tried: an open transaction would hold back the events of everybody.
func stuck(t *testing.T, h *House, i *Instance, s *seat) int32 {
	t.Helper()
	for n := int32(50); ; n++ {
		must(s.beat(n, livewebinarpb.Player_PLAYER_PLAYING))(t)
		i.Signal(t, syscall.SIGSTOP)
		quiet := func() bool {
			return h.Count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL`)+
				h.Count(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) == 0
		}
		free := quiet()
		for end := time.Now().Add(2 * time.Second); !free && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			free = quiet()
		}
		if free && h.Count(`SELECT count(*) FROM livewebinar.beat WHERE sequence = $1`, n) == 0 {
			return n
		}
		i.Signal(t, syscall.SIGCONT)
	}
}

// TestDrain asks for the end while one instance stands still with a beat that it could not write yet: the evidence waits for it.
func TestDrain(t *testing.T) {
	t.Parallel()
	h := Build(t)
	setup := Setup{Lease: time.Minute}
	one, two := h.Instance(setup), h.Instance(setup)
	h.GoLive()
	anaID, borID := h.Account("Ana"), h.Account("Bor")
	ana, bor := h.enterAt(one, anaID, 0), h.enterAt(two, borID, 0)
	must(ana.beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t)
	must(bor.beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t)
	h.Await("both are written", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.beat WHERE event = 'playing'`) == 2 })
	last := stuck(t, h, two, bor)
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	h.Await("the other instance has drained", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.drain`) == 1 })
	if h.Count(`SELECT count(*) FROM livewebinar.beat WHERE sequence = $1`, last) != 0 {
		t.Fatal("the beat was written before the room closed: this test proves nothing")
	}
	if h.Count(`SELECT count(*) FROM livewebinar.attendance`) != 0 {
		t.Fatal("frozen without what the other instance holds")
	}
	two.Signal(t, syscall.SIGCONT)
	h.Await("the room is closed", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 })
	if h.Count(`SELECT count(*) FROM livewebinar.beat WHERE sequence = $1`, last) != 1 || h.Count(`SELECT count(*) FROM livewebinar.attendance`) != 2 {
		t.Error("the beat is not in the log")
	}
	if h.Count(`SELECT count(*) FROM livewebinar.attendance WHERE account_id = $1 AND jsonb_array_length(evidence->'watched') > 0`, borID) != 1 {
		t.Error("the beat is not in the evidence")
	}
}

// TestDrainOfTheDead is the same with an instance that never comes back: it is waited for as long as its lease.
func TestDrainOfTheDead(t *testing.T) {
	t.Parallel()
	h := Build(t)
	setup := Setup{Lease: 2 * time.Second}
	one, two := h.Instance(setup), h.Instance(setup)
	h.GoLive()
	h.enterAt(one, h.Account("Ana"), 0)
	bor := h.enterAt(two, h.Account("Bor"), 0)
	h.Await("both are written", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.beat`) == 2 })
	stuck(t, h, two, bor)
	two.Kill()
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	h.Await("the room is closed", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 })
	if n := h.Count(`SELECT count(*) FROM livewebinar.attendance`); n != 2 {
		t.Errorf("evidence of %d people", n)
	}
}
