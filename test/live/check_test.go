package live

import (
	"testing"
	"time"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/rules/presence"
)

func TestPresenceCheck(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	h.GoLive()
	anaID, borID := h.Account("Ana"), h.Account("Bor")
	desk, phone := h.enter(anaID, 0), h.enter(anaID, 0)
	h.Ahead(time.Until(h.FirstCheck(anaID)) + 10*time.Millisecond)

	asked := next(t, desk.person, "the check on the desk", func(p *livewebinarpb.PersonPush) bool { return p.GetCheck() != nil }).GetCheck()
	next(t, phone.person, "the check on the phone", func(p *livewebinarpb.PersonPush) bool { return p.GetCheck().GetNumber() == asked.GetNumber() })
	if asked.GetNumber() != 1 || asked.GetWindowSeconds() != 75 {
		t.Errorf("asked %v", asked)
	}
	about := h.Webinar.String()
	var shown livewebinarpb.DeliveredResponse
	if err := desk.Call(t.Context(), "check.delivered", &livewebinarpb.DeliveredRequest{WebinarId: about, Number: 1}, &shown); err != nil || shown.GetCheck().GetLeftMs() < 60_000 {
		t.Errorf("delivered: %v %v", &shown, err)
	}
	stranger := h.enter(borID, 0)
	err := stranger.Call(t.Context(), "check.answer", &livewebinarpb.AnswerRequest{WebinarId: about, Number: 3}, &livewebinarpb.AnswerResponse{})
	if !refused(err, "check.none") {
		t.Errorf("an answer to what was never asked: %v", err)
	}
	var answered livewebinarpb.AnswerResponse
	if err := phone.Call(t.Context(), "check.answer", &livewebinarpb.AnswerRequest{WebinarId: about, Number: 1}, &answered); err != nil {
		t.Fatal(err)
	}
	if !answered.GetCounted() || answered.GetCredit().GetChecksAnswered() != 1 {
		t.Errorf("answered %v", &answered)
	}
	// What was confirmed is in the database already.
	if h.Count(`SELECT count(*) FROM livewebinar.presence_check WHERE answered_at IS NOT NULL AND delivered_at IS NOT NULL`) != 1 {
		t.Error("a confirmed answer was not written")
	}
	next(t, desk.person, "the end of the check on the other device", func(p *livewebinarpb.PersonPush) bool { return p.GetCheckOver() == 1 })
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: about})
	h.Await("the secret is published", func() bool {
		return h.Count(`SELECT count(*) FROM livewebinar.datamanagement_room WHERE seed IS NOT NULL`) == 1
	})
	var seed, commitment string
	if err := h.admin.QueryRow(t.Context(), `SELECT seed, commitment FROM livewebinar.datamanagement_room`).Scan(&seed, &commitment); err != nil {
		t.Fatal(err)
	}
	if s, err := presence.ParseSeed(seed); err != nil || !s.Matches(commitment) || commitment != desk.joined.GetRoom().GetCommitment() {
		t.Errorf("the published secret is not the one committed to: %v", err)
	}
}
