package live

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/reflect/protoreflect"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

func valueOf(id uuid.UUID) protoreflect.Value { return protoreflect.ValueOfString(id.String()) }

func open(t *testing.T) *House {
	t.Helper()
	h := Build(t)
	h.Serve()
	h.GoLive()
	return h
}

func TestMessagesLiveOn(t *testing.T) {
	t.Parallel()
	h := open(t)
	anaID := h.Account("Ana")
	ana, bor, host := h.enter(anaID, 0), h.enter(h.Account("Bor"), 0), h.enter(h.Host, 0)
	bors := bor.view(t)
	must(ana.send(uuid.New(), "Her name is Jane Doe, born 1957-03-12"))(t)
	ana.refused(t, "chat.none", "chat.send", &livewebinarpb.SendRequest{Id: uuid.NewString(), Body: "to nobody", ReplyTo: 7})
	var sent livewebinarpb.SendResponse
	if err := bor.Call(t.Context(), "chat.send", &livewebinarpb.SendRequest{
		WebinarId: h.Webinar.String(), Id: uuid.NewString(), Body: "Please do not write that here", ReplyTo: 1,
	}, &sent); err != nil {
		t.Fatal(err)
	}
	bors.until("the reply", func() bool {
		return bors.messages[2].GetReplyTo().GetName() == "Ana" && bors.messages[2].GetReplyTo().GetBody() != ""
	})

	bor.refused(t, "chat.own", "chat.edit", &livewebinarpb.EditRequest{Sequence: 1, Body: "mine"})
	ana.did(t, "chat.edit", &livewebinarpb.EditRequest{Sequence: 1, Body: "A patient of mine"})
	bors.until("the edit, also in the quote", func() bool {
		return bors.messages[1].GetBody() == "A patient of mine" && bors.messages[1].GetEditedAt() != nil && bors.messages[2].GetReplyTo().GetBody() == "A patient of mine"
	})
	first, again := ana.did(t, "chat.react", &livewebinarpb.ReactRequest{Sequence: 2, Kind: "thanks", On: true}),
		ana.did(t, "chat.react", &livewebinarpb.ReactRequest{Sequence: 2, Kind: "thanks", On: true})
	if first == nil || again == nil {
		t.Fatal("no answer")
	}
	host.did(t, "chat.react", &livewebinarpb.ReactRequest{Sequence: 2, Kind: "thanks", On: true})
	ana.refused(t, "chat.reaction", "chat.react", &livewebinarpb.ReactRequest{Sequence: 2, Kind: "<b>", On: true})
	bors.until("two thanks", func() bool {
		r := bors.messages[2].GetReactions()
		return len(r) == 1 && r[0].GetKind() == "thanks" && r[0].GetCount() == 2
	})
	host.did(t, "chat.react", &livewebinarpb.ReactRequest{Sequence: 2, Kind: "thanks", On: false})
	bors.until("one thanks", func() bool { return bors.messages[2].GetReactions()[0].GetCount() == 1 })

	host.refused(t, "reason.empty", "chat.delete", &livewebinarpb.DeleteRequest{Sequence: 1})
	host.did(t, "chat.delete", &livewebinarpb.DeleteRequest{Sequence: 1, Reason: "It was about a patient"})
	bors.until("the deletion, also in the quote", func() bool {
		return bors.messages[1].GetDeletedBy() == "host" && bors.messages[1].GetBody() == "" && bors.messages[2].GetReplyTo().GetBody() == ""
	})
	notice := next(t, ana.person, "the reason", func(p *livewebinarpb.PersonPush) bool { return len(p.GetMine().GetNotices()) > 0 }).GetMine().GetNotices()[0]
	if notice.GetKind() != "message_deleted" || notice.GetNumber() != 1 || notice.GetReason() != "It was about a patient" {
		t.Errorf("told %v", notice)
	}
	ana.refused(t, "chat.none", "chat.edit", &livewebinarpb.EditRequest{Sequence: 1, Body: "again"})
	bor.did(t, "chat.delete", &livewebinarpb.DeleteRequest{Sequence: 2})
	if n := h.Count(`SELECT count(*) FROM livewebinar.message_version`); n != 3 {
		t.Errorf("%d old texts are kept, not 3", n)
	}
	late := h.enter(h.Account("Late"), 0)
	for _, m := range late.joined.GetMessages() {
		if m.GetBody() != "" || m.GetReplyTo().GetBody() != "" {
			t.Errorf("a newcomer is shown %v", m)
		}
	}
	n := must(ana.send(uuid.New(), "one more"))(t)
	h.Exec(`UPDATE livewebinar.message SET sent_at = sent_at - interval '11 minutes'`)
	ana.refused(t, "chat.edit_late", "chat.edit", &livewebinarpb.EditRequest{Sequence: n, Body: "too late"})
	ana.did(t, "chat.delete", &livewebinarpb.DeleteRequest{Sequence: n})
}

