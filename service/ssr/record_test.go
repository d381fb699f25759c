package ssr_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// recorded is a webinar that has ended, with a break in it.
func recorded(host bool) figures {
	at := func(minutes int) *timestamppb.Timestamp {
		return timestamppb.New(now.Add(-2*time.Hour + time.Duration(minutes)*time.Minute))
	}
	outcome := &livewebinarpb.OutcomeResponse{
		Host: host, OpenedAt: at(0), ClosedAt: at(60), Questions: []*livewebinarpb.Question{
			{Number: 2, Body: "Gloves <b>?", Name: "Ana Novak", Votes: 14, State: "answered", Answer: "Only with blood.", AnsweredBy: "Živa Čuk", AskedAt: at(5)},
			{Number: 1, Body: "And at night?", Votes: 1, State: "answered", AskedAt: at(6)},
		},
		Polls: []*livewebinarpb.Poll{
			{Number: 1, Question: "How long?", Options: []string{"Ten seconds", "Twenty seconds"}, State: "closed", Shared: true, Counts: []int32{1, 2}, Voters: 3},
			{Number: 2, Question: "How often?", Options: []string{"Always", "Never"}, State: "closed"},
		},
		Programme: &livewebinarpb.Programme{Segments: []*livewebinarpb.Segment{{Kind: "break", From: at(30), To: at(40)}, {Kind: "talk", From: at(40)}}},
	}
	if host {
		outcome.Questions[1].Name, outcome.Questions[1].Anonymous = "Bor Kranjc", true
		outcome.Notes = []*livewebinarpb.Note{{Number: 1, Name: "Doc Host", Body: "Two minutes over", SentAt: at(58)}}
		outcome.Samples = []*livewebinarpb.Sample{{At: at(1), Viewers: 90}, {At: at(2), Viewers: 143, Checks: 4, Answered: 3}}
		outcome.Incidents = []*livewebinarpb.Incident{{From: at(10), To: at(11), Reason: "connections_lost"}}
		outcome.Sanctions = []*livewebinarpb.Sanction{{Name: "Rok Glasen", Kind: "muted", Reason: "Advertising", By: "Doc Host", At: at(20)}, {Name: "Tina Jezna", By: "Doc Host", At: at(21)}}
	}
	return figures{
		bffpb.Webinars_Webinar_FullMethodName: &bffpb.WebinarResponse{Card: sepsis("ended")}, livewebinarpb.LiveWebinar_Outcome_FullMethodName: outcome,
		livewebinarpb.LiveWebinar_Transcript_FullMethodName: &livewebinarpb.TranscriptResponse{
			LastSequence: 250, Host: host, Messages: []*livewebinarpb.ChatMessage{
				{Sequence: 101, Name: "Ana Novak", Body: "Dober večer <b>", SentAt: at(1), Reactions: []*livewebinarpb.Reaction{{Kind: "thanks", Count: 3}}},
				{Sequence: 102, Name: "Bor Kranjc", DeletedBy: "host", SentAt: at(2)},
				{Sequence: 103, Name: "Živa Čuk", Host: true, Body: "Welcome", SentAt: at(3), ReplyTo: &livewebinarpb.Quote{Sequence: 101, Name: "Ana Novak", Body: "Dober večer"}},
			},
		},
		livewebinarpb.LiveWebinar_Attendance_FullMethodName: &livewebinarpb.AttendanceResponse{Total: 143, Attendees: []*livewebinarpb.Attendee{
			{Name: "Ana Novak", FirstJoinedAt: at(0), WatchedSeconds: 2999, CreditableSeconds: 3000, Percent: 99, ChecksAnswered: 2, ChecksCounted: 3}, {FirstJoinedAt: at(4)},
		}},
		livewebinarpb.LiveWebinar_Status_FullMethodName: &livewebinarpb.StatusResponse{Rooms: []*livewebinarpb.RoomStatus{{Viewers: 143}}},
	}
}

