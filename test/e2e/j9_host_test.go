package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// TestHosting is a whole webinar of a host and two members, in the program itself: a poll is prepared before the start, the webinar
// begins early, questions are taken and answered, people are muted and shown out, there is a break, one member loses the network twice,
// and it ends early; what was said stays, and each member finds the own credit and what it was computed from.
func TestHosting(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	admin, host, member := p.as(t, "administrator@rounds.example"), p.as(t, "host@rounds.example"), p.as(t, "member@rounds.example")
	slug := planEvening(admin, "Hosted round", 10*time.Minute)

	host.Open("/host?of=all")
	host.SeeText("[data-webinar="+slug+"]", "Hosted round")
	looks(host, "host")
	host.Click("[data-webinar=" + slug + "] a.btn")
	host.See(`[data-connection][data-state="connected"]`)
	preparePoll(host)
	host.Click(".console-bar-side [data-shows=backstage]")
	host.Fill("#note-text", "Who takes the first question?")
	host.Click("[data-note-form] button")
	host.SeeText("[data-notes]", "Who takes the first question?")
	looks(host, "console-before")

	member.Open("/webinars/" + slug + "/room")
	member.SeeText("main", "The room is not open yet")
	host.Press("Start now")
	host.Click("#begin button[type=submit]")
	host.See(`.console[data-state="live"]`) // by itself, when the room opens
	member.See(`[data-room] [data-connection][data-state="connected"]`)
	wire := wireTo(t, strings.TrimPrefix(p.URL, "http://"))
	second := (&program{URL: wire.URL(), t: t}).as(t, "analyst@rounds.example") // a member too
	second.Forgive("WebSocket", "ERR_", "Failed to load resource")
	second.Open("/webinars/" + slug + "/room")
	second.See(`[data-room] [data-connection][data-state="connected"]`)
	host.SeeText("[data-viewers]", "Present: 3")
	host.SeeText("[data-poll='1']", "Do you audit?") // what was prepared is still there

	runPoll(host, member)
	answerQuestion(host, member)
	announce(host, member)
	breakTime(host, member)
	moderate(t, host, member)
	lookAround(host)
	talkTogether(host, member, second)
	dropTwice(t, wire, second, member)

	host.Press("End")
	host.Click("#end button[type=submit]")
	member.See("[data-farewell]")
	second.SeeText("[data-farewell]", "Thank you for taking part")
	host.See("[data-over]")
	second.SeeText("[data-farewell] [data-outcome]", "These figures are final.")
	looks(second, "room-final", look{390, false})
	member.Open("/webinars/" + slug)
	member.SeeTextAfterReload("main", "What was said", time.Minute)
	readRecord(member, slug)
	second.Open("/me/webinars/" + slug)
	second.SeeTextAfterReload("main", "The webinar at a glance", time.Minute)
	second.SeeText("main", "Does something seem wrong?")
	host.Open("/webinars/" + slug + "/record?part=backstage")
	host.SeeText("main", "Who takes the first question?")
	looks(host, "record-backstage", look{390, false}, look{1440, true})
	host.Open("/webinars/" + slug + "/record?part=attendance")
	host.SeeText("[data-attendee]", "Maja Primer")
	looks(host, "record-attendance", look{390, true})
	host.Open("/webinars/" + slug + "/record?part=numbers")
	host.SeeText("main", "minute by minute")
	looks(host, "record-numbers", look{1440, false})
}

// preparePoll writes one that is refused first, because a poll has two options.
func preparePoll(host *browser.Page) {
	host.Click("[data-poll-new]")
	host.Until(`document.activeElement.id === "poll-question"`)
	host.Fill("#poll-question", "Do you audit?")
	host.Fill("[data-poll-options] li:nth-child(1) input", "Each month")
	host.Click("[data-poll-editor] button[type=submit]")
	host.SeeText("[data-poll-error]", "at least two options")
	host.Fill("[data-poll-options] li:nth-child(2) input", "Never")
	host.Click("[data-poll-add]")
	host.Fill("[data-poll-options] li:nth-child(3) input", "Now and then")
	host.Click("[data-poll-editor] button[type=submit]")
	host.SeeText("[data-poll='1'][data-state=draft]", "Now and then")
	host.Until(`document.activeElement.matches("[data-poll-new]")`) // the focus is where it was
	host.Gone("[data-poll='1'] [data-act=open]")                    // nobody is there to answer yet
}

// runPoll opens what was prepared, sees the answer come, and shows the result to the audience.
func runPoll(host, member *browser.Page) {
	host.Click("[data-poll='1'] [data-act=open]")
	host.Click("[data-ask-yes]")
	member.Click("#tab-polls")
	member.SeeText("[data-poll='1']", "Do you audit?")
	member.Gone("[data-poll='1'] .room-results")
	member.Click("[data-poll='1'] input[type=radio]")
	member.Press("Answer")
	host.SeeText("[data-poll='1'] .room-results", "1 (100 %)")
	host.Click("[data-poll='1'] [data-act=close]")
	host.Click("[data-poll='1'][data-state=closed] [data-act=share]")
	member.SeeText("[data-poll='1'] .room-results", "1 (100 %)")
}

