package live

import (
	"testing"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
)

// within says something on one seat and tells how long it took to the other.
func within(t *testing.T, from, to *seat) time.Duration {
	t.Helper()
	begun := time.Now()
	n := must(from.send(uuid.New(), "Good evening"))(t)
	to.inOrder(t, n)
	return time.Since(begun)
}

// toldOf has a host on one instance delete what somebody on another wrote, and says whether the author was told. That is told to one person
// and is read nowhere, so nothing but the wire can bring it. wait is until it would have come.
func toldOf(t *testing.T, host, author *seat, wait func()) bool {
	t.Helper()
	n := must(author.send(uuid.New(), "Good evening"))(t)
	if _, err := host.do("chat.delete", &livewebinarpb.DeleteRequest{Sequence: n, Reason: "A test"}); err != nil && !refused(err, "room.too_fast") {
		t.Fatal(err)
	}
	wait()
	for len(author.person) > 0 {
		for _, notice := range (<-author.person).GetMine().GetNotices() {
			if notice.GetNumber() == n {
				return true
			}
		}
	}
	return false
}

// patient waits until something comes, at most two seconds.
func patient[M any](c chan M) {
	for end := time.Now().Add(2 * time.Second); len(c) == 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
}

// TestRedisGone kills, empties and restarts Redis below two instances. Nobody's chat stands still, nothing is missing, and
// when it is back it is used again, though nothing was restarted.
func TestRedisGone(t *testing.T) {
	t.Parallel()
	h := Build(t)
	redis := NewRedis(t)
	one, two := h.Instance(Setup{Redis: redis.URL()}), h.Instance(Setup{Redis: redis.URL()})
	h.GoLive()
	ana, bor := h.enterAt(one, h.Account("Ana"), 0), h.enterAt(two, h.Account("Bor"), 0)
	host := h.enterAt(one, h.Host, 0)
	wired := func(what string) {
		t.Helper()
		h.Await(what, func() bool { return toldOf(t, host, bor, func() { patient(bor.person) }) })
	}
	wired("the wire carries")
	redis.Flush()
	within(t, bor, ana)
	redis.Kill()
	if toldOf(t, host, bor, func() { within(t, host, bor) }) {
		t.Error("told without Redis: what is taken for the wire comes by another way")
	}
	for range 3 {
		within(t, ana, bor)
		within(t, bor, ana)
	}
	own := time.Now()
	must(ana.send(uuid.New(), "Without Redis"))(t)
	t.Logf("saying something took %s without Redis", time.Since(own))
	ana.heard(t, 3)
	redis.Start()
	wired("the wire carries again")
	if gaps := h.Count(`SELECT max(sequence) - count(*) FROM livewebinar.message`); gaps != 0 {
		t.Errorf("%d gaps", gaps)
	}
}

// TestPostgreSQLRestarted restarts the database below a room: connections stay, the meter goes on, what was watched meanwhile
// is written afterwards, nobody is taken for dead, and the chat is gapless.
func TestPostgreSQLRestarted(t *testing.T) {
	t.Parallel()
	own := dbtest.NewOwn(t, schemas()...)
	h := build(t, own.DB)
	one, two := h.Instance(Setup{}), h.Instance(Setup{})
	h.GoLive()
	anaID := h.Account("Ana")
	ana, bor := h.enterAt(one, anaID, 0), h.enterAt(two, h.Account("Bor"), 0)
	within(t, ana, bor)
	begun := time.Now()
	must(ana.beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t)

	own.Stop(t)
	for n := int32(2); n <= 5; n++ {
		must(ana.beat(n, livewebinarpb.Player_PLAYER_PLAYING))(t)
		time.Sleep(300 * time.Millisecond) // wall time is what is measured here
	}
	if _, err := bor.send(uuid.New(), "into nothing"); err == nil {
		t.Error("a message was confirmed that cannot have been written")
	}
	own.Start(t)

	h.Await("the chat goes on", func() bool {
		_, err := bor.send(uuid.New(), "and again")
		return err == nil
	})
	must(ana.beat(6, livewebinarpb.Player_PLAYER_PLAYING))(t)
	watched := time.Since(begun)
	h.Await("all beats are written", func() bool {
		return h.Count(`SELECT count(*) FROM livewebinar.beat WHERE account_id = $1 AND event = 'playing'`, anaID) == 6
	})
	ana.heard(t, 2)
	ana.inOrder(t, int32(h.Count(`SELECT last_sequence FROM livewebinar.room`))) //nolint:gosec // a handful
	if gaps := h.Count(`SELECT max(sequence) - count(*) FROM livewebinar.message`); gaps != 0 {
		t.Errorf("%d gaps", gaps)
	}
	if n := h.Count(`SELECT count(*) FROM livewebinar.incident WHERE reason = 'connections_lost'`); n != 0 {
		t.Errorf("%d incidents: somebody was taken for dead", n)
	}
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	h.Await("the room is closed", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 })
	if s := h.Count(`SELECT seconds FROM livewebinar.attendance WHERE account_id = $1`, anaID); s < int(watched.Seconds())-1 {
		t.Errorf("%d s in the evidence, she watched for %s", s, watched)
	}
}