// TestRecord shows members what the audience was told, part by part, without a script.
func TestRecord(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, recorded(false))
	h.page("/webinars/sepsis/record", token.Member,
		[]string{"143", "50 minutes", "2 of 2", "Gloves &lt;b&gt;?", "14 votes", "1 vote<", "Only with blood.", "Asked anonymously", "?part=chat"}, []string{"Bor Kranjc", "part=backstage", "part=attendance", "part=numbers", "/backoffice/"})
	h.page("/webinars/sepsis/record?part=polls", token.Member, []string{"Twenty seconds", "2 (67 %)", "3 people answered", "The result was not shared."}, nil)
	h.page("/webinars/sepsis/record?part=chat&page=2", token.Member,
		[]string{"Dober večer &lt;b&gt;", "Thanks 3", `data-sequence="103"`, "Page 2 of 3", "page=3"}, nil)
	if q := last[*livewebinarpb.TranscriptRequest](t, h.programme); q.GetAfterSequence() != 100 || q.GetLimit() != 100 {
		t.Errorf("asked for %v", q)
	}
	h.page("/webinars/sepsis/record?part=programme", token.Member, []string{"Break", "09:30", "does not count", "30</td>", "20</td>"}, nil)
	for _, part := range []string{"backstage", "attendance", "numbers"} {
		if answer, _ := h.send(http.MethodGet, "/webinars/sepsis/record?part="+part, token.Member, nil); answer.StatusCode != http.StatusForbidden {
			t.Errorf("a member reads %s: %d", part, answer.StatusCode)
		}
	}
	if answer, _ := h.send(http.MethodGet, "/webinars/sepsis/record", token.Applicant, nil); answer.StatusCode != http.StatusForbidden {
		t.Errorf("an applicant: %d", answer.StatusCode)
	}
	for _, page := range []string{"0", "-3", "x", "99999999999", "9999"} { // what is no page is the first, what is too far is empty
		if answer, _ := h.send(http.MethodGet, "/webinars/sepsis/record?page="+page, token.Member, nil); answer.StatusCode != http.StatusOK {
			t.Errorf("page %s: %d", page, answer.StatusCode)
		}
	}
}

// TestRecordOfHosts has what only hosts were told, and for administrators the way to the list of attendance.
func TestRecordOfHosts(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, recorded(true))
	h.page("/webinars/sepsis/record", token.Host, []string{"Bor Kranjc", "anonymous to the audience", "part=backstage"}, []string{"/backoffice/"})
	h.page("/webinars/sepsis/record", token.Administrator, []string{"/backoffice/webinars/sepsis/points"}, nil)
	h.page("/webinars/sepsis/record?part=backstage", token.Host, []string{"Two minutes over", "Lifted", "Rok Glasen", "Advertising", "By Doc Host"}, nil)
	h.page("/webinars/sepsis/record?part=numbers", token.Host, []string{"At most 143 at once", "3 of 4 (75 %)", "Many lost the connection"}, nil)
	h.page("/webinars/sepsis/record?part=attendance&page=2", token.Host, []string{"Ana Novak", "49 (99 %)", "2 of 3", "Account closed", "Page 2 of 2"}, nil)
	if q := last[*livewebinarpb.AttendanceRequest](t, h.programme); q.GetSkip() != 100 || q.GetLimit() != 100 {
		t.Errorf("asked for %v", q)
	}
}

// TestRecordMissing stands without its parts, and says before the end when it will be there.
func TestRecordMissing(t *testing.T) {
	t.Parallel()
	away := newTheatre(t, figures{bffpb.Webinars_Webinar_FullMethodName: &bffpb.WebinarResponse{Card: sepsis("ended")}})
	for _, part := range []string{"questions", "polls", "chat", "programme", "numbers", "attendance", "backstage"} {
		away.page("/webinars/sepsis/record?part="+part, token.Member, []string{"missing right now"}, nil)
	}
	early := newTheatre(t, figures{bffpb.Webinars_Webinar_FullMethodName: &bffpb.WebinarResponse{Card: sepsis("live")}})
	early.fails[livewebinarpb.LiveWebinar_Outcome_FullMethodName] = errs.New(errs.Forbidden, "room.not_ended", "Not yet.")
	early.page("/webinars/sepsis/record", token.Member, []string{"has not ended yet"}, []string{"data-part"})
}

// TestRecordIsBounded has at most fifty questions on a page, however many were asked.
func TestRecordIsBounded(t *testing.T) {
	t.Parallel()
	f := recorded(false)
	outcome := &livewebinarpb.OutcomeResponse{}
	for n := range 120 {
		outcome.Questions = append(outcome.Questions, &livewebinarpb.Question{Number: int32(n), Body: fmt.Sprint("Question ", n), State: "answered", AskedAt: timestamppb.New(now)})
	}
	f[livewebinarpb.LiveWebinar_Outcome_FullMethodName] = outcome
	_, page := newTheatre(t, f).send(http.MethodGet, "/webinars/sepsis/record?page=3", token.Member, nil)
	if n := strings.Count(page, "<article"); n != 20 || !strings.Contains(page, "Question 119") || !strings.Contains(page, "Page 3 of 3") {
		t.Errorf("%d questions on the last page", n)
	}
}
