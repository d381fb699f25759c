package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/test/e2e/browser"
	"github.com/rounds-cme/rounds/test/live"
)

// lecturer does what a host does, without a browser: the console has tests of its own.
type lecturer struct {
	*live.Client

	t *testing.T
	h *live.House
}

func lecturerOf(t *testing.T, h *live.House) *lecturer {
	t.Helper()
	c, err := live.Dial(t.Context(), h.Options(h.Host))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	l := &lecturer{Client: c, t: t, h: h}
	l.does("room.join", &livewebinarpb.JoinRequest{WebinarId: h.Webinar.String()}, &livewebinarpb.JoinResponse{})
	return l
}

func (l *lecturer) does(method string, request, answer proto.Message) {
	l.t.Helper()
	if err := l.Call(l.t.Context(), method, request, answer); err != nil {
		l.t.Fatalf("%s: %v", method, err)
	}
}

// about makes something with a question.
func (l *lecturer) about(method string, number int32) {
	l.t.Helper()
	l.does(method, &livewebinarpb.QuestionRequest{WebinarId: l.h.Webinar.String(), Number: number}, &livewebinarpb.Done{})
}

// twoMembers opens a live room for Ana and Bor.
func twoMembers(t *testing.T) (h *live.House, ana, bor *browser.Page) {
	t.Helper()
	h, base := roomHouse(t)
	h.GoLive()
	ana, bor = chromium.New(t, base), chromium.New(t, base)
	for name, p := range map[string]*browser.Page{"Ana Novak": ana, "Bor Kranjc": bor} {
		p.Open("/login-as/" + h.Account(name).String())
		p.See(`[data-connection][data-state="connected"]`)
	}
	return h, ana, bor
}

func says(p *browser.Page, text string) {
	p.Fill("#chat-text", text)
	p.Click("[data-chat-form] button")
}

// choose opens the menu of a message and takes one thing from it, with the keyboard alone.
func choose(p *browser.Page, sequence int, label string) {
	p.Until(fmt.Sprintf(`(document.querySelector("[data-sequence='%d'] [data-act=more]")?.focus(), document.activeElement.matches("[data-act=more]"))`, sequence))
	p.Key(kb.Enter)
	p.Until(`document.activeElement.closest("[role=menu]")`)
	for range 12 {
		if browser.Eval[string](p, `document.activeElement.textContent`) == label {
			break
		}
		p.Key(kb.ArrowDown)
	}
	p.Until(fmt.Sprintf(`document.activeElement.textContent === %q`, label))
	p.Key(kb.Enter)
}

// TestChatWays has two members answer, react, correct and delete, and each sees what the other did.
func TestChatWays(t *testing.T) {
	t.Parallel()
	_, ana, bor := twoMembers(t)
	says(ana, "Is the dose the same in renal failure?")
	bor.SeeText("[data-sequence='1']", "renal failure")

	choose(bor, 1, "Reply")
	bor.SeeText("[data-chat-mode]", "Reply to Ana Novak")
	says(bor, "Halved below 30.")
	ana.SeeText("[data-sequence='2'] .room-quote", "Ana Novak Is the dose the same in renal failure?")
	ana.Click("[data-sequence='2'] .room-quote")
	ana.Until(`document.activeElement.dataset.sequence === "1"`)

	choose(ana, 2, "Thanks")
	bor.SeeText("[data-sequence='2'] .room-felt", "Thanks 1")
	ana.See("[data-sequence='2'] [aria-pressed=true]")
	bor.Click("[data-sequence='2'] .room-chip") // one's own reaction beside the other's
	ana.SeeText("[data-sequence='2'] .room-felt", "Thanks 2")
	ana.Click("[data-sequence='2'] .room-chip")
	bor.SeeText("[data-sequence='2'] .room-felt", "Thanks 1")

	bor.Fill("#chat-text", "Half a sentence")
	choose(bor, 2, "Edit")
	bor.Fill("#chat-text", "Halved below a clearance of 30.")
	bor.Key(kb.Enter)
	ana.SeeText("[data-sequence='2']", "Halved below a clearance of 30.")
	ana.SeeText("[data-sequence='2']", "edited")
	if got := bor.Value("#chat-text"); got != "Half a sentence" {
		t.Errorf("what was being written before the correction is now %q", got)
	}

	says(ana, "This was a mistake")
	bor.SeeText("[data-sequence='3']", "a mistake")
	choose(ana, 3, "Delete")
	ana.See("[data-chat-delete][open]")
	ana.Click("[data-delete-yes]")
	bor.SeeText("[data-sequence='3']", "deleted by its author")
	ana.Gone("[data-chat-delete][open]")
	ana.Reload() // and it stays so
	ana.SeeText("[data-sequence='3']", "deleted by its author")
	ana.SeeText("[data-sequence='2']", "edited")
	ana.SeeText("[data-sequence='1']", "You")
	looks(ana, "room-ways", look{390, false}, look{1440, true})
}

