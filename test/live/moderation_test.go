package live

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

func TestMuted(t *testing.T) {
	t.Parallel()
	h := open(t)
	anaID := h.Account("Ana")
	ana, host := h.enter(anaID, 0), h.enter(h.Host, 0)
	hosts := host.backstage(t)
	must(ana.send(uuid.New(), "Buy my book"))(t)
	host.refused(t, "reason.empty", "host.mute", &livewebinarpb.SanctionRequest{Sequence: 1})
	host.did(t, "host.mute", &livewebinarpb.SanctionRequest{Sequence: 1, Reason: "Advertising"})
	told := next(t, ana.person, "being muted", func(p *livewebinarpb.PersonPush) bool { return p.GetMine().GetMuted() != nil })
	if m := told.GetMine().GetMuted(); m.GetReason() != "Advertising" || m.GetUntil() != nil {
		t.Errorf("told %v", m)
	}
	hosts.until("the sanction", func() bool {
		s := hosts.sanctions[anaID.String()]
		return s.GetKind() == "muted" && s.GetName() == "Ana" && s.GetBy() == "Doc Host" && s.GetReason() == "Advertising"
	})
	for method, request := range map[string]proto.Message{
		"chat.send":    &livewebinarpb.SendRequest{Id: uuid.NewString(), Body: "again"},
		"chat.edit":    &livewebinarpb.EditRequest{Sequence: 1, Body: "again"},
		"question.ask": &livewebinarpb.AskRequest{Id: uuid.NewString(), Body: "again"},
		"hand.raise":   &livewebinarpb.HandRequest{On: true},
	} {
		ana.refused(t, "room.muted", method, request)
	}
	must(ana.beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t)
	if joined := h.enter(anaID, 0).joined; joined.GetMine().GetMuted().GetReason() != "Advertising" || len(joined.GetBoard().GetSanctions()) > 0 {
		t.Errorf("joined again: %v", joined.GetMine())
	}
	host.did(t, "host.unmute", &livewebinarpb.AccountRequest{AccountId: anaID.String()})
	next(t, ana.person, "being heard again", func(p *livewebinarpb.PersonPush) bool { return p.GetMine() != nil && p.GetMine().GetMuted() == nil })
	must(ana.send(uuid.New(), "Sorry"))(t)
	host.did(t, "host.mute", &livewebinarpb.SanctionRequest{AccountId: anaID.String(), Reason: "Once more", Minutes: 5})
	if _, err := ana.send(uuid.New(), "muted"); !refused(err, "room.muted") {
		t.Errorf("muted for minutes: %v", err)
	}
	h.Ahead(5 * time.Minute)
	h.Await("five minutes are over", func() bool { _, err := ana.send(uuid.New(), "Here I am"); return err == nil })
	if n := h.Count(`SELECT count(*) FROM livewebinar.sanction_log`); n != 3 {
		t.Errorf("%d decisions are kept, not 3", n)
	}
}

func TestRemoved(t *testing.T) {
	t.Parallel()
	h := open(t)
	anaID := h.Account("Ana")
	ana, phone, host := h.enter(anaID, 0), h.enter(anaID, 0), h.enter(h.Host, 0)
	elsewhere := h.connect(anaID) // the front page in another tab
	n := ana.ask(t, "Rude", true)
	must(ana.beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t)
	begun := time.Now()
	host.did(t, "host.remove", &livewebinarpb.SanctionRequest{Question: n, Reason: "Be kind"})
	closedWith(t, ana, 4502)
	closedWith(t, phone, 4502)
	t.Logf("out after %s", time.Since(begun))
	next(t, ana.person, "the reason", func(p *livewebinarpb.PersonPush) bool { return p.GetRemoved().GetReason() == "Be kind" })
	channel := "room:" + h.Webinar.String()
	if err := elsewhere.Subscribe(t.Context(), channel); !refused(err, "room.removed") {
		t.Errorf("removed, subscribing: %v", err)
	}
	elsewhere.refused(t, "room.removed", "room.join", &livewebinarpb.JoinRequest{})
	elsewhere.refused(t, "room.removed", "room.state", &livewebinarpb.StateRequest{})
	if _, err := elsewhere.send(uuid.New(), "hello?"); !refused(err, "room.removed") {
		t.Errorf("removed, writing: %v", err)
	}
	again := h.connect(anaID)
	again.refused(t, "room.removed", "room.join", &livewebinarpb.JoinRequest{})
	next(t, again.person, "the reason again", func(p *livewebinarpb.PersonPush) bool { return p.GetRemoved().GetReason() == "Be kind" })
	h.Await("what was watched is kept", func() bool {
		return h.Count(`SELECT count(*) FROM livewebinar.beat WHERE account_id = $1 AND event = 'lost'`, anaID) == 2
	})
	host.did(t, "host.readmit", &livewebinarpb.AccountRequest{AccountId: anaID.String()})
	h.enter(anaID, 0)
}

