package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/test/e2e/browser"
)

func ago(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(time.Now().Add(-d)) }

// evening is what a member finds who comes into a room in the middle of it.
func (s *stage) evening() *livewebinarpb.JoinResponse {
	credit := &livewebinarpb.Credit{
		Verdict: "open", WatchedSeconds: 47*60 + 12, CreditableSeconds: 3600, Percent: 78, ChecksAnswered: 2, WorthHundredths: 150,
		Reasons: []*livewebinarpb.Reason{
			{Code: "minutes", State: "missing", Have: 47, Of: 60, Need: 48, More: 1},
			{Code: "checks", State: "missing", Have: 2, Of: 4, Need: 3, More: 1},
			{Code: "bridged", Have: 24, Of: 360},
			{Code: "incident", Have: 95},
			{Code: "void", Have: 1},
		},
	}
	s.answer("room.beat", &livewebinarpb.BeatResponse{Credit: credit, LastSequence: 7, Revision: 9})
	join := &livewebinarpb.JoinResponse{
		Room: &livewebinarpb.Room{
			WebinarId: s.Webinar, Title: "Heart failure", VideoUrl: "/video/demo.mp4", OpenedAt: ago(50 * time.Minute), OffsetMs: 50 * 60 * 1000,
			Commitment: "e1661e86e803ebfb3772986b6e1c4a59e27bbb650504239cc2b93174160a6511",
		},
		Viewers: 214, Credit: credit, LastSequence: 7, Revision: 9,
		Messages: []*livewebinarpb.ChatMessage{
			{Sequence: 1, Id: "1", Name: "Maja Horvat", Body: "Good evening from Maribor.", SentAt: ago(12 * time.Minute)},
			{
				Sequence: 2, Id: "2", Name: "Dr. Vzorec", Host: true, Body: "Welcome. Questions go into the second tab; vote for those of others.", SentAt: ago(11 * time.Minute),
				Reactions: []*livewebinarpb.Reaction{{Kind: "thanks", Count: 12}, {Kind: "agree", Count: 3}},
			},
			{Sequence: 3, Id: "3", Name: "Ana Novak", Body: "Is the dose the same in renal failure?", SentAt: ago(6 * time.Minute), EditedAt: ago(5 * time.Minute)},
			{
				Sequence: 4, Id: "4", Name: "Luka Zupan", Body: "Halved below a clearance of 30, as far as I know.", SentAt: ago(5 * time.Minute),
				ReplyTo: &livewebinarpb.Quote{Sequence: 3, Name: "Ana Novak", Body: "Is the dose the same in renal failure?"}, Reactions: []*livewebinarpb.Reaction{{Kind: "agree", Count: 8}},
			},
			{Sequence: 5, Id: "5", Name: "Petra Kos", SentAt: ago(4 * time.Minute), DeletedBy: "author"},
			{Sequence: 6, Id: "6", Name: "Ana Novak", SentAt: ago(3 * time.Minute), DeletedBy: "host"},
			{Sequence: 7, Id: "7", Name: "Bor Kranjc", Body: "Thank you, that helps.", SentAt: ago(time.Minute)},
		},
		Board: &livewebinarpb.Board{
			Revision: 9,
			Questions: []*livewebinarpb.Question{
				{
					Number: 1, Body: "When do you stop the infusion?", Name: "Maja Horvat", Votes: 31, State: "answered", AnsweredBy: "Dr. Vzorec", AskedAt: ago(40 * time.Minute),
					Answer: "When lactate has been falling for six hours and the pressure holds without it.",
				},
				{Number: 2, Body: "Does this hold for children too?", Votes: 12, State: "open", Anonymous: true, AskedAt: ago(20 * time.Minute)},
				{Number: 3, Body: "Which monitoring do you need in the first hour?", Name: "Luka Zupan", Votes: 27, State: "answering", AskedAt: ago(18 * time.Minute)},
				{Number: 4, Body: "Is there a place for albumin?", Name: "Ana Novak", Votes: 4, State: "open", AskedAt: ago(9 * time.Minute)},
				{Number: 5, Body: "How do you hand over to the ward?", Name: "Bor Kranjc", Votes: 19, State: "open", AskedAt: ago(2 * time.Minute)},
				{Number: 6, Name: "Ana Novak", State: "dismissed", AskedAt: ago(2 * time.Minute)},
			},
			Polls: []*livewebinarpb.Poll{
				{
					Number: 1, Question: "Which fluid first?", Options: []string{"Balanced crystalloid", "Saline 0.9 %", "Albumin"}, State: "closed", Shared: true,
					Counts: []int32{131, 42, 9}, Voters: 182, OpenedAt: ago(30 * time.Minute), ClosedAt: ago(28 * time.Minute),
				},
				{
					Number: 2, Question: "What do you measure in the first hour?", Options: []string{"Lactate", "Blood cultures", "Procalcitonin", "Nothing yet"}, Multiple: true,
					State: "open", OpenedAt: ago(time.Minute),
				},
			},
			Settings: &livewebinarpb.Settings{Announcement: "The slides are on the page of the webinar.", AnnouncedAt: ago(3 * time.Minute), SlowSeconds: 20},
		},
		Mine: &livewebinarpb.Mine{
			Voted: []int32{5}, Asked: []int32{4, 6}, Answers: []*livewebinarpb.PollAnswer{{Number: 1, Options: []int32{0}}}, Messages: []int32{3, 6},
			Reactions: []*livewebinarpb.MyReaction{{Sequence: 4, Kind: "agree"}},
			Notices:   []*livewebinarpb.Notice{{Kind: "message_deleted", Number: 6, Reason: "It named a patient."}, {Kind: "question_dismissed", Number: 6, Reason: "Answered in the talk."}},
		},
	}
	s.answer("room.join", join)
	return join
}