// TestQuestions asks two, one of them anonymously, votes, and follows what the lecturer makes of them.
func TestQuestions(t *testing.T) {
	t.Parallel()
	h, ana, bor := twoMembers(t)
	host := lecturerOf(t, h)
	ask := func(p *browser.Page, text string, anonymous bool) {
		p.Click("#tab-questions")
		p.Fill("#question-text", text)
		if anonymous {
			p.Click("[name=anonymous]")
		}
		p.Press("Ask")
		p.Until(`document.querySelector("#question-text").value === ""`)
	}
	ask(ana, "Which antibiotic first?", false)
	bor.SeeText("#tab-questions [data-count]", "1")
	ask(ana, "May I ask something simple?", true)
	bor.Click("#tab-questions")
	bor.SeeText("[data-question='1']", "Ana Novak")
	bor.SeeText("[data-question='2']", "Anonymous")
	ana.SeeText("[data-question='2']", "Yours")
	if browser.Eval[bool](bor, `document.querySelector("[data-question='2']").textContent.includes("Novak")`) {
		t.Error("an anonymous question tells the audience who asked it")
	}
	bor.Click("[data-question='1'] .room-votes")
	ana.SeeText("[data-question='1'] .room-votes", "1")
	bor.See("[data-question='1'] [aria-pressed=true]")
	bor.Reload()
	bor.See(`[data-connection][data-state="connected"]`)
	bor.Click("#tab-questions")
	bor.See("[data-question='1'] [aria-pressed=true]")
	bor.Click("[data-question='1'] .room-votes")
	ana.SeeText("[data-question='1'] .room-votes", "0")

	host.about("question.take", 1)
	bor.SeeText("[data-questions=now]", "Which antibiotic first?")
	host.does("question.answer", &livewebinarpb.QuestionAnswerRequest{WebinarId: h.Webinar.String(), Number: 1, Answer: "The one your ward's list says."}, &livewebinarpb.Done{})
	bor.SeeText("[data-questions=answered]", "The one your ward's list says.")
	host.does("question.dismiss", &livewebinarpb.QuestionDismissRequest{WebinarId: h.Webinar.String(), Number: 2, Reason: "Answered in the talk"}, &livewebinarpb.Done{})
	ana.SeeText("[data-questions=gone]", "Not taken up: Answered in the talk")
	bor.Gone("[data-question='2']")

	ask(bor, "I will take this back", false)
	ana.See("[data-question='3']")
	bor.Press("Withdraw")
	ana.Gone("[data-question='3']")
}