func TestSlowAndClosedChat(t *testing.T) {
	t.Parallel()
	h := open(t)
	ana, host := h.enter(h.Account("Ana"), 0), h.enter(h.Host, 0)
	anas := ana.view(t)
	host.did(t, "host.chat", &livewebinarpb.ChatSettingsRequest{SlowSeconds: 60})
	anas.until("slow mode", func() bool { return anas.settings.GetSlowSeconds() == 60 })
	id := uuid.New()
	must(ana.send(id, "first"))(t)
	if n := must(ana.send(id, "first"))(t); n != 1 {
		t.Errorf("sent again it is number %d", n)
	}
	if _, err := ana.send(uuid.New(), "second"); !refused(err, "chat.slow") {
		t.Errorf("in slow mode: %v", err)
	}
	must(host.send(uuid.New(), "hosts"))(t)
	must(host.send(uuid.New(), "need not wait"))(t)
	h.Ahead(time.Minute)
	h.Await("a minute is over", func() bool { _, err := ana.send(uuid.New(), "second"); return err == nil })
	host.did(t, "host.chat", &livewebinarpb.ChatSettingsRequest{Closed: true})
	if _, err := ana.send(uuid.New(), "third"); !refused(err, "chat.closed") {
		t.Errorf("in a closed chat: %v", err)
	}
	must(host.send(uuid.New(), "Back in ten minutes"))(t)
	host.did(t, "host.announce", &livewebinarpb.AnnounceRequest{Text: "Slides: see below"})
	anas.until("the announcement", func() bool {
		return anas.settings.GetAnnouncement() == "Slides: see below" && anas.settings.GetChatClosed()
	})
	host.refused(t, "announcement.too_long", "host.announce", &livewebinarpb.AnnounceRequest{Text: strings.Repeat("x", 301)})
	host.refused(t, "chat.slow_seconds", "host.chat", &livewebinarpb.ChatSettingsRequest{SlowSeconds: 301})
	host.did(t, "host.announce", &livewebinarpb.AnnounceRequest{})
	anas.until("nothing announced", func() bool { return anas.settings.GetAnnouncement() == "" && anas.settings.GetAnnouncedAt() == nil })
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	h := open(t)
	ana, bor, cene, host := h.enter(h.Account("Ana"), 0), h.enter(h.Account("Bor"), 0), h.enter(h.Account("Cene"), 0), h.enter(h.Host, 0)
	bors, hosts := bor.view(t), host.backstage(t)
	id := uuid.NewString()
	one := ana.did(t, "question.ask", &livewebinarpb.AskRequest{Id: id, Body: "Which dose?", Anonymous: true}).GetNumber()
	if again := ana.did(t, "question.ask", &livewebinarpb.AskRequest{Id: id, Body: "Which dose?", Anonymous: true}).GetNumber(); again != one {
		t.Errorf("the same question again is number %d", again)
	}
	bors.until("the question", func() bool { return bors.questions[one].GetBody() == "Which dose?" })
	if q := bors.questions[one]; q.GetName() != "" || !q.GetAnonymous() {
		t.Errorf("the audience is told %v", q)
	}
	hosts.until("who asked", func() bool { return hosts.questions[one].GetName() == "Ana" })
	two := bor.ask(t, "How much of it?", false)
	vote := func(s *seat, n int32, on bool) {
		s.did(t, "question.vote", &livewebinarpb.VoteRequest{Number: n, On: on})
	}
	ana.refused(t, "question.own", "question.vote", &livewebinarpb.VoteRequest{Number: one, On: true})
	bor.refused(t, "question.none", "question.vote", &livewebinarpb.VoteRequest{Number: 99, On: true})
	vote(bor, one, true)
	vote(bor, one, true)
	vote(cene, one, true)
	vote(cene, two, true)
	bors.until("two votes", func() bool { return bors.questions[one].GetVotes() == 2 && bors.questions[two].GetVotes() == 1 })
	if mine := bors.heal(); !slices.Equal(mine.GetVoted(), []int32{one}) || !slices.Equal(mine.GetAsked(), []int32{two}) {
		t.Errorf("what is Bor's: %v", mine)
	}

	bor.refused(t, "room.hosts", "question.merge", &livewebinarpb.QuestionMergeRequest{Number: two, Into: one})
	host.did(t, "question.merge", &livewebinarpb.QuestionMergeRequest{Number: two, Into: one})
	bors.until("the merge: Bor and Cene, each once", func() bool { return bors.questions[two].GetState() == "merged" && bors.questions[one].GetVotes() == 2 })
	if q := bors.questions[two]; q.GetBody() != "" || q.GetName() != "" || q.GetMergedInto() != one {
		t.Errorf("the audience is told %v of a merged question", q)
	}
	vote(bor, one, false)
	bors.until("one vote less", func() bool { return bors.questions[one].GetVotes() == 1 })
	vote(bor, one, true)
	host.did(t, "question.reopen", &livewebinarpb.QuestionRequest{Number: two})
	bors.until("both again", func() bool { return bors.questions[two].GetState() == "open" && bors.questions[one].GetVotes() == 2 })

	host.did(t, "question.take", &livewebinarpb.QuestionRequest{Number: one})
	bors.until("it is spoken about", func() bool { return bors.questions[one].GetState() == "answering" })
	host.did(t, "question.answer", &livewebinarpb.QuestionAnswerRequest{Number: one})
	host.did(t, "question.answer", &livewebinarpb.QuestionAnswerRequest{Number: one, Answer: "5 mg"})
	bors.until("the answer", func() bool {
		return bors.questions[one].GetAnswer() == "5 mg" && bors.questions[one].GetAnsweredBy() == "Doc Host"
	})
	cene.refused(t, "question.state", "question.vote", &livewebinarpb.VoteRequest{Number: one, On: false})
	host.did(t, "question.dismiss", &livewebinarpb.QuestionDismissRequest{Number: two, Reason: "Off topic"})
	hosts.until("the reason", func() bool { return hosts.questions[two].GetReason() == "Off topic" })
	next(t, bor.person, "the reason", func(p *livewebinarpb.PersonPush) bool {
		n := p.GetMine().GetNotices()
		return len(n) == 1 && n[0].GetKind() == "question_dismissed" && n[0].GetReason() == "Off topic" && n[0].GetBody() != ""
	})
	three := cene.ask(t, "Never mind", false)
	ana.refused(t, "question.not_own", "question.withdraw", &livewebinarpb.QuestionRequest{Number: three})
	cene.did(t, "question.withdraw", &livewebinarpb.QuestionRequest{Number: three})
	bors.until("it is withdrawn", func() bool {
		return bors.questions[three].GetState() == "withdrawn" && bors.questions[three].GetBody() == ""
	})
	host.refused(t, "question.state", "question.take", &livewebinarpb.QuestionRequest{Number: three})
}