// TestRoomEvening looks at a room in full swing.
func TestRoomEvening(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.evening()
	p := s.enter()
	p.SeeText("[data-meter-sum]", "47 of 60 creditable minutes, 1 more needed; 2 of 4 checks, 1 more needed")
	p.SeeText("[data-reason=incident]", "held against nobody")
	p.SeeText("[data-commitment]", "e1661e86e803ebfb")
	p.See("[data-commitment]")
	p.SeeText("[data-reason=void]", "void, not missed")
	p.SeeText("[data-announcement]", "The slides are on the page")
	p.SeeText("[data-sequence='6']", "deleted by a host: It named a patient.")
	p.SeeText("#chat-why, [data-chat-why]", "one message every 20 s")
	looks(p, "room-chat")

	p.Click("#tab-questions")
	p.SeeText("[data-questions=now]", "Which monitoring")
	if got := browser.Eval[[]int](p, `[...document.querySelectorAll("[data-questions=open] li")].map(e => +e.dataset.question)`); fmt.Sprint(got) != "[5 2 4]" {
		t.Errorf("open questions stand as %v", got)
	}
	p.SeeText("[data-questions=gone]", "Answered in the talk.")
	looks(p, "room-questions")
	p.Choose("[data-question-order]", "newest")
	p.Until(`document.querySelector("[data-questions=open] li").dataset.question === "5" && document.querySelectorAll("[data-questions=open] li")[1].dataset.question === "4"`)

	p.SeeText("#tab-polls [data-count]", "1")
	p.Click("#tab-polls")
	p.SeeText("[data-poll='1']", "131 (72 %)")
	p.SeeText("[data-poll='1']", "your answer")
	looks(p, "room-polls")
	p.Key(kb.Home)
	p.See("#panel-chat")
	p.Key(kb.ArrowRight)
	p.See("#panel-questions")
	p.Gone("#panel-chat")
	p.Click("footer button[lang=sl]")
	p.SeeText("[data-meter-sum]", "47 od 60 minut, ki štejejo, manjka še 1")
	looks(p, "room-chat-sl", look{390, true}, look{1440, false})
}

