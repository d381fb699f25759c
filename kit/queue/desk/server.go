package desk

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	queuepb "github.com/rounds-cme/rounds/contract/queue/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/token"
)

const (
	shownMessages   = 50
	shownOperations = 20
	mostOfReasons   = 1000 // dead letters whose reasons are counted
)

// Server answers operators about the queues that a service works on.
type Server struct {
	queuepb.UnimplementedQueuesServer

	queues queue.Operator
	names  []string
	late   lateness
}

// Serve makes the RPCs of a service that works on these queues.
func Serve(q queue.Operator, names ...string) rpc.Service {
	return rpc.Service{Desc: &queuepb.Queues_ServiceDesc, Impl: &Server{queues: q, names: names}}
}

// List implements the contract.
func (s *Server) List(ctx context.Context, _ *queuepb.QueueListRequest) (*queuepb.QueueListResponse, error) {
	answer := &queuepb.QueueListResponse{}
	for _, name := range s.names {
		answer.Queues = append(answer.Queues, s.state(ctx, name))
	}
	return answer, nil
}

// state is how a queue stands; when the broker is away it is what waits on its way there, and says so.
func (s *Server) state(ctx context.Context, name string) *queuepb.Queue {
	stats, err := s.queues.Stats(ctx, name)
	rate := func(n int) float64 { return float64(n) / queue.Recent.Minutes() }
	flow := stats.Recent
	m := &queuepb.Queue{
		Name: name, Ready: int64(stats.Ready), Delayed: int64(stats.Delayed), Taken: int64(stats.Taken), Dead: int64(stats.Dead),
		OldestSeconds: stats.Oldest.Seconds(),
		PutRate:       rate(flow.Put), DoneRate: rate(flow.Done), RetriedRate: rate(flow.Retried), RedeliveredRate: rate(flow.Again),
	}
	if err != nil {
		obs.Event(ctx).Set("queue_away", err.Error())
		m.Problem = "broker"
	}
	return m
}

// Get implements the contract.
func (s *Server) Get(ctx context.Context, in *queuepb.QueueGetRequest) (*queuepb.QueueGetResponse, error) {
	name := in.GetQueue()
	if err := s.ours(name); err != nil {
		return nil, err
	}
	answer := &queuepb.QueueGetResponse{Queue: s.state(ctx, name)}
	waiting, err := s.queues.Waiting(ctx, name, shownMessages)
	s.failed(ctx, answer, err)
	for _, l := range waiting {
		answer.Waiting = append(answer.Waiting, messagePB(&l))
	}
	dead, err := s.queues.Dead(ctx, name, mostOfReasons)
	s.failed(ctx, answer, err)
	for _, r := range Reasons(dead) {
		answer.Reasons = append(answer.Reasons, &queuepb.QueueReason{Text: r.Text, Count: number(r.Count), LastAt: timestamppb.New(r.Last)})
	}
	for _, l := range dead[:min(len(dead), shownMessages)] {
		answer.Dead = append(answer.Dead, messagePB(&l))
	}
	notes, err := s.queues.Notes(ctx, name, shownOperations)
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		m := &queuepb.QueueOperation{What: n.What, Actor: n.Actor, Which: n.Which, At: timestamppb.New(n.At)}
		if n.Count != nil {
			count := int64(*n.Count)
			m.Count = &count
		}
		answer.Operations = append(answer.Operations, m)
	}
	return answer, nil
}

// failed keeps what can be told when a part cannot.
func (s *Server) failed(ctx context.Context, answer *queuepb.QueueGetResponse, err error) {
	if err != nil {
		obs.Event(ctx).Set("queue_away", err.Error())
		answer.Queue.Problem = "broker"
	}
}