// TestMutedBeforeRemoved lets somebody in again who was muted before: the mute holds, as long as it was meant to and no longer.
func TestMutedBeforeRemoved(t *testing.T) {
	t.Parallel()
	h := open(t)
	anaID := h.Account("Ana")
	h.enter(anaID, 0)
	host := h.enter(h.Host, 0)
	her := &livewebinarpb.AccountRequest{AccountId: anaID.String()}
	mute := func(reason string, minutes int32) {
		t.Helper()
		host.did(t, "host.mute", &livewebinarpb.SanctionRequest{AccountId: anaID.String(), Reason: reason, Minutes: minutes})
	}
	out := func() {
		t.Helper()
		host.did(t, "host.remove", &livewebinarpb.SanctionRequest{AccountId: anaID.String(), Reason: "Be kind"})
	}
	in := func() *seat {
		t.Helper()
		host.did(t, "host.readmit", her)
		return h.enter(anaID, 0)
	}
	mute("Advertising", 0)
	for range 2 {
		out()
		ana := in()
		if reason := ana.joined.GetMine().GetMuted().GetReason(); reason != "Advertising" {
			t.Errorf("let in again with a mute for %q", reason)
		}
		if _, err := ana.send(uuid.New(), "Buy this"); !refused(err, "room.muted") {
			t.Errorf("muted before being removed: %v", err)
		}
	}
	host.did(t, "host.unmute", her)
	out()
	must(in().send(uuid.New(), "Sorry"))(t)
	mute("Once more", 5)
	out()
	h.Ahead(5 * time.Minute)
	h.Await("five minutes are over", func() bool { _, err := in().send(uuid.New(), "Here I am"); return err == nil })
}

// TestSanctionsSurvive kills the service: who was removed stays out, who was muted stays so, and the board is what it was.
func TestSanctionsSurvive(t *testing.T) {
	t.Parallel()
	h := Build(t)
	kill, _ := h.Child()
	h.GoLive()
	anaID, borID := h.Account("Ana"), h.Account("Bor")
	h.enter(anaID, 0)
	bor, host := h.enter(borID, 0), h.enter(h.Host, 0)
	n := bor.ask(t, "Which dose?", false)
	must(bor.send(uuid.New(), "Good evening"))(t)
	host.did(t, "chat.react", &livewebinarpb.ReactRequest{Sequence: 1, Kind: "agree", On: true})
	host.did(t, "question.vote", &livewebinarpb.VoteRequest{Number: n, On: true})
	host.did(t, "host.remove", &livewebinarpb.SanctionRequest{AccountId: anaID.String(), Reason: "Be kind"})
	host.did(t, "host.mute", &livewebinarpb.SanctionRequest{AccountId: borID.String(), Reason: "Quiet"})
	host.did(t, "host.chat", &livewebinarpb.ChatSettingsRequest{SlowSeconds: 5})
	kill() // votes and reactions were confirmed, and may not have been told

	h.Child()
	bor = h.enter(borID, 0)
	bors := bor.view(t)
	bors.until("everything", func() bool {
		return bors.questions[n].GetVotes() == 1 && len(bors.messages[1].GetReactions()) == 1 && bors.settings.GetSlowSeconds() == 5
	})
	if _, err := bor.send(uuid.New(), "muted"); !refused(err, "room.muted") {
		t.Errorf("muted before the restart: %v", err)
	}
	h.connect(anaID).refused(t, "room.removed", "room.join", &livewebinarpb.JoinRequest{})
}