// TestRoomGap has the wire lose a push and bring another twice: the page asks for what is missing and shows each thing once.
func TestRoomGap(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.evening()
	p := s.enter()
	p.Click("#tab-questions")
	p.See("[data-questions=open] li")
	question := func(n int32) []*livewebinarpb.Question {
		return []*livewebinarpb.Question{{Number: n, Body: fmt.Sprint("Question ", n), Name: "Bor Kranjc", State: "open", AskedAt: ago(0)}}
	}
	s.answer("room.state", &livewebinarpb.StateResponse{Board: &livewebinarpb.Board{RevisionBefore: 9, Revision: 10, Questions: question(10)}, Revision: 12, LastSequence: 7})
	push := &livewebinarpb.RoomPush{Board: &livewebinarpb.Board{RevisionBefore: 11, Revision: 12, Questions: question(12)}}
	s.push(push)
	s.push(push)
	p.See("[data-question='10']")
	s.answer("room.state", &livewebinarpb.StateResponse{Board: &livewebinarpb.Board{RevisionBefore: 10, Revision: 11, Questions: question(11)}, Revision: 12, LastSequence: 7})
	p.See("[data-question='11']")
	p.See("[data-question='12']")
	if n := p.Count("[data-questions=open] li"); n != 6 {
		t.Errorf("%d questions are open, want 6", n)
	}
	s.push(push)
	s.push(&livewebinarpb.RoomPush{Board: &livewebinarpb.Board{RevisionBefore: 12, Revision: 13, Questions: []*livewebinarpb.Question{{Number: 12, Votes: 40, Body: "Question 12", Name: "Bor Kranjc", State: "open", AskedAt: ago(0)}}}})
	p.SeeText("[data-question='12'] .room-votes", "40")
	if before := s.count("room.state"); before > 4 {
		t.Errorf("the page asked %d times for what it missed", before)
	}
}

// TestRoomStops says why one cannot write, keeps what was typed, and shows a removed member out with the reason.
func TestRoomStops(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.evening()
	p := s.enter()
	p.Fill("#chat-text", "What I was about to say")
	s.push(&livewebinarpb.RoomPush{Board: &livewebinarpb.Board{RevisionBefore: 9, Revision: 10, Settings: &livewebinarpb.Settings{ChatClosed: true}}})
	p.SeeText("[data-chat-why]", "The chat is closed")
	p.Until(`document.querySelector("[data-chat-form] button").disabled`)
	s.push(&livewebinarpb.RoomPush{Board: &livewebinarpb.Board{RevisionBefore: 10, Revision: 11, Settings: &livewebinarpb.Settings{}}})
	s.tell(&livewebinarpb.PersonPush{Mine: &livewebinarpb.Mine{Muted: &livewebinarpb.Muted{Reason: "Advertising", Until: ago(-10 * time.Minute)}}})
	p.SeeText("[data-chat-why]", "A host has muted you until")
	p.SeeText("[data-chat-why]", "Advertising")
	s.tell(&livewebinarpb.PersonPush{Mine: &livewebinarpb.Mine{}})
	p.Until(`!document.querySelector("[data-chat-form] button").disabled`)
	if got := p.Value("#chat-text"); got != "What I was about to say" {
		t.Errorf("what was typed is now %q", got)
	}

	s.refuse("chat.send", "chat.busy")
	p.Click("[data-chat-form] button")
	p.SeeText("[data-failed]", "Not sent. The chat is very busy.")
	p.Reload() // what was not sent is there again
	p.See(`[data-connection][data-state="connected"]`)
	p.SeeText("[data-failed]", "What I was about to say")
	p.Press("Change it")
	p.Gone("[data-pending]")
	if got := p.Value("#chat-text"); got != "What I was about to say" {
		t.Errorf("what is changed is %q", got)
	}

	s.push(&livewebinarpb.RoomPush{Board: &livewebinarpb.Board{RevisionBefore: 9, Revision: 10, Programme: &livewebinarpb.Programme{Segments: []*livewebinarpb.Segment{
		{Kind: "talk", From: ago(time.Hour), To: ago(time.Minute)}, {Kind: "break", From: ago(time.Minute)},
	}}}})
	p.SeeText("[data-programme]", "This time does not count, and nobody is asked")
	looks(p, "room-break", look{390, false}, look{1440, false})
	s.tell(&livewebinarpb.PersonPush{Removed: &livewebinarpb.Removed{Reason: "Patient data, twice"}})
	p.SeeText("[data-farewell=removed]", "Reason: Patient data, twice")
	p.SeeText("[data-farewell=removed]", "47 of 60 creditable minutes")
	p.Gone("video")
	p.Gone("#chat-text")
	looks(p, "room-removed")
}

