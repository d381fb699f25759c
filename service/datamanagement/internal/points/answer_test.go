package points_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

func (w *world) server() datamanagementpb.PointsServer {
	return w.service.RPC[0].Impl.(datamanagementpb.PointsServer)
}

// evaluatedWebinar is one that so many people fulfilled.
func (w *world) evaluatedWebinar(qualified int) (webinar uuid.UUID, people []uuid.UUID) {
	w.t.Helper()
	webinar = w.webinar(began, 100)
	for range qualified {
		p := w.person()
		w.watched(webinar, p, began, 60)
		people = append(people, p)
	}
	w.watched(webinar, w.person(), began, 10)
	stop := w.start()
	w.ended(webinar)
	w.evaluated(webinar, 1)
	stop()
	return webinar, people
}

func (w *world) administrator() context.Context {
	return token.With(context.Background(), token.Claims{Account: w.person(), Roles: []string{"administrator"}})
}

func (w *world) count(query string, arguments ...any) int {
	w.t.Helper()
	var n int
	if err := w.admin.QueryRow(context.Background(), query, arguments...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func accept(request, id string) *datamanagementpb.RecordAnswerRequest {
	return &datamanagementpb.RecordAnswerRequest{RequestId: request, Id: id, Accepted: true, Day: "2026-11-20", Reference: "ZZS 2026/117"}
}

// However often, at the same time and under whatever id the answer is recorded, and however often it is broken off, everybody who
// qualified has exactly one booking and was told once.
func TestBookOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webinar, people := w.evaluatedWebinar(12)
	s, who := w.server(), w.administrator()
	ask := &datamanagementpb.RequestPointsRequest{
		RequestId: uuid.NewString(), WebinarId: webinar.String(), Viewers: 13, Qualified: 12, Hundredths: 1200,
	}
	request, err := s.RequestPoints(who, ask)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.RequestPoints(who, ask)
	if err != nil || again.GetId() != request.GetId() {
		t.Errorf("the same request again: %v, %v; want %s", again, err, request.GetId())
	}
	same := uuid.NewString()
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			id, ctx := same, who
			if i%3 != 0 {
				id = uuid.NewString()
			}
			if i%4 == 0 { // broken off at any point
				broken, cancel := context.WithTimeout(who, time.Duration(i)*time.Millisecond)
				defer cancel()
				ctx = broken
			}
			_, _ = s.RecordAnswer(ctx, accept(id, request.GetId()))
		})
	}
	all.Wait()
	if n := w.count("SELECT count(*) FROM datamanagement.booking WHERE webinar_id = $1", webinar); n != 12 {
		t.Errorf("%d bookings, want 12", n)
	}
	if n := w.count("SELECT count(*) FROM queue.message WHERE queue = 'activity'"); n != 12 {
		t.Errorf("the statistics hear of %d bookings, want 12", n)
	}
	for _, p := range people {
		if n := len(w.events("account/"+p.String(), "points.booked")); n != 1 {
			t.Errorf("%s was told %d times", p, n)
		}
	}
	if _, err := s.RecordAnswer(who, accept(uuid.NewString(), request.GetId())); !errs.HasCode(err, "points.answered") {
		t.Errorf("another answer: %v", err)
	}
	ask.RequestId = uuid.NewString()
	if _, err := s.RequestPoints(who, ask); !errs.HasCode(err, "points.requested") {
		t.Errorf("another request after the acceptance: %v", err)
	}
}

func TestRefusedMayBeRequestedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webinar, _ := w.evaluatedWebinar(1)
	s, who := w.server(), w.administrator()
	ask := func() (*datamanagementpb.RequestPointsResponse, error) {
		return s.RequestPoints(who, &datamanagementpb.RequestPointsRequest{
			RequestId: uuid.NewString(), WebinarId: webinar.String(), Viewers: 2, Qualified: 1, Hundredths: 100,
		})
	}
	first, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	refusal := &datamanagementpb.RecordAnswerRequest{RequestId: uuid.NewString(), Id: first.GetId(), Day: "2026-11-20", Answer: "The number of the event is missing."}
	if _, err := s.RecordAnswer(who, refusal); err != nil {
		t.Fatal(err)
	}
	if n := w.count("SELECT count(*) FROM datamanagement.booking"); n != 0 {
		t.Errorf("%d bookings after a refusal", n)
	}
	second, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.RecordAnswer(who, accept(uuid.NewString(), second.GetId()))
	if err != nil || answer.GetBooked() != 1 {
		t.Errorf("accepted the second time: %v, %v", answer, err)
	}
}

func TestRequestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webinar, _ := w.evaluatedWebinar(1)
	running, nobody := w.webinar(began, 100), w.webinar(began, 100)
	w.exec("UPDATE datamanagement.webinar SET evaluated_at = now() WHERE id = $1", nobody)
	for name, c := range map[string]struct {
		webinar, code string
		hundredths    int32
	}{
		"no webinar":       {"x", "webinar.none", 100},
		"unknown":          {uuid.NewString(), "webinar.none", 100},
		"not evaluated":    {running.String(), "points.not_evaluated", 100},
		"nobody qualified": {nobody.String(), "points.nobody", 0},
		"other numbers":    {webinar.String(), "points.changed", 200},
	} {
		_, err := w.server().RequestPoints(w.administrator(), &datamanagementpb.RequestPointsRequest{
			RequestId: uuid.NewString(), WebinarId: c.webinar, Viewers: 2, Qualified: 1, Hundredths: c.hundredths,
		})
		if !errs.HasCode(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

func TestAnswerFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		field string
		q     *datamanagementpb.RecordAnswerRequest
	}{
		{"reference", &datamanagementpb.RecordAnswerRequest{Accepted: true, Day: "2026-11-20"}},
		// What cannot be seen is no reference under which an agency finds anything.
		{"reference", &datamanagementpb.RecordAnswerRequest{Accepted: true, Reference: "\u200b\u202e", Day: "2026-11-20"}},
		{"answer", &datamanagementpb.RecordAnswerRequest{Day: "2026-11-20"}},
		{"day", &datamanagementpb.RecordAnswerRequest{Accepted: true, Reference: "1", Day: "2027-01-01"}},
	} {
		c.q.RequestId, c.q.Id = uuid.NewString(), uuid.NewString()
		_, err := w.server().RecordAnswer(w.administrator(), c.q)
		if e := errs.Of(err); e == nil || len(e.Fields) != 1 || e.Fields[0].Name != c.field {
			t.Errorf("%s %v: %v", c.field, c.q, err)
		}
	}
}