func messagePB(l *queue.Letter) *queuepb.QueueMessage {
	o := Of(l)
	m := &queuepb.QueueMessage{
		Id: o.ID, Kind: o.Kind, State: o.State, Key: o.Key, Priority: number(o.Priority), Attempts: number(o.Attempts), Reason: o.Reason,
		PutAt: timestamppb.New(o.PutAt), Broken: o.Broken,
	}
	if !o.DueAt.IsZero() {
		m.DueAt = timestamppb.New(o.DueAt)
	}
	if !o.Expires.IsZero() {
		m.ExpiresAt = timestamppb.New(o.Expires)
	}
	if !o.DiedAt.IsZero() {
		m.DiedAt = timestamppb.New(o.DiedAt)
	}
	for _, f := range o.Fields {
		m.Fields = append(m.Fields, &queuepb.QueueField{Name: f.Name, Value: strings.ToValidUTF8(f.Value, "…"), Hidden: f.Hidden})
	}
	return m
}

// Replay implements the contract.
func (s *Server) Replay(ctx context.Context, in *queuepb.QueueReplayRequest) (*queuepb.QueueReplayResponse, error) {
	n, err := s.dead(ctx, "replay", in, s.queues.Replay)
	return &queuepb.QueueReplayResponse{Count: n}, err
}

// Discard implements the contract.
func (s *Server) Discard(ctx context.Context, in *queuepb.QueueDiscardRequest) (*queuepb.QueueDiscardResponse, error) {
	n, err := s.dead(ctx, "discard", in, s.queues.Discard)
	return &queuepb.QueueDiscardResponse{Count: n}, err
}

// wish is what an operator wants with dead letters.
type wish interface {
	GetRequestId() string
	GetQueue() string
	GetId() string
	GetReason() string
}

func (s *Server) dead(ctx context.Context, what string, in wish, do func(context.Context, string, queue.Pick) (int, error)) (int64, error) {
	name, reason := in.GetQueue(), in.GetReason()
	if err := s.ours(name); err != nil {
		return 0, err
	}
	var which queue.Pick
	if in.GetId() != "" {
		id, err := uuid.Parse(in.GetId())
		if err != nil {
			return 0, errs.New(errs.Invalid, "queue.letter", "There is no such message.")
		}
		which.IDs = []uuid.UUID{id}
	}
	return s.byHand(ctx, queue.Operation{Queue: name, What: what, Which: brief(in.GetId() + reason)}, in.GetRequestId(), func() (int, error) {
		if reason == "" {
			return do(ctx, name, which)
		}
		those, some, err := OfReason(ctx, s.queues, name, reason)
		if err != nil || !some {
			return 0, err
		}
		return do(ctx, name, those)
	})
}

// SetAside implements the contract.
func (s *Server) SetAside(ctx context.Context, in *queuepb.QueueSetAsideRequest) (*queuepb.QueueSetAsideResponse, error) {
	if err := s.ours(in.GetQueue()); err != nil {
		return nil, err
	}
	o := queue.Operation{Queue: in.GetQueue(), What: "set aside"}
	n, err := s.byHand(ctx, o, in.GetRequestId(), func() (int, error) { return s.queues.SetAside(ctx, in.GetQueue(), Aside) })
	return &queuepb.QueueSetAsideResponse{Count: n}, err
}

// byHand does what an operator wants, once, and keeps who it was.
func (s *Server) byHand(ctx context.Context, o queue.Operation, request string, do func() (int, error)) (int64, error) {
	id, err := uuid.Parse(request)
	if err != nil {
		return 0, errs.New(errs.Invalid, "command.request_id", "The request has no valid id. Load the page again.")
	}
	who, _ := token.From(ctx)
	o.ID, o.Actor = id, who.Account.String()
	n, err := s.queues.Note(ctx, o, do)
	obs.Event(ctx).Set("queue", o.Queue).Set("operation", o.What).Set("messages", n)
	if err != nil {
		return 0, errs.Wrap(err, errs.Unavailable, "queue.away", "The queue could not be reached to the end. What was not done can be tried again.")
	}
	return int64(n), nil
}

func (s *Server) ours(name string) error {
	if !slices.Contains(s.names, name) {
		return errs.New(errs.NotFound, "queue.none", "There is no such queue.")
	}
	return nil
}

// brief is a text as it can be kept.
func brief(text string) string {
	const most = 500
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}

func number(n int) int32 { return int32(min(max(n, 0), math.MaxInt32)) } //nolint:gosec // Bounded.