// TestVotesCountOnce lets many change their mind at once, on two devices each.
func TestVotesCountOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	asker := h.enter(h.Account("Asker"), 0)
	a, b := asker.ask(t, "A", false), asker.ask(t, "B", false)
	seen := asker.view(t)
	const people = 30
	var all sync.WaitGroup
	for p := range people {
		id := h.Account(fmt.Sprint("P", p))
		for _, s := range []*seat{h.enter(id, 0), h.enter(id, 0)} {
			all.Go(func() {
				for _, on := range []bool{true, false, true} {
					s.did(t, "question.vote", &livewebinarpb.VoteRequest{Number: a, On: on})
				}
				s.did(t, "question.vote", &livewebinarpb.VoteRequest{Number: b, On: true})
			})
		}
	}
	all.Wait()
	host := h.enter(h.Host, 0)
	seen.until("all votes", func() bool { return seen.questions[b].GetVotes() == people })
	host.did(t, "question.merge", &livewebinarpb.QuestionMergeRequest{Number: a, Into: b})
	seen.until("the merge", func() bool { return seen.questions[a].GetState() == "merged" })
	if votes := h.Count(`SELECT count(*) FROM livewebinar.question_vote WHERE number = $1`, b); votes != people || seen.questions[b].GetVotes() != people {
		t.Errorf("%d votes are kept and %d shown of %d people", votes, seen.questions[b].GetVotes(), people)
	}
}