// TestRoomBusy pours two hundred messages a second into the page: it keeps a window of them, shows all in order, and needs so
// little for each that fifty a second are not felt.
func TestRoomBusy(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.enter()
	const pushes, each = 240, 5
	const all = pushes * each
	work := p.Busy(func() {
		for n := range int32(pushes) {
			m := &livewebinarpb.RoomPush{}
			for i := range int32(each) {
				m.Messages = append(m.Messages, &livewebinarpb.ChatMessage{
					Sequence: n*each + i + 1, Id: fmt.Sprint(n, "-", i), Name: "Bor Kranjc", Body: "A message of the usual length, with a few words in it.", SentAt: ago(0),
				})
			}
			s.push(m)
			time.Sleep(20 * time.Millisecond) // the pace is what is tested
		}
		p.See(fmt.Sprintf("[data-sequence='%d']", all))
	})
	got := browser.Eval[[]int](p, sequence)
	if len(got) != 500 || got[0] != all-499 || got[499] != all {
		t.Errorf("%d messages are shown, from %d to %d", len(got), got[0], got[len(got)-1])
	}
	t.Logf("%d messages took the page %v, %v each", all, work.Round(time.Millisecond), (work / all).Round(time.Microsecond))
	if work > all*4*time.Millisecond {
		t.Errorf("that is more than 4 ms for each: fifty a second would take a fifth of a processor")
	}
	p.See("[data-chat-earlier]")
	s.answer("chat.history", &livewebinarpb.HistoryResponse{Messages: earlier(all - 599), LastSequence: all})
	p.Until(`(document.querySelector("[data-chat-scroll]").scrollTop = 0, true)`)
	p.Click("[data-chat-earlier]")
	p.See(fmt.Sprintf("[data-sequence='%d']", all-599))
	p.Until(`document.querySelector("[data-chat-scroll]").scrollTop > 1000`) // what was in sight is still in sight
}

// TestRoomMenu chooses in the menu of a message while the chat goes on below and the message itself changes: the menu waits, and
// then the newest is in sight again.
func TestRoomMenu(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	join := s.evening()
	p := s.enter()
	p.See("[data-sequence='7']")
	p.Until(`(document.querySelector("[data-sequence='4'] [data-act=more]").focus(), document.activeElement.matches("[data-act=more]"))`)
	p.Key(kb.Enter)
	p.See("[role=menu]")
	where := `JSON.stringify([document.querySelector("[data-sequence='4'] [data-act=more]").getBoundingClientRect(), document.querySelector("[role=menu]").getBoundingClientRect()])`
	before := browser.Eval[string](p, where)
	changed, _ := proto.Clone(join.GetMessages()[3]).(*livewebinarpb.ChatMessage)
	changed.Reactions[0].Count = 9
	s.push(&livewebinarpb.RoomPush{Board: &livewebinarpb.Board{RevisionBefore: 9, Revision: 10, Messages: []*livewebinarpb.ChatMessage{changed}}})
	p.SeeText("[data-sequence='4'] .room-felt", "Agree 9")
	for n := int32(8); n <= 40; n++ {
		s.push(&livewebinarpb.RoomPush{Messages: []*livewebinarpb.ChatMessage{{Sequence: n, Id: fmt.Sprint(n), Name: "Bor Kranjc", Body: "And another one.", SentAt: ago(0)}}})
	}
	p.SeeText("[data-chat-new]", "New messages: 33")
	if after := browser.Eval[string](p, where); after != before {
		t.Errorf("the message or its menu moved from %s to %s", before, after)
	}
	p.Key(kb.ArrowDown)
	p.Until(`document.activeElement.textContent === "Agree"`)
	p.Key(kb.Escape)
	p.Gone("[role=menu]")
	p.Until(`document.activeElement.closest("[data-sequence]").dataset.sequence === "4"`)
	p.Gone("[data-chat-new]")
	p.Until(`((s) => s.scrollHeight - s.scrollTop - s.clientHeight < 2)(document.querySelector("[data-chat-scroll]"))`)
}

