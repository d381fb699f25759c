package live

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// TestACrowdAnswers has 500 people answer a poll, vote and raise a hand within a moment, as 5,000 do within ten seconds: all
// of it is kept, and the room is not told of each of them.
func TestACrowdAnswers(t *testing.T) {
	t.Parallel()
	h := open(t)
	host := h.enter(h.Host, 0)
	hosts := host.backstage(t)
	poll := host.did(t, "poll.save", &livewebinarpb.PollSaveRequest{Id: uuid.NewString(), Question: "Which?", Options: []string{"A", "B", "C"}}).GetNumber()
	host.did(t, "poll.open", &livewebinarpb.PollRequest{Number: poll})
	question := host.ask(t, "Shall we go on?", false)
	const people = 500
	seats := make([]*seat, people)
	var entering sync.WaitGroup
	for lane := range 10 {
		entering.Go(func() {
			for n := lane; n < people; n += 10 {
				seats[n] = h.enter(h.Account(fmt.Sprint("P", n)), 0)
			}
		})
	}
	entering.Wait()
	watcher := h.enter(h.Account("Watcher"), 0)
	watchers := watcher.view(t)
	begun := time.Now()
	var all sync.WaitGroup
	for n, s := range seats {
		all.Go(func() {
			s.did(t, "poll.answer", &livewebinarpb.PollAnswerRequest{Number: poll, Options: []int32{int32(n % 3)}}) //nolint:gosec // 0 to 2
			s.did(t, "question.vote", &livewebinarpb.VoteRequest{Number: question, On: true})
			s.did(t, "hand.raise", &livewebinarpb.HandRequest{On: true})
		})
	}
	all.Wait()
	took := time.Since(begun)
	hosts.until("all answers, votes and hands", func() bool {
		return slices.Equal(hosts.polls[poll].GetCounts(), []int32{167, 167, 166}) && hosts.questions[question].GetVotes() == people && len(hosts.hands) == people
	})
	told := 0
	watchers.until("all votes", func() bool { told++; return watchers.questions[question].GetVotes() == people })
	t.Logf("%d people did three things each within %s; who watched was told %d times", people, took, told)
	if seconds := int(time.Since(begun)/time.Second) + 2; told > 2*seconds {
		t.Errorf("told %d times in %d seconds", told, seconds)
	}
	if n := h.Count(`SELECT count(*) FROM livewebinar.poll_answer`); n != people {
		t.Errorf("%d answers", n)
	}
}
