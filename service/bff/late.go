package bff

import (
	"context"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/contract/event"
	queuepb "github.com/rounds-cme/rounds/contract/queue/v1"
)

// latePatience is short: the page has something better to show.
const latePatience = time.Second

// Late asks those who send messages how long the oldest waits.
func (s *notifications) Late(ctx context.Context, _ *bffpb.NotificationsLateRequest) (*bffpb.NotificationsLateResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, latePatience)
	defer cancel()
	senders := map[string]queuepb.QueuesClient{}
	for _, q := range event.Queues() {
		if strings.HasPrefix(q.Name, "notification.") {
			senders[q.Takes] = s.queues[q.Takes]
		}
	}
	var mu sync.Mutex
	var asked sync.WaitGroup
	answer, waited := &bffpb.NotificationsLateResponse{}, 0.0
	for _, sender := range senders {
		asked.Go(func() {
			late, err := sender.Late(ctx, &queuepb.QueueLateRequest{})
			mu.Lock()
			defer mu.Unlock()
			answer.Unknown = answer.Unknown || err != nil
			waited = max(waited, late.GetWaitedSeconds())
		})
	}
	asked.Wait()
	if waited > 0 {
		answer.Since = timestamppb.New(s.now().Add(-time.Duration(waited * float64(time.Second))))
	}
	return answer, nil
}