// TestWhoMayCall tries every method as everybody, against the table in the service's README.
func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	h.GoLive()
	member, outside, removed := h.enter(h.Account("Member"), 0), h.connect(h.Account("Outside")), h.Account("Removed")
	host, boss := h.enter(h.Host, 0), h.connect(h.Account("Boss", "administrator"))
	before := h.connect(removed)
	host.did(t, "host.remove", &livewebinarpb.SanctionRequest{AccountId: removed.String(), Reason: "x"})
	account := &livewebinarpb.AccountRequest{AccountId: uuid.NewString()}
	hosts := map[string]proto.Message{
		"question.take": &livewebinarpb.QuestionRequest{Number: 9}, "question.answer": &livewebinarpb.QuestionAnswerRequest{Number: 9},
		"question.dismiss": &livewebinarpb.QuestionDismissRequest{Number: 9}, "question.merge": &livewebinarpb.QuestionMergeRequest{Number: 9},
		"question.reopen": &livewebinarpb.QuestionRequest{Number: 9}, "poll.save": &livewebinarpb.PollSaveRequest{},
		"poll.discard": &livewebinarpb.PollRequest{}, "poll.open": &livewebinarpb.PollRequest{}, "poll.close": &livewebinarpb.PollRequest{},
		"poll.share": &livewebinarpb.PollShareRequest{}, "hand.lower": account, "host.announce": &livewebinarpb.AnnounceRequest{},
		"host.chat": &livewebinarpb.ChatSettingsRequest{}, "host.mute": &livewebinarpb.SanctionRequest{}, "host.unmute": account,
		"host.remove": &livewebinarpb.SanctionRequest{}, "host.readmit": account, "backstage.send": &livewebinarpb.NoteRequest{},
	}
	seats := map[string]proto.Message{
		"chat.send": &livewebinarpb.SendRequest{}, "chat.history": &livewebinarpb.HistoryRequest{}, "chat.edit": &livewebinarpb.EditRequest{},
		"chat.delete": &livewebinarpb.DeleteRequest{}, "chat.react": &livewebinarpb.ReactRequest{}, "question.ask": &livewebinarpb.AskRequest{},
		"question.vote": &livewebinarpb.VoteRequest{}, "question.withdraw": &livewebinarpb.QuestionRequest{},
		"poll.answer": &livewebinarpb.PollAnswerRequest{}, "hand.raise": &livewebinarpb.HandRequest{},
	}
	visitor := h.connect(uuid.Nil)
	codes := func(code string, is bool, s *seat, methods map[string]proto.Message) {
		t.Helper()
		for method, request := range methods {
			if _, err := s.do(method, proto.Clone(request)); refused(err, code) != is {
				t.Errorf("%s: %s is %v, got %v", method, code, !is, err)
			}
		}
	}
	for _, methods := range []map[string]proto.Message{hosts, seats} {
		codes("auth.required", true, visitor, methods)
		codes("room.removed", true, before, seats)
	}
	codes("room.hosts", true, member, hosts)
	codes("room.hosts", true, outside, hosts)
	codes("room.hosts", true, before, hosts)
	codes("room.not_joined", true, outside, seats)
	codes("room.not_joined", false, member, seats)
	for _, s := range []*seat{host, boss} {
		codes("room.hosts", false, s, hosts)
	}
	backstage := "backstage:" + h.Webinar.String()
	for _, s := range []*seat{member, outside, before} {
		if err := s.Subscribe(t.Context(), backstage); !refused(err, "room.hosts") {
			t.Errorf("behind the stage: %v", err)
		}
	}
	if err := visitor.Subscribe(t.Context(), backstage); !refused(err, "auth.required") {
		t.Errorf("a visitor behind the stage: %v", err)
	}
	for _, channel := range []string{"backstage:", "room:x", "backstage:{" + h.Webinar.String() + "}", "BACKSTAGE:" + h.Webinar.String()} {
		if err := host.Subscribe(t.Context(), channel); err == nil {
			t.Errorf("there is a channel %q", channel)
		}
	}
}

// TestHostsAmongThemselves says who may do what to whom.
func TestHostsAmongThemselves(t *testing.T) {
	t.Parallel()
	h := open(t)
	second, boss := h.Account("Second", "host"), h.Account("Boss", "administrator")
	one, two, chief := h.enter(h.Host, 0), h.enter(second, 0), h.connect(boss)
	sanction := func(id uuid.UUID) *livewebinarpb.SanctionRequest {
		return &livewebinarpb.SanctionRequest{AccountId: id.String(), Reason: "x"}
	}
	for _, method := range []string{"host.mute", "host.remove"} {
		one.refused(t, "sanction.self", method, sanction(h.Host))
		one.refused(t, "sanction.host", method, sanction(second))
		two.refused(t, "sanction.host", method, sanction(boss))
		chief.refused(t, "sanction.self", method, sanction(boss))
		one.refused(t, "sanction.nobody", method, sanction(uuid.New()))
		one.refused(t, "sanction.nobody", method, &livewebinarpb.SanctionRequest{Reason: "x"})
	}
	chief.did(t, "host.mute", sanction(second))
	two.refused(t, "sanction.self", "host.unmute", &livewebinarpb.AccountRequest{AccountId: second.String()})
	if err := two.Subscribe(t.Context(), "backstage:"+h.Webinar.String()); err != nil {
		t.Fatal(err)
	}
	chief.did(t, "host.remove", sanction(second))
	closedWith(t, two, 4502)
	two = h.connect(second)
	two.refused(t, "room.removed", "host.announce", &livewebinarpb.AnnounceRequest{Text: "I am back"})
	if err := two.Subscribe(t.Context(), "backstage:"+h.Webinar.String()); !refused(err, "room.removed") {
		t.Errorf("removed, behind the stage: %v", err)
	}
	one.refused(t, "sanction.host", "host.readmit", &livewebinarpb.AccountRequest{AccountId: second.String()})
}