// TestProgramme has the host mark a break: everybody is told, on every instance, and the meter leaves it out.
func TestProgramme(t *testing.T) {
	t.Parallel()
	h := Build(t)
	one, two := h.Instance(Setup{}), h.Instance(Setup{})
	h.GoLive()
	host, ana := h.enterAt(one, h.Host, 0), h.enterAt(two, h.Account("Ana"), 0)
	about := h.Webinar.String()
	mark := func(s *seat, kind string) error {
		return s.Call(t.Context(), "host.segment", &livewebinarpb.SegmentRequest{WebinarId: about, Kind: kind}, &livewebinarpb.Done{})
	}
	if err := mark(ana, "break"); !refused(err, "room.hosts") {
		t.Errorf("a member marks the programme: %v", err)
	}
	if err := mark(host, "lunch"); !refused(err, "segment.kind") {
		t.Errorf("an unknown kind: %v", err)
	}
	for _, kind := range []string{"talk", "break", "break"} { // it is talk before; what it is already stays
		if err := mark(host, kind); err != nil {
			t.Fatal(err)
		}
	}
	got := next(t, ana.rooms, "the break", func(p *livewebinarpb.RoomPush) bool { return len(p.GetBoard().GetProgramme().GetSegments()) == 1 })
	if s := got.GetBoard().GetProgramme().GetSegments()[0]; s.GetKind() != "break" || s.GetTo() != nil {
		t.Errorf("%v", s)
	}
	h.Ahead(10 * time.Minute)
	slowly := func(what string, is func() bool) {
		t.Helper()
		h.Await(what, func() bool {
			time.Sleep(200 * time.Millisecond) // who floods is cut
			return is()
		})
	}
	slowly("both instances see that ten minutes have passed", func() bool {
		must(host.beat(sinceEpoch(), livewebinarpb.Player_PLAYER_PLAYING))(t)
		must(ana.beat(sinceEpoch(), livewebinarpb.Player_PLAYER_PLAYING))(t)
		return h.Count(`SELECT count(DISTINCT account_id) FROM livewebinar.beat WHERE at > now() + interval '9 minutes'`) == 2
	})
	if err := mark(host, "talk"); err != nil {
		t.Fatal(err)
	}
	slowly("the break is no part of the webinar", func() bool {
		c := must(ana.beat(sinceEpoch(), livewebinarpb.Player_PLAYER_PLAYING))(t).GetCredit()
		return c.GetCreditableSeconds() > 2900 && c.GetCreditableSeconds() < 3020
	})
	slowly("the keeper has written how it is", func() bool {
		var pulse livewebinarpb.PulseResponse
		if err := host.Call(t.Context(), "host.pulse", &livewebinarpb.PulseRequest{WebinarId: about}, &pulse); err != nil {
			t.Fatal(err)
		}
		return len(pulse.GetSamples()) > 0 && pulse.GetSamples()[len(pulse.GetSamples())-1].GetViewers() == 2
	})
}
