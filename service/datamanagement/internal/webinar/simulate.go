package webinar

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/simulation"
)

// SimulateWebinar plays a webinar with simulated viewers against a rule that need not be saved. It is bounded in people and minutes, and
// one at a time, so that nobody who dreams of rules holds up those who do their work.
func (s *server) SimulateWebinar(ctx context.Context, q *datamanagementpb.SimulateWebinarRequest) (*datamanagementpb.SimulateWebinarResponse, error) {
	setup := simulation.Setup{
		Rule: termsOf(q.GetRule()), Viewers: int(q.GetViewers()), Minutes: int(q.GetMinutes()), Seed: uint64(q.GetSeed()),
		Shares: simulation.DefaultShares(),
		Outage: simulation.Outage{After: int(q.GetOutageAfter()), Minutes: int(q.GetOutageMinutes())},
	}
	if len(q.GetShares()) > 0 {
		setup.Shares = simulation.Shares{}
		for name, share := range q.GetShares() {
			setup.Shares[simulation.Behaviour(name)] = int(share)
		}
	}
	for _, part := range q.GetSegments() {
		setup.Segments = append(setup.Segments, simulation.Segment{
			Kind: credit.Kind(part.GetKind()), After: int(part.GetAfter()), Minutes: int(part.GetMinutes()),
		})
	}
	if setup.Outage.Minutes == 0 {
		setup.Outage.After = 0
	}
	var f errs.Fields
	addFaults(&f, setup.Faults())
	if err := f.Err(); err != nil {
		return nil, err
	}
	key, err := proto.MarshalOptions{Deterministic: true}.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("name the simulation: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, thinking)
	defer cancel()
	// Who has no more time leaves it to be finished: asked again, it is there.
	played := s.plays.DoChan(string(key), func() (any, error) { return s.play(context.WithoutCancel(ctx), string(key), setup) })
	select {
	case done := <-played:
		if report, ok := done.Val.(*datamanagementpb.SimulateWebinarResponse); ok && done.Err == nil {
			return proto.CloneOf(report), nil
		}
		return nil, done.Err
	case <-ctx.Done():
		return nil, busy()
	}
}

// play plays it, one at a time, unless it was played before: the same evening always ends in the same way.
func (s *server) play(ctx context.Context, key string, setup simulation.Setup) (*datamanagementpb.SimulateWebinarResponse, error) {
	if report, known := s.played.Get(key); known {
		return report, nil
	}
	s.playing <- struct{}{}
	defer func() { <-s.playing }()
	ctx, cancel := context.WithTimeout(ctx, playing)
	defer cancel()
	report, err := simulation.Run(ctx, setup)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, busy()
	}
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	answer := reportPB(report)
	s.played.Add(key, answer)
	return answer, nil
}

// thinking bounds what is computed for who only wants to know, within what a call may take: so that the answer is a sentence.
const thinking = 4 * time.Second

// Simulations that are remembered, and how long the longest may take.
const (
	playedMost = 32
	playing    = time.Minute
)

// busy asks for patience; it is no failure.
func busy() error {
	return errs.New(errs.TooMany, "rule.busy", "The machine is busy. Try fewer webinars, viewers or minutes, or try again in a moment.")
}

func reportPB(r simulation.Report) *datamanagementpb.SimulateWebinarResponse {
	answer := &datamanagementpb.SimulateWebinarResponse{Creditable: small(r.Creditable), LeftOut: small(r.LeftOut), Passed: small(r.Passed), Uncreditable: small(r.Uncreditable)}
	for _, g := range r.Groups {
		one := &datamanagementpb.SimulatedGroup{
			Behaviour: string(g.Behaviour), Cheat: g.Cheat, People: small(g.People), Passed: small(g.Passed), Credited: small(g.Credited),
			Truth: small(g.Truth), Excess: small(g.Excess), Unasked: small(g.Unasked), Refused: map[string]int32{},
		}
		for _, w := range g.Reasons {
			one.Reasons = append(one.Reasons, &datamanagementpb.SimulatedReason{
				Code: string(w.Code), People: small(w.People), Have: small(w.Have), Need: small(w.Need),
			})
		}
		for why, beats := range g.Refused {
			one.Refused[string(why)] = small(beats)
		}
		answer.Groups = append(answer.Groups, one)
	}
	return answer
}