func earlier(from int32) []*livewebinarpb.ChatMessage {
	var all []*livewebinarpb.ChatMessage
	for n := from; n < from+100; n++ {
		all = append(all, &livewebinarpb.ChatMessage{Sequence: n, Id: fmt.Sprint(n), Name: "Bor Kranjc", Body: "Earlier", SentAt: ago(time.Hour)})
	}
	return all
}

// TestRoomMeter sees the rule reached, and the sentence that a lost connection leaves.
func TestRoomMeter(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	join := s.evening()
	p := s.enter()
	before := p.Text("[data-meter-watched]")
	p.Until(fmt.Sprintf(`document.querySelector("[data-meter-watched]").textContent !== %q`, before)) // it moves by itself
	reached, _ := proto.Clone(join.GetCredit()).(*livewebinarpb.Credit)
	reached.Verdict, reached.ReachedAt = "passed", timestamppb.New(time.Date(2026, 11, 24, 17, 52, 0, 0, time.UTC))
	reached.Reasons[0].State, reached.Reasons[1].State = "met", "met"
	reached.Reasons = append(reached.Reasons, &livewebinarpb.Reason{Code: "reached"})
	s.answer("room.beat", &livewebinarpb.BeatResponse{Credit: reached, LastSequence: 7, Revision: 9})
	p.Until(`(document.querySelector("video").pause(), true)`) // a change of the player is told at once
	p.SeeText("[data-meter-sum]", "47 of 60 creditable minutes; 2 of 4 checks; Rule reached at 18:52")
	p.SeeText("[data-said]", "Rule reached at 18:52")
	looks(p, "room-reached", look{390, false}, look{1440, true})
}

// TestRoomAway comes back after longer than the rule allows: the page says which part of it does not count.
func TestRoomAway(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	join := s.evening()
	p := s.enter()
	p.Forgive("WebSocket", "503")
	p.Until(`!document.querySelector("video").paused`)
	s.cut(true)
	p.SeeText("[data-connection]", "Connection lost")
	p.Until(`+(document.querySelector("[data-lost-for]").textContent.match(/\d+/) ?? 0) >= 6`)
	s.cut(false)
	p.SeeText("[data-kept]", "s do not count.")
	p.See("[data-kept][data-all=false]")
	later, _ := proto.Clone(join.GetCredit()).(*livewebinarpb.Credit)
	later.Percent = 79
	s.answer("room.beat", &livewebinarpb.BeatResponse{Credit: later, LastSequence: 7, Revision: 9})
	p.Until(`(document.querySelector("video").pause(), true)`)
	p.SeeText("[data-meter-watched]", "(79 %)")
	p.SeeText("[data-kept][data-all=false]", "s do not count.") // what is lost stays lost when the next answer comes
	if got := p.Count("[data-chat] li"); got != len(join.GetMessages()) {
		t.Errorf("%d messages are shown, want the %d that there are", got, len(join.GetMessages()))
	}
}
