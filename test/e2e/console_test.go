package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// direct opens the console for the one host of this stage.
func (s *stage) direct() *browser.Page {
	s.t.Helper()
	signed, err := s.signer.Sign(token.Claims{
		Account: s.account, Session: uuid.New(), Roles: []string{token.Host}, Language: "en", Zone: "Europe/Ljubljana", Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	p := chromium.New(s.t, s.URL)
	p.Cookie("rounds_access", signed)
	p.Open("/webinars/heart-failure/console")
	p.See(`[data-connection][data-state="connected"]`)
	return p
}

// behind tells hosts what changed.
func (s *stage) behind(b *livewebinarpb.Board) {
	s.publish("backstage:"+s.Webinar, &livewebinarpb.RoomPush{Board: b})
}

// last is the latest request of a method.
func (s *stage) last(method string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all := s.asked[method]; len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// busy is what a host finds who comes in the middle.
func (s *stage) busy() {
	board := s.evening().GetBoard()
	board.Questions[1].Name = "Petra Kos" // hosts are told
	board.Questions[5].Body, board.Questions[5].Reason = "When is lunch?", "Answered in the talk."
	board.Polls[1].Counts, board.Polls[1].Voters = []int32{120, 96, 31, 4}, 138
	board.Polls = append(board.Polls, &livewebinarpb.Poll{Number: 3, Question: "Who calls the intensive care unit first?", Options: []string{"The nurse", "The physician"}, State: "draft"})
	board.Programme = &livewebinarpb.Programme{Segments: []*livewebinarpb.Segment{
		{Kind: "talk", From: ago(50 * time.Minute), To: ago(20 * time.Minute)}, {Kind: "break", From: ago(20 * time.Minute), To: ago(12 * time.Minute)}, {Kind: "talk", From: ago(12 * time.Minute)},
	}}
	board.Hands = []*livewebinarpb.Hand{{AccountId: uuid.NewString(), Name: "Luka Zupan", RaisedAt: ago(time.Minute)}, {AccountId: uuid.NewString(), Name: "Maja Horvat", RaisedAt: ago(3 * time.Minute)}}
	board.Sanctions = []*livewebinarpb.Sanction{
		{AccountId: uuid.NewString(), Name: "Rok Glasen", Kind: "muted", Reason: "Advertising", By: "Dr. Vzorec", At: ago(5 * time.Minute), Until: ago(-5 * time.Minute)},
		{AccountId: uuid.NewString(), Name: "Tina Jezna", Kind: "removed", Reason: "Insulted a colleague", By: "Dr. Vzorec", At: ago(2 * time.Minute)},
	}
	board.Notes = []*livewebinarpb.Note{{Number: 1, Id: "1", Name: "Dr. Vzorec", Body: "Two minutes over. Shall we skip the last case?", SentAt: ago(time.Minute)}}
	s.answer("room.state", &livewebinarpb.StateResponse{Board: board, Revision: 9, LastSequence: 7})
	people := &livewebinarpb.ViewersResponse{Total: 214, Next: "further"}
	for n := range 50 {
		people.Viewers = append(people.Viewers, &livewebinarpb.Viewer{
			AccountId: uuid.NewString(), Name: fmt.Sprint("Viewer ", n), Host: n == 1, Devices: int32(1 + n%9/8), Player: []string{"playing", "playing", "paused", "stalled"}[n%4], //nolint:gosec // small
			WatchedSeconds: int32(2900 - 40*n), ChecksAnswered: 2, ChecksMissed: int32(n % 2), //nolint:gosec // small
		})
	}
	s.answer("host.viewers", people)
	pulse := &livewebinarpb.PulseResponse{Incidents: []*livewebinarpb.Incident{{From: ago(30 * time.Minute), To: ago(28 * time.Minute), Reason: "connections_lost"}}}
	for n := range 50 {
		sample := &livewebinarpb.Sample{At: timestamppb.New(time.Now().Add(time.Duration(n-50) * time.Minute)), Viewers: int32(214 - 4000/(n+20))} //nolint:gosec // small
		if n%17 == 16 {
			sample.Checks, sample.Answered = 200, 180
		}
		pulse.Samples = append(pulse.Samples, sample)
	}
	s.answer("host.pulse", pulse)
}

// TestConsole looks at a console in full swing: every section, on a desk and on a phone.
func TestConsole(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.busy()
	p := s.direct()
	p.SeeText("[data-segment-name]", "Talk")
	p.SeeText("[data-segment-clock]", "12:")
	p.SeeText("[data-credited]", "42 min")
	p.SeeText("[data-questions-now]", "Which monitoring")
	if got := browser.Eval[[]int](p, `[...document.querySelectorAll("[data-questions] > li")].map(e => +e.dataset.question)`); fmt.Sprint(got) != "[5 2 4]" {
		t.Errorf("questions wait as %v", got)
	}
	p.SeeText("[data-question='2']", "Petra Kos anonymous to the audience")
	p.SeeText("[data-poll='2']", "120 (87 %)")
	p.SeeText("[data-hands] li", "Maja Horvat") // the longest first
	looks(p, "console-chat")
	for _, side := range []struct{ name, sees string }{{"backstage", "[data-note]"}, {"people", "[data-person]"}, {"numbers", "[data-spark] path"}} {
		p.Click(".console-bar-side [data-shows=" + side.name + "]")
		p.See(side.sees)
		looks(p, "console-"+side.name, look{1440, true}, look{1440, false})
	}
	p.SeeText("[data-figure=answered]", "90 %")
	p.SeeText("[data-incidents]", "Many lost the connection")
	p.Width(390)
	for _, tab := range []string{"now", "questions", "polls", "chat", "people"} {
		p.Click(".console-bar [data-shows=" + tab + "]")
		p.Gone(".console-bar-side")
		looks(p, "console-phone-"+tab, look{390, false})
		p.Screenshot("console-phone-" + tab)
		p.Width(390)
	}
}

// TestConsoleActs has a host do what only the real room does slowly: breaks, hands, searches, merges, and what is refused.
func TestConsoleActs(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.busy()
	p := s.direct()
	p.SeeText("[data-segment-name]", "Talk")
	p.Click("[data-segment-to=break]")
	p.SeeText("dialog[open]", "does not count for credit")
	p.Key(kb.Escape)
	p.Gone("dialog[open]")
	p.Until(`document.activeElement.matches("[data-segment-to=break]")`)
	if s.count("host.segment") != 0 {
		t.Error("a break began though it was called off")
	}
	p.Key(kb.Enter)
	p.Click("[data-ask-yes]")
	p.See("[data-toast]")
	s.behind(&livewebinarpb.Board{RevisionBefore: 9, Revision: 10, Programme: &livewebinarpb.Programme{Segments: []*livewebinarpb.Segment{
		{Kind: "talk", From: ago(50 * time.Minute), To: ago(0)}, {Kind: "break", From: ago(0)},
	}}})
	p.SeeText("[data-segment=break]", "Does not count for credit")
	p.Click("[data-undo]")
	p.Until(`!document.querySelector("[data-toast]")`)
	asked(t, s, "host.segment", `"kind":"talk"`)

	p.Click("[data-question='4'] [data-act=more]")
	p.Press("Merge into another …")
	p.Choose("#ask-choice", "2")
	p.Click("[data-ask-yes]")
	p.SeeText("[data-toast]", "Merged")
	asked(t, s, "question.merge", `"into":2`)
	p.Click("[data-hands] li:first-child button")
	s.behind(&livewebinarpb.Board{RevisionBefore: 10, Revision: 11, Hands: []*livewebinarpb.Hand{{AccountId: jsonField(s.last("hand.lower"), "accountId"), Name: "Maja Horvat"}}})
	p.SeeText("[data-hands-count]", "Hands up: 1")

	p.Click(".console-bar-side [data-shows=people]")
	p.See("[data-person]")
	p.Click("[data-people-more]")
	p.Until(`true`)
	p.Fill("#people-search", "zup")
	asked(t, s, "host.viewers", `"search":"zup"`)
	s.refuse("host.remove", "room.hosts")
	p.Click("[data-person] button")
	p.Press("Remove from the room …")
	p.Fill("#ask-words", "For a reason")
	p.Click("[data-ask-yes]")
	p.See("[data-toast][data-bad]")

	// However many ask, the page holds a few.
	board := &livewebinarpb.Board{RevisionBefore: 11, Revision: 12}
	for n := range int32(400) {
		board.Questions = append(board.Questions, &livewebinarpb.Question{Number: 100 + n, Body: "Another one?", Name: "Bor Kranjc", State: "open", AskedAt: ago(0)})
	}
	s.behind(board)
	p.SeeText("[data-questions-open]", "Waiting: 403")
	if n := p.Count("[data-questions] > li"); n > 210 {
		t.Errorf("%d questions on the page", n)
	}
	s.push(&livewebinarpb.RoomPush{Closed: &livewebinarpb.Closed{Reason: "ended"}})
	p.See("[data-over]")
	p.Gone("[data-segment-to]")
	p.Gone("[data-question] button")
}

// asked waits until a method was called with something in its request.
func asked(t *testing.T, s *stage, method, with string) {
	t.Helper()
	for end := time.Now().Add(browser.Patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(s.last(method), with) {
			return
		}
	}
	t.Errorf("%s was last asked with %s, want %s in it", method, s.last(method), with)
}

// jsonField is the text of a field of a flat request.
func jsonField(raw, name string) string {
	_, after, _ := strings.Cut(raw, `"`+name+`":"`)
	value, _, _ := strings.Cut(after, `"`)
	return value
}
