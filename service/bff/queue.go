package bff

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/contract/event"
	queuepb "github.com/rounds-cme/rounds/contract/queue/v1"
	"github.com/rounds-cme/rounds/kit/errs"
)

// queuesPatience is how long one service may take to tell of its queues; the others are shown without it.
const queuesPatience = 3 * time.Second

// workers are the services that work on queues.
func workers(dial func(string) grpc.ClientConnInterface) map[string]queuepb.QueuesClient {
	all := map[string]queuepb.QueuesClient{}
	for _, q := range event.Queues() {
		if all[q.Takes] == nil {
			all[q.Takes] = queuepb.NewQueuesClient(dial(q.Takes))
		}
	}
	return all
}

// Queues asks every service for its queues. Those of one that does not answer stand there and say so.
func (s *operations) Queues(ctx context.Context, _ *bffpb.OperationsQueuesRequest) (*bffpb.OperationsQueuesResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, queuesPatience)
	defer cancel()
	var mu sync.Mutex
	var asked sync.WaitGroup
	found := map[string]*queuepb.Queue{}
	for _, worker := range s.queues {
		asked.Go(func() {
			list, err := worker.List(ctx, &queuepb.QueueListRequest{})
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, q := range list.GetQueues() {
				found[q.GetName()] = q
			}
		})
	}
	asked.Wait()
	answer := &bffpb.OperationsQueuesResponse{}
	for _, q := range event.Queues() {
		if found[q.Name] == nil {
			found[q.Name] = &queuepb.Queue{Name: q.Name, Problem: "service"}
		}
		answer.Queues = append(answer.Queues, found[q.Name])
	}
	return answer, nil
}

// worker is who works on a queue.
func (s *operations) worker(name string) (queuepb.QueuesClient, error) {
	for _, q := range event.Queues() {
		if q.Name == name {
			return s.queues[q.Takes], nil
		}
	}
	return nil, errs.New(errs.NotFound, "queue.none", "There is no such queue.")
}

// Queue is one, with the names of those who did something by hand.
func (s *operations) Queue(ctx context.Context, q *bffpb.OperationsQueueRequest) (*bffpb.OperationsQueueResponse, error) {
	worker, err := s.worker(q.GetQueue())
	if err != nil {
		return nil, err
	}
	one, err := worker.Get(ctx, &queuepb.QueueGetRequest{Queue: q.GetQueue()})
	if err != nil {
		return nil, err
	}
	if err := s.nameActors(ctx, one.GetOperations()); err != nil {
		return nil, err
	}
	return &bffpb.OperationsQueueResponse{
		Queue: one.GetQueue(), Waiting: one.GetWaiting(), Dead: one.GetDead(), Reasons: one.GetReasons(), Operations: one.GetOperations(),
	}, nil
}

// nameActors puts names instead of accounts; who sat at the command line has none.
func (s *operations) nameActors(ctx context.Context, all []*queuepb.QueueOperation) error {
	var ids []uuid.UUID
	for _, o := range all {
		if id, err := uuid.Parse(o.GetActor()); err == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := s.views.AccountsNamed(ctx, ids)
	if err != nil {
		return fmt.Errorf("read operators: %w", err)
	}
	names := map[string]string{}
	for _, row := range rows {
		names[row.AccountID.String()] = row.Name
	}
	for _, o := range all {
		if name, known := names[o.GetActor()]; known {
			o.Actor = name
		}
	}
	return nil
}

// ReplayQueue puts dead letters back to work.
func (s *operations) ReplayQueue(ctx context.Context, q *bffpb.OperationsReplayQueueRequest) (*bffpb.OperationsReplayQueueResponse, error) {
	worker, err := s.worker(q.GetQueue())
	if err != nil {
		return nil, err
	}
	done, err := worker.Replay(ctx, &queuepb.QueueReplayRequest{RequestId: q.GetRequestId(), Queue: q.GetQueue(), Id: q.GetId(), Reason: q.GetReason()})
	return &bffpb.OperationsReplayQueueResponse{Count: done.GetCount()}, err
}

// DiscardQueue deletes dead letters.
func (s *operations) DiscardQueue(ctx context.Context, q *bffpb.OperationsDiscardQueueRequest) (*bffpb.OperationsDiscardQueueResponse, error) {
	worker, err := s.worker(q.GetQueue())
	if err != nil {
		return nil, err
	}
	done, err := worker.Discard(ctx, &queuepb.QueueDiscardRequest{RequestId: q.GetRequestId(), Queue: q.GetQueue(), Id: q.GetId(), Reason: q.GetReason()})
	return &bffpb.OperationsDiscardQueueResponse{Count: done.GetCount()}, err
}

// SetAsideQueue makes dead letters of what waits.
func (s *operations) SetAsideQueue(ctx context.Context, q *bffpb.OperationsSetAsideQueueRequest) (*bffpb.OperationsSetAsideQueueResponse, error) {
	worker, err := s.worker(q.GetQueue())
	if err != nil {
		return nil, err
	}
	done, err := worker.SetAside(ctx, &queuepb.QueueSetAsideRequest{RequestId: q.GetRequestId(), Queue: q.GetQueue()})
	return &bffpb.OperationsSetAsideQueueResponse{Count: done.GetCount()}, err
}
