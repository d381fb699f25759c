package live

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
)

// TestAfterwards ends a webinar and reads what stays of it, as a member and as its lecturer.
func TestAfterwards(t *testing.T) {
	t.Parallel()
	h := Build(t)
	var rpc livewebinarpb.LiveWebinarServer
	h.Serve(func(m *run.Member) []*run.Member {
		rpc, _ = m.Service.RPC[0].Impl.(livewebinarpb.LiveWebinarServer)
		return nil
	})
	h.GoLive()
	anaID := h.Account("Ana")
	ana, bor, host := h.enter(anaID, 0), h.enter(h.Account("Bor"), 0), h.enter(h.Host, 0)
	member, lecturer := token.With(t.Context(), token.Claims{Account: anaID}), token.With(t.Context(), token.Claims{Account: h.Host})
	slug := "heart-failure"
	if _, err := rpc.Outcome(member, &livewebinarpb.OutcomeRequest{Slug: slug}); !errs.HasCode(err, "room.not_ended") {
		t.Errorf("while it is live: %v", err)
	}
	for range 3 {
		must(ana.send(uuid.New(), "Good evening"))(t)
	}
	ana.did(t, "chat.delete", &livewebinarpb.DeleteRequest{Sequence: 2})
	one, two, three := ana.ask(t, "Which dose?", true), bor.ask(t, "Off topic", false), bor.ask(t, "How often?", false)
	host.did(t, "question.answer", &livewebinarpb.QuestionAnswerRequest{Number: one, Answer: "5 mg"})
	host.did(t, "question.dismiss", &livewebinarpb.QuestionDismissRequest{Number: two})
	ana.did(t, "question.vote", &livewebinarpb.VoteRequest{Number: three, On: true})
	var polls []int32
	for range 3 {
		polls = append(polls, host.did(t, "poll.save", &livewebinarpb.PollSaveRequest{Id: uuid.NewString(), Question: "Which?", Options: []string{"A", "B"}}).GetNumber())
	}
	for _, n := range polls[:2] {
		host.did(t, "poll.open", &livewebinarpb.PollRequest{Number: n})
	}
	host.did(t, "poll.share", &livewebinarpb.PollShareRequest{Number: polls[0], On: true})
	host.did(t, "backstage.send", &livewebinarpb.NoteRequest{Id: uuid.NewString(), Body: "psst"})
	for _, n := range polls[:2] { // the last thing before the end: nobody has counted it yet
		ana.did(t, "poll.answer", &livewebinarpb.PollAnswerRequest{Number: n, Options: []int32{1}})
	}
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	h.Await("the room is closed", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 })
	ana.refused(t, "room.closed", "question.ask", &livewebinarpb.AskRequest{Id: uuid.NewString(), Body: "Too late?"})
	host.refused(t, "room.closed", "poll.save", &livewebinarpb.PollSaveRequest{Id: uuid.NewString(), Question: "Which?", Options: []string{"A", "B"}})

	got, err := rpc.Outcome(member, &livewebinarpb.OutcomeRequest{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	if q := got.GetQuestions(); len(q) != 2 || q[0].GetNumber() != three || q[0].GetVotes() != 1 || q[1].GetAnswer() != "5 mg" || q[1].GetName() != "" {
		t.Errorf("questions for members: %v", q)
	}
	if p := got.GetPolls(); len(p) != 2 || !slices.Equal(p[0].GetCounts(), []int32{0, 1}) || len(p[1].GetCounts()) != 0 || p[1].GetState() != "closed" {
		t.Errorf("polls for members: %v", p)
	}
	if got.GetHost() || len(got.GetNotes())+len(got.GetSanctions()) > 0 || got.GetClosedAt() == nil {
		t.Errorf("for members: %v", got)
	}
	h.Exec(`INSERT INTO livewebinar.sample (webinar_id, at, viewers, checks, answered) VALUES ($1, '2026-01-20 17:00Z', 3, 2, 1)`, h.Webinar)
	got, err = rpc.Outcome(lecturer, &livewebinarpb.OutcomeRequest{Slug: slug})
	if err != nil || !got.GetHost() || len(got.GetQuestions()) != 3 || len(got.GetPolls()) != 3 || len(got.GetNotes()) != 1 || got.GetPolls()[1].GetVoters() != 1 {
		t.Errorf("for the lecturer: %v, %v", got, err)
	}
	if s := got.GetSamples(); len(s) == 0 || s[0].GetViewers() != 3 || s[0].GetAnswered() != 1 {
		t.Errorf("how many were there: %v", s)
	}
	list, err := rpc.Attendance(lecturer, &livewebinarpb.AttendanceRequest{Slug: slug, Limit: 1})
	if err != nil || list.GetTotal() != 3 || len(list.GetAttendees()) != 1 || list.GetAttendees()[0].GetName() != "Ana" || list.GetAttendees()[0].GetFirstJoinedAt() == nil {
		t.Errorf("the list of attendance: %v, %v", list, err)
	}
	if _, err := rpc.Attendance(member, &livewebinarpb.AttendanceRequest{Slug: slug}); !errs.HasCode(err, "room.hosts") {
		t.Errorf("a member reads the list of attendance: %v", err)
	}
	page, err := rpc.Transcript(member, &livewebinarpb.TranscriptRequest{Slug: slug, AfterSequence: 1, Limit: 1})
	if err != nil || page.GetLastSequence() != 3 || len(page.GetMessages()) != 1 || page.GetMessages()[0].GetDeletedBy() != "author" || page.GetMessages()[0].GetBody() != "" {
		t.Errorf("the second message: %v, %v", page, err)
	}
	if door, err := rpc.Door(lecturer, &livewebinarpb.DoorRequest{Slug: slug}); err != nil || !door.GetHost() {
		t.Errorf("the lecturer's door: %v, %v", door, err)
	}
	outside := h.Account("Applicant")
	h.Exec(`UPDATE datamanagement.account SET state = 'in_review' WHERE id = $1`, outside)
	if _, err := rpc.Transcript(token.With(t.Context(), token.Claims{Account: outside}), &livewebinarpb.TranscriptRequest{Slug: slug}); !errs.HasCode(err, "room.members") {
		t.Errorf("an applicant reads the chat: %v", err)
	}
}
