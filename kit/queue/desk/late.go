package desk

import (
	"context"
	"sync"
	"time"

	queuepb "github.com/rounds-cme/rounds/contract/queue/v1"
	"github.com/rounds-cme/rounds/kit/obs"
)

const (
	// lateAfter is how long something may wait without anybody being told of it.
	lateAfter = time.Minute
	// lateFor is how long an answer holds: it is the same for everybody, and many ask.
	lateFor = 5 * time.Second
	// lateWithin is how long it may take to find one.
	lateWithin = 3 * time.Second
)

// lateness is the last answer.
type lateness struct {
	mu     sync.Mutex
	waited time.Duration
	known  time.Time
}

// Late implements the contract. When the broker is away it is what waits on its way there.
func (s *Server) Late(ctx context.Context, _ *queuepb.QueueLateRequest) (*queuepb.QueueLateResponse, error) {
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	if time.Since(s.late.known) > lateFor {
		// The answer is for all who ask meanwhile: one who goes away again, or has no patience, must not make it "nothing is late".
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lateWithin)
		defer cancel()
		oldest := time.Duration(0)
		for _, name := range s.names {
			stats, err := s.queues.Stats(ctx, name)
			if err != nil {
				obs.Event(ctx).Set("queue_away", err.Error())
			}
			oldest = max(oldest, stats.Oldest)
		}
		s.late.waited, s.late.known = oldest, time.Now()
	}
	if s.late.waited < lateAfter {
		return &queuepb.QueueLateResponse{}, nil
	}
	return &queuepb.QueueLateResponse{WaitedSeconds: s.late.waited.Seconds()}, nil
}
