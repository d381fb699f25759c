package points_test

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/contract/event"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/service/scheduler"
)

// schedule runs a scheduler until the test, or stop, ends it.
func (w *world) schedule() (stop func()) {
	w.t.Helper()
	quiet := slog.New(slog.NewJSONHandler(io.Discard, nil))
	types := eventlog.Types{}
	for _, entry := range event.Catalog() {
		types[entry.Key] = entry.Message
	}
	s, err := scheduler.New(&run.Deps{
		Name: "scheduler", Now: time.Now, NewID: uuid.New, Log: quiet, Metrics: prometheus.NewRegistry(), DB: w.scheduler,
		Dial: func(service string) grpc.ClientConnInterface {
			return rpc.NewDialer("scheduler", nil, nil).Dial(service)
		},
		Events: eventlog.New(w.scheduler, quiet, prometheus.NewRegistry(), types, saga.Types()),
	}, scheduler.Config{Lease: time.Second, StartTimeout: time.Minute, EndTimeout: time.Minute, SubmitTimeout: time.Minute, AnswerTimeout: time.Minute})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, one := range s.Work {
		work.Go(func() {
			for ctx.Err() == nil {
				_ = one.Run(ctx)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); work.Wait() })
	w.t.Cleanup(stop)
	return stop
}

func (w *world) until(what, query string, arguments ...any) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); w.count(query, arguments...) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (w *world) requested(webinar uuid.UUID, people int32) string {
	w.t.Helper()
	answer, err := w.server().RequestPoints(w.administrator(), &datamanagementpb.RequestPointsRequest{
		RequestId: uuid.NewString(), WebinarId: webinar.String(), Viewers: people + 1, Qualified: people, Hundredths: people * 100,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.GetId()
}

const (
	sagaCompleted = `SELECT count(*) FROM saga.run WHERE name = 'points.request' AND id = $1 AND status = 'completed'`
	sagaAnswered  = `SELECT count(*) FROM eventlog.event WHERE type = 'points.settled' AND payload->>'requestId' = $1`
)

// TestWayOfARequest takes requests to the agency and back: answered after it was awaited, before anybody asked, refused, and with the
// services away in between.
func TestWayOfARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webinar, people := w.evaluatedWebinar(3)
	stop, rest := w.start(), w.schedule()
	request := w.requested(webinar, 3)
	w.until("it to be awaited", `SELECT count(*) FROM datamanagement.agency_request WHERE id = $1 AND submitted_at IS NOT NULL AND awaited_at IS NOT NULL`, request)
	w.until("the saga to wait", `SELECT count(*) FROM saga.run WHERE id = $1 AND status = 'waiting'`, request)
	rest()
	if _, err := w.server().RecordAnswer(w.administrator(), accept(uuid.NewString(), request)); err != nil {
		t.Fatal(err)
	}
	w.schedule()
	w.until("the end", sagaCompleted, request)
	if n := w.count(sagaAnswered, request); n != 1 {
		t.Errorf("it was settled %d times", n)
	}
	if n := w.count(`SELECT count(*) FROM datamanagement.booking WHERE webinar_id = $1`, webinar); n != len(people) {
		t.Errorf("%d bookings, want %d", n, len(people))
	}

	stop()
	other, _ := w.evaluatedWebinar(1)
	request = w.requested(other, 1)
	refusal := accept(uuid.NewString(), request)
	refusal.Accepted, refusal.Reference, refusal.Answer = false, "", "The title is not that of the programme."
	if _, err := w.server().RecordAnswer(w.administrator(), refusal); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.until("the end of what was answered before it was handed over", sagaCompleted, request)
	if n := w.count(`SELECT count(*) FROM eventlog.event WHERE stream = 'saga/points.request/' || $1 AND payload::text LIKE '%"accepted": "false"%'`, request); n == 0 {
		t.Error("the saga does not say that it was refused")
	}
	if n := w.count(`SELECT count(*) FROM datamanagement.booking WHERE webinar_id = $1`, other); n != 0 {
		t.Errorf("%d bookings of a refused request", n)
	}
}
