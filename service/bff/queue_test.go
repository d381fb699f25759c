package bff

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/contract/event"
	queuepb "github.com/rounds-cme/rounds/contract/queue/v1"
)

// working is a service that works on queues, or does not answer.
type working struct {
	queuepb.QueuesClient
	names  []string
	waited float64
	err    error
}

func (w *working) List(context.Context, *queuepb.QueueListRequest, ...grpc.CallOption) (*queuepb.QueueListResponse, error) {
	a := &queuepb.QueueListResponse{}
	for _, name := range w.names {
		a.Queues = append(a.Queues, &queuepb.Queue{Name: name, Ready: 7})
	}
	return a, w.err
}

func (w *working) Late(context.Context, *queuepb.QueueLateRequest, ...grpc.CallOption) (*queuepb.QueueLateResponse, error) {
	return &queuepb.QueueLateResponse{WaitedSeconds: w.waited}, w.err
}

// services are all who work on queues; one of them may be away.
func services(away string) map[string]queuepb.QueuesClient {
	all := map[string]*working{}
	for _, q := range event.Queues() {
		if all[q.Takes] == nil {
			all[q.Takes] = &working{}
		}
		all[q.Takes].names = append(all[q.Takes].names, q.Name)
		if q.Takes == away {
			all[q.Takes].err = errors.New("away")
		}
	}
	clients := map[string]queuepb.QueuesClient{}
	for name, w := range all {
		clients[name] = w
	}
	return clients
}

func TestQueuesOfAServiceThatIsAway(t *testing.T) {
	t.Parallel()
	for _, away := range []string{"", "statistics", "notificationcenter"} {
		s := &operations{server: &server{queues: services(away)}}
		list, err := s.Queues(t.Context(), &bffpb.OperationsQueuesRequest{})
		if err != nil || len(list.GetQueues()) != len(event.Queues()) {
			t.Fatalf("%v, %v", list, err)
		}
		for n, q := range event.Queues() {
			got := list.GetQueues()[n]
			if missing := q.Takes == away; got.GetName() != q.Name || (got.GetProblem() == "service") != missing || (got.GetReady() == 7) == missing {
				t.Errorf("%s is away: %v", away, got)
			}
		}
	}
}

func TestMessagesAreLate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 18, 0, 0, 0, time.UTC)
	late := func(away string, waited map[string]float64) *bffpb.NotificationsLateResponse {
		all := services(away)
		for name, seconds := range waited {
			all[name].(*working).waited = seconds
		}
		s := &notifications{server: &server{queues: all, now: func() time.Time { return now }}}
		answer, err := s.Late(t.Context(), &bffpb.NotificationsLateRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if a := late("", nil); a.GetSince() != nil || a.GetUnknown() {
		t.Errorf("all is well: %v", a)
	}
	a := late("", map[string]float64{"notificationcenter": 600, "notificationtaskrunner": 120, "statistics": 9999})
	if a.GetUnknown() || !a.GetSince().AsTime().Equal(now.Add(-10*time.Minute)) {
		t.Errorf("the oldest of those who send, and of nobody else: %v", a)
	}
	if a := late("notificationtaskrunner", map[string]float64{"notificationcenter": 600}); !a.GetUnknown() || a.GetSince() == nil {
		t.Errorf("one is away: %v", a)
	}
	if a := late("statistics", nil); a.GetUnknown() {
		t.Errorf("one is away that sends nothing: %v", a)
	}
}