// answerQuestion takes one, answers it in words, dismisses another with a reason, and puts that back into the queue.
func answerQuestion(host, member *browser.Page) {
	member.Click("#tab-questions")
	for _, question := range []string{"Which gloves, and when?", "When is lunch?"} {
		member.Fill("#question-text", question)
		if question == "When is lunch?" {
			member.Click("[data-question-form] input[type=checkbox]")
		}
		member.Click("[data-question-form] button[type=submit]")
		host.SeeText("[data-questions]", question)
	}
	host.SeeText("[data-question='2']", "anonymous to the audience")
	host.Click("[data-question='1'] [data-act=take]")
	host.SeeText("[data-questions-now]", "Which gloves, and when?")
	member.SeeText("[data-questions=now]", "Which gloves, and when?")
	host.Click("[data-questions-now] [data-question='1'] [data-act=answer]")
	host.Fill("#ask-words", "Only where you meet blood.")
	host.Click("[data-ask-yes]")
	member.SeeText("[data-questions=answered]", "Only where you meet blood.")
	host.Click("[data-question='2'] [data-act=more]")
	host.Press("Dismiss …")
	host.Key(kb.Enter) // without a reason it is not done
	host.SeeText("[data-ask-error]", "Write a few words.")
	host.Fill("#ask-words", "Not about the subject")
	host.Click("[data-ask-yes]")
	member.SeeText("[data-questions=gone]", "Not about the subject")
	member.Reload() // what was asked stays with who asked it
	member.Click("#tab-questions")
	member.SeeText("[data-questions=gone] [data-question='2']", "When is lunch?")
	host.Click("[data-undo]")
	host.See("[data-questions] [data-question='2']")
}

// announce tells everybody something, and slows the chat down.
func announce(host, member *browser.Page) {
	host.Click("[data-announce]")
	host.Fill("#ask-words", "The slides are on the page of the webinar.")
	host.Click("[data-ask-yes]")
	member.SeeText("[data-announcement]", "The slides are on the page of the webinar.")
	host.SeeText("[data-announcement]", "The slides are on the page of the webinar.")
	host.Click(".console-bar-side [data-shows=chat]")
	host.Choose("#chat-slow", "10")
	member.Click("#tab-chat")
	member.SeeText("[data-chat-why]", "one message every 10 s")
	host.Choose("#chat-slow", "0")
	looks(host, "console")
}

// breakTime begins one, which everybody is told, and goes back to the talk with the button that undoes it.
func breakTime(host, member *browser.Page) {
	host.Click("[data-segment-to=break]")
	host.Click("[data-ask-yes]")
	host.SeeText("[data-segment=break]", "Does not count for credit")
	member.SeeText("[data-programme]", "does not count")
	host.Click("[data-undo]")
	host.SeeText("[data-segment=talk]", "Counts for credit")
	member.Gone("[data-programme]")
}

// lookAround sees who is there and how it went.
func lookAround(host *browser.Page) {
	host.Click(".console-bar-side [data-shows=people]")
	host.SeeText("[data-people]", "Maja Primer")
	host.Fill("#people-search", "vzor")
	host.Until(`document.querySelectorAll("[data-person]").length === 1`)
	host.SeeText("[data-people]", "Tomaž Vzorec")
	host.Click(".console-bar-side [data-shows=numbers]")
	host.See("[data-spark] svg")
}

// mutedSoon mutes the author of the first message until that is effective in the author's open page within a second of being pressed,
// by the clocks of the two pages. One may be late when the machine has other things to do just then; that all are late is a fault.
func mutedSoon(t *testing.T, host, member *browser.Page) {
	t.Helper()
	var all []float64
	for n, end := 0, time.Now().Add(browser.Patience); time.Now().Before(end); n++ {
		reason := fmt.Sprint("Advertising ", n)
		member.Until(fmt.Sprintf(`(window.at = 0, new MutationObserver((_, watch) => {
			if (document.querySelector("[data-chat-why]").textContent.includes(%q)) { window.at = Date.now(); watch.disconnect(); }
		}).observe(document.querySelector("[data-chat-form]"), { childList: true, subtree: true, characterData: true, attributes: true }), true)`, reason))
		host.Until(`(document.querySelector("[data-ask-yes]").addEventListener("click", () => window.pressed = Date.now(), { once: true }), true)`)
		moderateMessage(host, 1, "Mute …", reason)
		member.Until(`window.at > 0`)
		took := browser.Eval[float64](member, `window.at`) - browser.Eval[float64](host, `window.pressed`)
		host.Click("[data-undo]")
		member.Until(`!document.querySelector("[data-chat-form] button").disabled`)
		if took <= 1000 {
			return
		}
		all = append(all, took)
	}
	t.Errorf("mutes were effective after %v ms", all)
}