func TestPolls(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	host := h.connect(h.Host)
	hosts := host.backstage(t)
	save := func(number int32, options ...string) *livewebinarpb.PollSaveRequest {
		return &livewebinarpb.PollSaveRequest{Id: uuid.NewString(), Number: number, Question: "Which one?", Options: options}
	}
	first := save(0, "A", "B")
	one := host.did(t, "poll.save", first).GetNumber()
	if again := host.did(t, "poll.save", first).GetNumber(); again != one {
		t.Errorf("saved again it is poll %d", again)
	}
	for _, options := range [][]string{{"A"}, {"A", "A"}, {"A", " "}, slices.Repeat([]string{"A"}, 11)} {
		if _, err := host.do("poll.save", save(0, options...)); err == nil {
			t.Errorf("options %q are taken", options)
		}
	}
	host.did(t, "poll.save", save(one, "A", "B", "C"))
	two := host.did(t, "poll.save", save(0, "x", "y")).GetNumber()
	host.did(t, "poll.discard", &livewebinarpb.PollRequest{Number: two})
	hosts.until("the drafts", func() bool {
		return len(hosts.polls[one].GetOptions()) == 3 && hosts.polls[two].GetState() == "discarded"
	})
	if _, err := host.do("poll.open", &livewebinarpb.PollRequest{Number: one}); !refused(err, "room.none") {
		t.Errorf("a poll is opened in no room: %v", err)
	}

	h.GoLive()
	anaID := h.Account("Ana")
	ana, bor := h.enter(anaID, 0), h.enter(h.Account("Bor"), 0)
	anas := ana.view(t)
	if len(anas.polls) != 0 {
		t.Errorf("the audience is told of drafts: %v", anas.polls)
	}
	ana.refused(t, "poll.none", "poll.answer", &livewebinarpb.PollAnswerRequest{Number: one, Options: []int32{0}})
	host.did(t, "poll.open", &livewebinarpb.PollRequest{Number: one})
	anas.until("the poll", func() bool { return anas.polls[one].GetState() == "open" })
	for _, options := range [][]int32{nil, {3}, {-1}, {0, 1}} {
		ana.refused(t, "poll.choice", "poll.answer", &livewebinarpb.PollAnswerRequest{Number: one, Options: options})
	}
	ana.did(t, "poll.answer", &livewebinarpb.PollAnswerRequest{Number: one, Options: []int32{0}})
	bor.did(t, "poll.answer", &livewebinarpb.PollAnswerRequest{Number: one, Options: []int32{2}})
	ana.did(t, "poll.answer", &livewebinarpb.PollAnswerRequest{Number: one, Options: []int32{1, 1}})
	hosts.until("the result", func() bool {
		return slices.Equal(hosts.polls[one].GetCounts(), []int32{0, 1, 1}) && hosts.polls[one].GetVoters() == 2
	})
	if mine := anas.heal(); len(mine.GetAnswers()) != 1 || !slices.Equal(mine.GetAnswers()[0].GetOptions(), []int32{1}) {
		t.Errorf("Ana's answers: %v", mine)
	}
	if p := anas.polls[one]; len(p.GetCounts()) != 0 || p.GetVoters() != 0 {
		t.Errorf("the audience is told %v", p)
	}
	host.did(t, "poll.close", &livewebinarpb.PollRequest{Number: one})
	ana.refused(t, "poll.closed", "poll.answer", &livewebinarpb.PollAnswerRequest{Number: one, Options: []int32{0}})
	host.did(t, "poll.share", &livewebinarpb.PollShareRequest{Number: one, On: true})
	anas.until("the result", func() bool { return slices.Equal(anas.polls[one].GetCounts(), []int32{0, 1, 1}) })
	host.did(t, "poll.share", &livewebinarpb.PollShareRequest{Number: one})
	anas.until("no result", func() bool { return len(anas.polls[one].GetCounts()) == 0 })
	host.refused(t, "poll.state", "poll.save", save(one, "A", "B"))
}

