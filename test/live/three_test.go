package live

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// once fails unless every text is in the chat exactly once, without a gap.
func (h *House) once(t *testing.T, texts int) {
	t.Helper()
	var count, distinct, last int
	err := h.admin.QueryRow(t.Context(), `SELECT count(*), count(DISTINCT body), coalesce(max(sequence), 0) FROM livewebinar.message`).Scan(&count, &distinct, &last)
	if err != nil || count != texts || distinct != texts || last != texts {
		t.Errorf("%d messages, %d different ones, the last is number %d; want %d: %v", count, distinct, last, texts, err)
	}
}

// TestThreeInstances has one room on three instances: all see one chat in one order, one poll and one number of people. One is killed:
// who was on it goes on elsewhere, with the vote that was given, and misses nothing.
func TestThreeInstances(t *testing.T) {
	t.Parallel()
	h := Build(t)
	redis := NewRedis(t)
	setup := Setup{Redis: redis.URL(), Lease: 3 * time.Second}
	instances := []*Instance{h.Instance(setup), h.Instance(setup), h.Instance(setup)}
	h.GoLive()
	host := h.enterAt(instances[0], h.Host, 0)
	hosts := host.backstage(t)
	var ids []uuid.UUID
	var seats []*seat
	for n, i := range instances {
		ids = append(ids, h.Account(fmt.Sprint("P", n)))
		seats = append(seats, h.enterAt(i, ids[n], 0))
	}
	const each = 20
	talk := func(round string) {
		var all sync.WaitGroup
		for n, s := range seats {
			all.Go(func() {
				for i := range each {
					if _, err := s.send(uuid.New(), fmt.Sprint(round, " ", n, " ", i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
	talk("all three")
	for _, s := range seats {
		s.inOrder(t, 3*each)
		s.heard(t, 4)
	}
	poll := host.did(t, "poll.save", &livewebinarpb.PollSaveRequest{Id: uuid.NewString(), Question: "Which?", Options: []string{"A", "B", "C"}}).GetNumber()
	host.did(t, "poll.open", &livewebinarpb.PollRequest{Number: poll})
	for n, s := range seats {
		v := s.view(t)
		v.heal() // what came while the chat was read
		v.until("the poll", func() bool { return v.polls[poll].GetState() == "open" })
		s.did(t, "poll.answer", &livewebinarpb.PollAnswerRequest{Number: poll, Options: []int32{int32(n)}}) //nolint:gosec // 0 to 2
	}
	hosts.until("three answers", func() bool { return slices.Equal(hosts.polls[poll].GetCounts(), []int32{1, 1, 1}) })

	instances[2].Kill()
	<-seats[2].Done()
	unsure := uuid.New()
	must(seats[0].send(unsure, "who was there?"))(t)
	seats[1].inOrder(t, 3*each+1) // so the other instance knows it
	seats[2] = h.enterAt(instances[1], ids[2], 3*each)
	if got := seats[2].joined; len(got.GetMessages()) != 1 || got.GetLastSequence() != 3*each+1 {
		t.Errorf("who moved over is given %d messages, up to %d", len(got.GetMessages()), got.GetLastSequence())
	}
	if a := seats[2].joined.GetMine().GetAnswers(); len(a) != 1 || !slices.Equal(a[0].GetOptions(), []int32{2}) {
		t.Errorf("who moved over answered %v", a)
	}
	talk("two are left")
	for _, s := range seats {
		s.inOrder(t, 6*each+1)
		s.heard(t, 4)
	}
	h.once(t, 6*each+1)
}

// TestMovingWithoutRedis has somebody go from one instance to another while Redis is down: the chat there has each message once, what
// was sent again after the move is not said twice, and the time is what it was.
func TestMovingWithoutRedis(t *testing.T) {
	t.Parallel()
	h := Build(t)
	redis := NewRedis(t)
	one, two := h.Instance(Setup{Redis: redis.URL()}), h.Instance(Setup{Redis: redis.URL()})
	h.GoLive()
	anaID := h.Account("Ana")
	ana, bor := h.enterAt(one, anaID, 0), h.enterAt(two, h.Account("Bor"), 0)
	redis.Kill()
	begun, moves := time.Now(), []*Instance{two, one, two}
	said := int32(0)
	say := func(s *seat) uuid.UUID {
		said++
		id := uuid.New()
		if n := must(s.send(id, fmt.Sprint("message ", said)))(t); n != said {
			t.Fatalf("message %d has number %d", said, n)
		}
		return id
	}
	var meter int32
	for _, to := range moves {
		for n := int32(1); n <= 5; n++ {
			meter = must(ana.beat(n, livewebinarpb.Player_PLAYER_PLAYING))(t).GetCredit().GetWatchedSeconds()
			time.Sleep(250 * time.Millisecond) // wall time is what is measured here
		}
		say(bor)
		unsure := say(ana)
		heard := ana.joined.GetLastSequence()
		ana.Kill()
		say(bor)
		ana = h.enterAt(to, anaID, heard)
		if got, want := len(ana.joined.GetMessages()), ana.joined.GetLastSequence()-heard; got != int(want) {
			t.Errorf("after the move %d messages come of %d", got, want)
		}
		for i, m := range ana.joined.GetMessages() {
			if m.GetSequence() != heard+int32(i)+1 { //nolint:gosec // a handful
				t.Errorf("after the move message %d comes as %d of those after %d", m.GetSequence(), i, heard)
			}
		}
		if n := must(ana.send(unsure, fmt.Sprint("message ", said-1)))(t); n != said-1 {
			t.Errorf("sent again, message %d is number %d", said-1, n)
		}
		ana.inOrder(t, said)
		bor.inOrder(t, said)
		bor.heard(t, 2)
	}
	h.once(t, int(said))
	// What the other instance heard last is read from the database as soon as it has written it: the meter may be behind for so long.
	var last, beats int32
	for ; last < meter; beats++ {
		if beats > 40 {
			t.Fatalf("the meter went from %d s back to %d s, and stays there", meter, last)
		}
		last = must(ana.beat(beats+1, livewebinarpb.Player_PLAYER_PLAYING))(t).GetCredit().GetWatchedSeconds()
		time.Sleep(250 * time.Millisecond)
	}
	least := int(meter + (beats-1)/4) // with what was watched meanwhile
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	h.Await("the room is closed", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 })
	passed := time.Since(begun)
	seconds := h.Count(`SELECT seconds FROM livewebinar.attendance WHERE account_id = $1`, anaID)
	if seconds < len(moves) || seconds > int(passed.Seconds())+1 || seconds < int(last) || seconds < least {
		t.Errorf("%d s in the evidence, the meter said %d s, %s passed", seconds, last, passed)
	}
}