// TestPoll answers one, changes the answer while it is open, and reads the result that the lecturer shares.
func TestPoll(t *testing.T) {
	t.Parallel()
	h, ana, bor := twoMembers(t)
	host := lecturerOf(t, h)
	webinar := h.Webinar.String()
	host.does("poll.save", &livewebinarpb.PollSaveRequest{
		WebinarId: webinar, Id: "0193d1a0-0000-7000-8000-000000000001", Question: "Which fluid first?", Options: []string{"Crystalloid", "Albumin"},
	}, &livewebinarpb.Done{})
	poll := &livewebinarpb.PollRequest{WebinarId: webinar, Number: 1}
	host.does("poll.open", poll, &livewebinarpb.Done{})
	for _, p := range []*browser.Page{ana, bor} {
		p.SeeText("#tab-polls [data-count]", "1")
		p.Click("#tab-polls")
	}
	ana.Press("Answer")
	ana.SeeText("[data-poll='1']", "Choose an option first.")
	ana.Click("[data-poll='1'] input[value='1']")
	ana.Press("Answer")
	ana.Gone("#tab-polls [data-count]")
	ana.Click("[data-poll='1'] input[value='0']")
	ana.Press("Change my answer")
	ana.SeeText("[data-poll='1']", "Your answer: Crystalloid")
	bor.Click("[data-poll='1'] input[value='1']")
	bor.Press("Answer")
	bor.SeeText("[data-poll='1']", "Your answer: Albumin")
	host.does("poll.share", &livewebinarpb.PollShareRequest{WebinarId: webinar, Number: 1, On: true}, &livewebinarpb.Done{})
	ana.SeeText("[data-poll='1'] .room-results", "Answers: 2")
	host.does("poll.close", poll, &livewebinarpb.Done{})
	bor.Until(`document.querySelector("[data-poll='1']").dataset.state === "closed"`)
	bor.SeeText("[data-poll='1'] .room-results", "1 (50 %)")
	bor.Reload()
	bor.See(`[data-connection][data-state="connected"]`)
	bor.Click("#tab-polls")
	bor.SeeText("[data-poll='1']", "your answer")
}

// TestHosts raises a hand, reads an announcement, is told of a break, is muted for a while, and shown out for good.
func TestHosts(t *testing.T) {
	t.Parallel()
	h, ana, bor := twoMembers(t)
	host := lecturerOf(t, h)
	webinar := h.Webinar.String()
	ana.Click("[data-hand]")
	ana.SeeText("[data-hand-state]", "The hosts see it.")
	h.Await("the hand is up", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.hand WHERE raised_at IS NOT NULL`) == 1 })
	ana.Reload()
	ana.See("[data-hand][data-up=true]")
	ana.Click("[data-hand]")
	ana.See("[data-hand][data-up=false]")

	host.does("host.announce", &livewebinarpb.AnnounceRequest{WebinarId: webinar, Text: "We go on at 19:00"}, &livewebinarpb.Done{})
	bor.SeeText("[data-announcement]", "We go on at 19:00")
	bor.Press("Close")
	bor.Gone("[data-announcement]")

	host.does("host.segment", &livewebinarpb.SegmentRequest{WebinarId: webinar, Kind: "break"}, &livewebinarpb.Done{})
	bor.SeeText("[data-programme]", "This time does not count")
	host.does("host.segment", &livewebinarpb.SegmentRequest{WebinarId: webinar, Kind: "talk"}, &livewebinarpb.Done{})
	bor.Gone("[data-programme]")

	host.does("host.chat", &livewebinarpb.ChatSettingsRequest{WebinarId: webinar, SlowSeconds: 30}, &livewebinarpb.Done{})
	bor.SeeText("[data-chat-why]", "one message every 30 s")
	says(bor, "Once in a while")
	bor.SeeText("[data-chat-why]", "you can send again in")
	host.does("host.chat", &livewebinarpb.ChatSettingsRequest{WebinarId: webinar}, &livewebinarpb.Done{})
	bor.Gone("[data-chat-why]")
	host.does("chat.delete", &livewebinarpb.DeleteRequest{WebinarId: webinar, Sequence: 1, Reason: "Off the subject"}, &livewebinarpb.Done{})
	bor.SeeText("[data-sequence='1']", "deleted by a host: Off the subject")
	ana.SeeText("[data-sequence='1']", "deleted by a host.")

	says(bor, "Buy this")
	ana.SeeText("[data-sequence='2']", "Buy this")
	sanction := &livewebinarpb.SanctionRequest{WebinarId: webinar, Sequence: 2, Reason: "Advertising", Minutes: 10}
	host.does("host.mute", sanction, &livewebinarpb.Done{})
	bor.SeeText("[data-chat-why]", "Advertising")
	bor.Until(`document.querySelector("[data-chat-form] button").disabled`)
	host.does("host.remove", sanction, &livewebinarpb.Done{})
	bor.SeeText("[data-farewell=removed]", "Reason: Advertising")
	bor.Gone("video")
	bor.Reload()
	bor.SeeText("[data-farewell=removed]", "Reason: Advertising")
	looks(bor, "room-shown-out", look{390, true}, look{1440, false})
	ana.SeeText("[data-viewers]", "Present: 2")
}
