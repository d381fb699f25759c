package desk_test

import (
	"context"
	"errors"
	"testing"
	"time"

	queuepb "github.com/rounds-cme/rounds/contract/queue/v1"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/desk"
)

// old is a queue whose oldest message has waited so long.
type old struct {
	queue.Operator
	waited map[string]time.Duration
	err    error
	asked  int
}

func (o *old) Stats(ctx context.Context, name string) (queue.Stats, error) {
	o.asked++
	if ctx.Err() != nil {
		return queue.Stats{}, ctx.Err()
	}
	return queue.Stats{Oldest: o.waited[name]}, o.err
}

func TestLate(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		waited map[string]time.Duration
		err    error
		want   time.Duration
	}{
		"nothing waits":              {nil, nil, 0},
		"what is on its way":         {map[string]time.Duration{"a": 59 * time.Second}, nil, 0},
		"the oldest of both":         {map[string]time.Duration{"a": 2 * time.Minute, "b": time.Hour}, nil, time.Hour},
		"a broker that is away":      {map[string]time.Duration{"b": 3 * time.Minute}, errors.New("away"), 3 * time.Minute},
		"a queue of somebody else's": {map[string]time.Duration{"c": time.Hour}, nil, 0},
	} {
		o := &old{waited: c.waited, err: c.err}
		s := desk.Serve(o, "a", "b").Impl.(queuepb.QueuesServer)
		for range 3 {
			late, err := s.Late(t.Context(), &queuepb.QueueLateRequest{})
			if err != nil || late.GetWaitedSeconds() != c.want.Seconds() {
				t.Errorf("%s: %v, %v", what, late, err)
			}
		}
		if o.asked != 2 {
			t.Errorf("%s: the queues were asked %d times for three who ask at once", what, o.asked)
		}
	}
}

// TestLateForWhoGoesAway asks first for somebody who does not wait for the answer: the next one is told the truth all the same.
func TestLateForWhoGoesAway(t *testing.T) {
	t.Parallel()
	s := desk.Serve(&old{waited: map[string]time.Duration{"a": time.Hour}}, "a").Impl.(queuepb.QueuesServer)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, ctx := range []context.Context{gone, t.Context()} {
		if late, err := s.Late(ctx, &queuepb.QueueLateRequest{}); err != nil || late.GetWaitedSeconds() != time.Hour.Seconds() {
			t.Errorf("%v, %v", late, err)
		}
	}
}
