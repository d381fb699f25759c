// Package statistics counts what people do, without knowing who they are, in a database of its own that analysts cannot do
// harm with.
//
//	queue "activity" ──batches──> activity (raw, each id once)
//	                                  └─ in the same statement ──> hour, person, visit, minute (sums)
//	                                                                   └──> gRPC, for the bff
//
// Why sums at once: a question of an analyst then reads some hundred rows, whatever has happened, and cannot slow anybody.
package statistics

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	statisticspb "github.com/rounds-cme/rounds/contract/statistics/v1"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/desk"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/statistics/internal/store"
)

// Config are the settings of this service.
type Config struct {
	Batch int `default:"500" help:"How many activities are written at once."`
	// SmallCell is not for taste: privacy rests on it, so it can be raised, not lowered.
	SmallCell int64 `default:"10" help:"Figures about fewer people than this are not given; at least 10."`
}

const leastCell = 10

type server struct {
	*run.Deps
	config Config
	store  *store.Queries
}

// New wires the service.
func New(d *run.Deps, config Config) (*run.Service, error) {
	if config.SmallCell < leastCell {
		return nil, fmt.Errorf("--statistics-small-cell must be at least %d", leastCell)
	}
	s := &server{Deps: d, config: config, store: store.New(d.DB)}
	return &run.Service{
		RPC:  []rpc.Service{{Desc: &statisticspb.Statistics_ServiceDesc, Impl: &rpcServer{server: s}}, desk.Serve(d.Queue, "activity")},
		Work: []run.Work{{Name: "activity", Run: s.consume}},
	}, nil
}

func (s *server) consume(ctx context.Context) error {
	return s.Queue.Consume(ctx, "activity", queue.Options{Batch: s.config.Batch, Workers: 1}, s.count)
}

// count writes a batch. What cannot be understood is put aside with the reason; all others count.
func (s *server) count(ctx context.Context, batch []*queue.Delivery) error {
	var rows store.ActivityAddParams
	for _, d := range batch {
		a := &eventpb.Activity{}
		err := d.Into(a)
		if err == nil {
			err = valid(a)
		}
		if err != nil {
			d.Bury(err)
			continue
		}
		add(&rows, a)
	}
	if len(rows.Ids) == 0 {
		return nil
	}
	if err := s.store.ActivityAdd(ctx, rows); err != nil {
		return fmt.Errorf("write %d activities: %w", len(rows.Ids), err)
	}
	return nil
}

func valid(a *eventpb.Activity) error {
	if a.GetId() == "" || a.GetPseudonym() == "" || a.GetAt() == nil || a.GetKind() == 0 {
		return fmt.Errorf("activity %q lacks its id, kind, time or pseudonym", a.GetId())
	}
	for _, id := range []string{a.GetWebinarId(), a.GetArticleId()} {
		if id == "" {
			continue
		}
		if _, err := uuid.Parse(id); err != nil {
			return fmt.Errorf("activity %q: %w", a.GetId(), err)
		}
	}
	if long := slices.ContainsFunc([]string{a.GetId(), a.GetPseudonym(), a.GetProfession(), a.GetCountry(), a.GetCategory()},
		func(text string) bool { return len(text) > 200 }); long {
		return fmt.Errorf("activity %.40q has a text that is too long", a.GetId())
	}
	return nil
}

func add(rows *store.ActivityAddParams, a *eventpb.Activity) {
	rows.Ids = append(rows.Ids, a.GetId())
	rows.Kinds = append(rows.Kinds, int16(a.GetKind())) //nolint:gosec // An enumeration of a dozen.
	rows.Ats = append(rows.Ats, a.GetAt().AsTime())
	rows.Pseudonyms = append(rows.Pseudonyms, a.GetPseudonym())
	rows.Professions = append(rows.Professions, a.GetProfession())
	rows.Countries = append(rows.Countries, a.GetCountry())
	rows.Webinars = append(rows.Webinars, a.GetWebinarId())
	rows.Articles = append(rows.Articles, a.GetArticleId())
	rows.Categories = append(rows.Categories, a.GetCategory())
	rows.Minutes = append(rows.Minutes, a.GetMinute())
	rows.Amounts = append(rows.Amounts, a.GetAmount())
}
