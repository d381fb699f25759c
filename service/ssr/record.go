package ssr

import (
	"context"
	"net/http"
	"strconv"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/ssr/page/record"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
)

// record is what stays of a webinar. Its parts come from the rooms, which may be away: then the page says so in their place.
func (s *server) record(w http.ResponseWriter, r *http.Request) error {
	found, err := s.webinars.Webinar(r.Context(), &bffpb.WebinarRequest{Slug: r.PathValue("slug")})
	if err != nil {
		return errs.FromStatus(err)
	}
	q := r.URL.Query()
	view := record.View{Card: found.GetCard(), Part: record.Questions, Number: 1, Viewers: -1}
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 0 && n < 10_000 {
		view.Number = n
	}
	switch p := q.Get("part"); p {
	case record.Polls, record.Chat, record.Programme, record.Numbers, record.Attendance, record.Backstage:
		view.Part = p
	}
	var refused error
	all(
		func() { view.Outcome, refused = s.outcome(r.Context(), found.GetCard()) },
		func() { view.Transcript = s.transcript(r.Context(), view) },
		func() { view.Attendance = s.attended(r.Context(), view) },
		func() { view.Viewers = s.present(r.Context(), found.GetCard().GetId()) },
	)
	if refused != nil {
		return refused
	}
	view.Host = view.Outcome.GetHost()
	if record.OfHosts(view.Part) && !view.Host && view.Outcome != nil {
		return errs.New(errs.Forbidden, "room.hosts", "Only the lecturer, hosts and administrators may do this.")
	}
	return s.show(w, r, http.StatusOK, record.Page(view))
}

// outcome asks what became of questions, polls and programme. Nil without an error: it cannot be asked right now, or it is too early
// for who asks.
func (s *server) outcome(ctx context.Context, card *bffpb.WebinarCard) (*livewebinarpb.OutcomeResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, blockPatience)
	defer cancel()
	answer, err := s.live.Outcome(ctx, &livewebinarpb.OutcomeRequest{Slug: card.GetSlug()})
	if err == nil {
		return answer, nil
	}
	obs.Event(ctx).Set("outcome_missing", err.Error())
	if errs.KindOf(err) == errs.Forbidden && card.GetState() == webinar.Ended {
		return nil, errs.FromStatus(err)
	}
	return nil, nil
}

// transcript asks for a page of the chat; of the other parts only how much there is.
func (s *server) transcript(ctx context.Context, view record.View) *livewebinarpb.TranscriptResponse {
	ctx, cancel := context.WithTimeout(ctx, blockPatience)
	defer cancel()
	q := &livewebinarpb.TranscriptRequest{Slug: view.Card.GetSlug(), Limit: 1}
	if view.Part == record.Chat {
		q.Limit, q.AfterSequence = record.ChatPage, int32((view.Number-1)*record.ChatPage) //nolint:gosec // bounded where it was read
	}
	answer, err := s.live.Transcript(ctx, q)
	if err != nil {
		obs.Event(ctx).Set("transcript_missing", err.Error())
		return nil
	}
	return answer
}

// attended asks for a page of the list, where that is shown.
func (s *server) attended(ctx context.Context, view record.View) *livewebinarpb.AttendanceResponse {
	if view.Part != record.Attendance {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, blockPatience)
	defer cancel()
	answer, err := s.live.Attendance(ctx, &livewebinarpb.AttendanceRequest{
		Slug: view.Card.GetSlug(), Skip: int32((view.Number - 1) * record.ChatPage), Limit: record.ChatPage, //nolint:gosec // bounded where it was read
	})
	if err != nil {
		obs.Event(ctx).Set("attendance_missing", err.Error())
		return nil
	}
	return answer
}

// present is how many were in a room at least once; negative when that cannot be asked.
func (s *server) present(ctx context.Context, id string) int {
	ctx, cancel := context.WithTimeout(ctx, blockPatience)
	defer cancel()
	answer, err := s.live.Status(ctx, &livewebinarpb.StatusRequest{WebinarIds: []string{id}})
	if err != nil || len(answer.GetRooms()) == 0 {
		return -1
	}
	return int(answer.GetRooms()[0].GetViewers())
}