// TestGapsAreFilled compares somebody who heard everything with somebody who missed half of it.
func TestGapsAreFilled(t *testing.T) {
	t.Parallel()
	h := open(t)
	all, deaf := h.enter(h.Account("All"), 0), h.enter(h.Account("Deaf"), 0)
	ana, host := h.enter(h.Account("Ana"), 0), h.enter(h.Host, 0)
	everything, half := all.view(t), deaf.view(t)
	note := func() int32 {
		return host.did(t, "backstage.send", &livewebinarpb.NoteRequest{Id: uuid.NewString(), Body: "psst"}).GetNumber()
	}
	if err := host.Subscribe(t.Context(), "backstage:"+h.Webinar.String()); err != nil {
		t.Fatal(err)
	}
	var last int32
	for i := range 5 {
		n := ana.ask(t, "Question", i%2 == 0)
		must(ana.send(uuid.New(), "Message"))(t)
		note() // a revision in which the audience sees nothing
		host.did(t, "question.vote", &livewebinarpb.VoteRequest{Number: n, On: true})
		deaf.did(t, "chat.react", &livewebinarpb.ReactRequest{Sequence: n, Kind: "funny", On: true})
		host.did(t, "host.announce", &livewebinarpb.AnnounceRequest{Text: "Soon"})
		ana.did(t, "chat.edit", &livewebinarpb.EditRequest{Sequence: n, Body: "Edited"})
		last = host.did(t, "question.take", &livewebinarpb.QuestionRequest{Number: n}).GetRevision()
	}
	everything.until("everything", func() bool {
		return everything.revision >= last && everything.questions[5].GetVotes() == 1 && everything.questions[1].GetVotes() == 1 && len(everything.messages[5].GetReactions()) == 1
	})
	if everything.heals > 0 {
		t.Errorf("who heard everything saw %d gaps", everything.heals)
	}
	for push := range deaf.drained() {
		for _, m := range push.GetMessages() {
			half.messages[m.GetSequence()] = m
		}
	}
	half.revision = 3 // whatever it was
	half.heal()
	if diff := everything.same(half); diff != "" {
		t.Errorf("after a gap:\n%s", diff)
	}
	fresh := h.enter(h.Account("Fresh"), 0).view(t)
	if diff := everything.same(fresh); diff != "" {
		t.Errorf("a newcomer:\n%s", diff)
	}
	r, err := all.beat(1, livewebinarpb.Player_PLAYER_PLAYING)
	if err != nil || r.GetLastSequence() != 5 || r.GetRevision() != everything.revision {
		t.Errorf("a heartbeat says %v, %v; the revision is %d", r, err, everything.revision)
	}
	behind := host.view(t)
	behind.pushes = host.behind
	behind.until("five notes", func() bool { return len(behind.notes) == 5 })
}

// TestBoardOfTwoInstances has no wire between the instances: what one writes the other tells within a second or so.
func TestBoardOfTwoInstances(t *testing.T) {
	t.Parallel()
	h := open(t)
	anaID := h.Account("Ana")
	ana := h.enter(anaID, 0)
	anas := ana.view(t)
	h.Serve()
	bor, host := h.enter(h.Account("Bor"), 0), h.enter(h.Host, 0)
	bors := bor.view(t)
	n := ana.ask(t, "From here", false)
	must(ana.send(uuid.New(), "one"))(t)
	bors.until("what Ana did there", func() bool { return bors.questions[n].GetBody() != "" && bors.messages[1].GetBody() == "one" })
	must(bor.send(uuid.New(), "two"))(t)
	must(ana.send(uuid.New(), "three"))(t)
	bor.did(t, "question.vote", &livewebinarpb.VoteRequest{Number: n, On: true})
	anas.until("what Bor did there", func() bool {
		return anas.questions[n].GetVotes() == 1 && anas.messages[2].GetBody() == "two" && anas.messages[3].GetBody() == "three"
	})
	bors.until("all three", func() bool { return bors.messages[3].GetBody() == "three" })
	begun := time.Now()
	host.did(t, "host.remove", &livewebinarpb.SanctionRequest{AccountId: anaID.String(), Reason: "x"})
	closedWith(t, ana, 4502)
	t.Logf("out of the other instance after %s", time.Since(begun))
	if order := h.Count(`SELECT max(sequence) - count(*) FROM livewebinar.message`); order != 0 {
		t.Errorf("%d gaps", order)
	}
	if !slices.Contains(bors.heal().GetVoted(), n) {
		t.Error("Bor's vote is not his")
	}
}