// moderateMessage does something to a message, or to who wrote it, with a reason.
func moderateMessage(host *browser.Page, sequence int, what, reason string) {
	host.Click(fmt.Sprintf("[data-chat] [data-sequence='%d'] [data-act=more]", sequence))
	host.Press(what)
	host.Fill("#ask-words", reason)
	host.Click("[data-ask-yes]")
}

// moderate deletes a message, mutes its author and takes that back, and shows the author out: each with a reason that is told.
func moderate(t *testing.T, host, member *browser.Page) {
	t.Helper()
	member.Fill("#chat-text", "Buy my book")
	member.Click("[data-chat-form] button")
	host.SeeText("[data-chat]", "Buy my book")
	mutedSoon(t, host, member)
	moderateMessage(host, 1, "Delete the message …", "It sells something")
	member.SeeText("[data-chat] [data-sequence='1']", "It sells something")
	member.Fill("#chat-text", "And I sell it again")
	member.Click("[data-chat-form] button")
	host.SeeText("[data-chat]", "And I sell it again")
	moderateMessage(host, 2, "Remove from the room …", "It sold something again")
	member.SeeText("[data-farewell=removed]", "It sold something again")
	member.Reload()
	member.SeeText("[data-farewell=removed]", "It sold something again")
	host.Click(".console-bar-side [data-shows=people]")
	host.SeeText("[data-sanction=removed]", "It sold something again")
	host.Click("[data-sanction=removed] button")
	host.Gone("[data-sanction]")
	member.Reload()
	member.See(`[data-connection][data-state="connected"]`)
}

// talkTogether has the members answer each other, vote, and raise a hand that the host takes down.
func talkTogether(host, member, second *browser.Page) {
	says(second, "Is it the same for children?")
	member.SeeText("[data-sequence='3']", "Is it the same for children?")
	choose(member, 3, "Reply")
	says(member, "Yes, from the first day.")
	second.SeeText("[data-sequence='4'] .room-quote", "Is it the same for children?")
	choose(second, 4, "Thanks")
	member.SeeText("[data-sequence='4'] .room-felt", "Thanks 1")
	second.Click("#tab-questions")
	second.Click("[data-question='2'] [data-act=vote]")
	host.SeeText("[data-question='2'] .console-votes", "1")
	second.Click("#tab-chat")
	second.Click("[data-hand]")
	second.SeeText("[data-hand-state]", "Your hand is raised.")
	host.Click("[data-hands] button")
	second.SeeText("[data-hand]", "Raise your hand")
}

// dropTwice cuts the network of one member twice while another goes on writing: it is said, what was typed waits, and after coming back
// every message is there once, in order, and the time is kept.
func dropTwice(t *testing.T, wire *wire, lost, other *browser.Page) {
	t.Helper()
	lost.Until(`+document.querySelector("[data-meter-panel]").dataset.seconds >= 1`)
	last := browser.Eval[int](lost, `+[...document.querySelectorAll("[data-chat] li[data-sequence]")].at(-1).dataset.sequence`)
	for cut := range 2 {
		wire.Cut(true)
		lost.See(`[data-connection][data-state="lost"]`)
		says(other, fmt.Sprint("Meanwhile ", cut))
		says(lost, fmt.Sprint("From the tunnel ", cut))
		lost.SeeText("[data-pending]", "sending")
		last++
		other.SeeText(fmt.Sprintf("[data-sequence='%d']", last), fmt.Sprint("Meanwhile ", cut))
		wire.Cut(false)
		lost.See(`[data-connection][data-state="connected"]`)
		lost.Gone("[data-pending]")
		last++
		for _, p := range []*browser.Page{lost, other} {
			p.SeeText(fmt.Sprintf("[data-sequence='%d']", last), fmt.Sprint("From the tunnel ", cut))
			got := browser.Eval[[]int](p, sequence)
			for i, n := range got {
				if n != i+1 {
					t.Fatalf("the chat is %v, of %d messages", got, last)
				}
			}
		}
		lost.SeeText("[data-kept]", "All of it is kept.")
	}
}

// readRecord reads what stays, part by part.
func readRecord(p *browser.Page, slug string) {
	p.Open("/webinars/" + slug + "/record")
	p.SeeText("[data-question='1']", "Only where you meet blood.")
	looks(p, "record")
	p.Open("/webinars/" + slug + "/record?part=polls")
	p.SeeText("[data-poll='1']", "1 (100 %)")
	looks(p, "record-polls", look{390, false})
	p.Open("/webinars/" + slug + "/record?part=chat")
	p.SeeText("[data-sequence='2']", "And I sell it again")
	looks(p, "record-chat", look{1440, false})
	p.Open("/webinars/" + slug + "/record?part=programme")
	p.SeeText("main", "counts")
	looks(p, "record-programme", look{390, false})
}
