package e2e

import (
	"testing"
	"time"
)

// TestEvening is the main job from end to end in the program itself, with nothing played by the test: a webinar is planned, a member
// subscribes and is reminded, it goes live by itself, both talk and watch, it ends by itself, the administrator requests the points and
// records the answer, and the member finds them booked. All nine services and both sagas take part.
func TestEvening(t *testing.T) {
	t.Parallel()
	p := startProgram(t, "--scheduler-reminder-leads=20s")
	admin, member, host := p.as(t, "administrator@rounds.example"), p.as(t, "member@rounds.example"), p.as(t, "host@rounds.example")

	start := time.Now().Add(40 * time.Second)
	slug := planEvening(admin, "Evening round", time.Until(start))
	member.Open("/webinars/" + slug)
	member.SeeText("h1", "Evening round")
	member.Click("[data-follows=webinar] button")
	member.See("[data-follows=webinar][data-on]")

	// The reminder: a mail and a notification, before the start.
	member.Open("/notifications")
	member.SeeTextAfterReload("main", "Evening round", time.Until(start)+30*time.Second)
	admin.Open("/mailbox?q=member%40rounds.example")
	admin.SeeTextAfterReload("main", "Evening round", 30*time.Second)

	// The start: the front page of a visitor and the room of the member change without being loaded again.
	visitor := chromium.New(t, p.URL)
	visitor.Open("/")
	member.Open("/webinars/" + slug + "/room")
	member.See(`[data-connection][data-state="connected"]`)
	host.Open("/webinars/" + slug + "/room")
	host.See(`[data-connection][data-state="connected"]`)
	host.Fill("#chat-text", "Good evening. Who has seen such a course?")
	host.Click("[data-chat-form] button")
	member.SeeText("[data-chat]", "Who has seen such a course?")
	member.Until(`+document.querySelector("[data-meter-panel]").dataset.seconds >= 16`)
	member.Screenshot("room-evening")
	visitor.SeeText("[data-webinar="+slug+"][data-state=live]", "Evening round")

	// The end: the room says so, and what it was worth is computed.
	member.SeeText("[data-connection]", "The webinar has ended")
	admin.Open("/backoffice/webinars/" + slug + "/points")
	admin.SeeTextAfterReload("main", "Request the points", time.Minute)
	admin.Press("Request the points")
	admin.Press("Yes, that is right")
	admin.See("[data-request=sent]")
	admin.Click("input[value=accepted]")
	admin.Set("#f-day", time.Now().UTC().Format(time.DateOnly))
	admin.Fill("#f-reference", "AGENCY 2026/7")
	admin.Press("Continue")
	admin.Press("Yes, that is right")
	admin.See("[data-request=accepted]")

	member.Open("/me")
	member.SeeText("[data-line=accepted]", "AGENCY 2026/7")
	looks(member, "personal", look{390, false}, look{1440, false})
	member.Open("/notifications")
	member.SeeTextAfterReload("main", "0.5 points for Evening round", 30*time.Second)
}
