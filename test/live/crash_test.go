package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

func TestMain(m *testing.M) {
	ServeIfChild()
	os.Exit(m.Run())
}

// TestKilled kills the service with -9 while people talk and watch: the sequence stays gapless, everything confirmed is
// there, what is sent again is there once, and nobody loses more than a heartbeat.
func TestKilled(t *testing.T) {
	t.Parallel()
	h := Build(t)
	kill, _ := h.Child()
	h.GoLive()
	anaID, borID := h.Account("Ana"), h.Account("Bor")
	ana, bor := h.enter(anaID, 0), h.enter(borID, 0)

	var before *livewebinarpb.BeatResponse
	for n := int32(1); n <= 10; n++ {
		before = must(ana.beat(n, livewebinarpb.Player_PLAYER_PLAYING))(t)
		time.Sleep(200 * time.Millisecond) // wall time is what is measured here
	}
	confirmed := map[uuid.UUID]int32{}
	var unsure []uuid.UUID
	for i := range 200 {
		id := uuid.New()
		if i == 40 {
			go kill() // in the middle of a sentence
		}
		n, err := bor.send(id, fmt.Sprint("message ", i))
		if err != nil {
			unsure = append(unsure, id)
			break
		}
		confirmed[id] = n
	}
	kill()
	<-ana.Done()
	if len(unsure) == 0 {
		t.Fatal("the kill came too late to disturb anybody")
	}

	h.Child()
	ana, bor = h.enter(anaID, 0), h.enter(borID, 0)
	for _, id := range unsure {
		confirmed[id] = must(bor.send(id, "again"))(t)
	}
	for id, n := range confirmed {
		if h.Count(`SELECT count(*) FROM livewebinar.message WHERE id = $1 AND sequence = $2`, id, n) != 1 {
			t.Errorf("message %d was confirmed and is not there", n)
		}
	}
	if gaps := h.Count(`SELECT max(sequence) - count(*) FROM livewebinar.message`); gaps != 0 {
		t.Errorf("%d gaps", gaps)
	}
	after := must(ana.beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t).GetCredit().GetWatchedSeconds()
	if was := before.GetCredit().GetWatchedSeconds(); after < was-1 {
		t.Errorf("the meter said %d s before the kill and says %d s after", was, after)
	}
}

// TestKilledWhileClosing kills the service as soon as the end was asked for: attendance is frozen once, by whoever is next.
func TestKilledWhileClosing(t *testing.T) {
	t.Parallel()
	h := Build(t)
	kill, _ := h.Child()
	h.GoLive()
	for i := range 5 {
		s := h.enter(h.Account(fmt.Sprint("P", i)), 0)
		must(s.beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t)
	}
	h.Await("the watch log is written", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.beat WHERE event = 'playing'`) == 5 })
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	kill()
	h.Child()
	h.Await("the room is closed", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 })
	if n := h.Count(`SELECT count(*) FROM livewebinar.attendance`); n != 5 {
		t.Errorf("attendance of %d", n)
	}
	if n := h.Count(`SELECT count(*) FROM eventlog.event WHERE type = 'room.closed'`); n != 1 {
		t.Errorf("%d times room.closed", n)
	}
	s := h.connect(h.Account("Late"))
	if err := s.Subscribe(t.Context(), "room:"+h.Webinar.String()); !refused(err, "room.closed") && !errors.Is(err, context.Canceled) {
		t.Errorf("into a closed room: %v", err)
	}
}