func TestHands(t *testing.T) {
	t.Parallel()
	h := open(t)
	anaID, borID := h.Account("Ana"), h.Account("Bor")
	ana, bor, host := h.enter(anaID, 0), h.enter(borID, 0), h.enter(h.Host, 0)
	hosts := host.backstage(t)
	up := func(id uuid.UUID) bool { return hosts.hands[id.String()].GetRaisedAt() != nil }
	ana.did(t, "hand.raise", &livewebinarpb.HandRequest{On: true})
	bor.did(t, "hand.raise", &livewebinarpb.HandRequest{On: true})
	hosts.until("two hands", func() bool { return up(anaID) && up(borID) && hosts.hands[anaID.String()].GetName() == "Ana" })
	host.did(t, "hand.lower", &livewebinarpb.AccountRequest{AccountId: anaID.String()})
	hosts.until("one hand", func() bool { return !up(anaID) && up(borID) })
	next(t, ana.person, "the hand went down", func(p *livewebinarpb.PersonPush) bool { return p.GetMine() != nil && !p.GetMine().GetHand() })
	bor.Kill()
	h.Await("Bor is not in the room", func() bool {
		return h.Count(`SELECT count(*) FROM livewebinar.beat WHERE account_id = $1 AND event = 'lost'`, borID) == 1
	})
	// What is counted once a second is told by the same round that looks for who is absent: of these, the first saw that Bor is, the
	// second would have told that his hand is down.
	for round := range 4 {
		raised := round%2 == 0
		ana.did(t, "hand.raise", &livewebinarpb.HandRequest{On: raised})
		hosts.until("another round", func() bool { return up(anaID) == raised })
	}
	if !up(borID) {
		t.Error("the hand of somebody who may come back went down")
	}
	h.Ahead(2 * time.Minute)
	hosts.until("no hand", func() bool { return !up(borID) })
	for push := range ana.drained() {
		if len(push.GetBoard().GetHands()) > 0 {
			t.Error("the audience is told of hands")
		}
	}
}

// TestAllHandsLowered has a host lower every hand at once: each of them is told.
func TestAllHandsLowered(t *testing.T) {
	t.Parallel()
	h := open(t)
	host := h.enter(h.Host, 0)
	hosts := host.backstage(t)
	var seats []*seat
	for _, name := range []string{"Ana", "Bor", "Cene"} {
		s := h.enter(h.Account(name), 0)
		s.did(t, "hand.raise", &livewebinarpb.HandRequest{On: true})
		seats = append(seats, s)
	}
	count := func() (up int) {
		for _, hand := range hosts.hands {
			if hand.GetRaisedAt() != nil {
				up++
			}
		}
		return up
	}
	hosts.until("three hands", func() bool { return count() == 3 })
	host.did(t, "hand.lower", &livewebinarpb.AccountRequest{})
	hosts.until("no hand", func() bool { return count() == 0 })
	for _, s := range seats {
		next(t, s.person, "the hand went down", func(p *livewebinarpb.PersonPush) bool { return p.GetMine() != nil && !p.GetMine().GetHand() })
	}
	seats[0].refused(t, "room.hosts", "hand.lower", &livewebinarpb.AccountRequest{})
}

// drained gives what arrived until now.
func (s *seat) drained() func(func(*livewebinarpb.RoomPush) bool) {
	return func(yield func(*livewebinarpb.RoomPush) bool) {
		for {
			select {
			case p := <-s.rooms:
				if !yield(p) {
					return
				}
			default:
				return
			}
		}
	}
}

func closedWith(t *testing.T, s *seat, code int) {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(45 * time.Second):
		t.Fatal("still connected")
	}
	var closed *Closed
	if !errors.As(s.Err(), &closed) || closed.Code != code {
		t.Errorf("want close code %d, got %v", code, s.Err())
	}
}
