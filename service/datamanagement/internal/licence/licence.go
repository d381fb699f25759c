// Package licence tells members in time that a year or a cycle of their licence ends and points are missing: 90, 30 and 7 days before.
//
// Once a day (licence.due) a round goes through all members, a page at a time, and remembers where it is; it is told once of one end at
// one distance, whoever repeats it. What the numbers mean is decided by rules/plan, as on the member's own page.
//
//	licence.due ──> round begun ──page──> … ──page──> done
//	                    └──── a newer round begins ────> done: what it would have said, the newer one says
package licence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/wake"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/licence/store"
)

// distances are how many days before the end somebody is told. Who was not told at one of them, because nothing ran that day, is told at
// the next look, and once.
func distances() []int { return []int{7, 30, 90} }

const (
	farthest = 90
	page     = 500
	channel  = "datamanagement_licence"
	// look is how often it is looked for an open round although nobody rang.
	look = time.Minute
)

type server struct {
	*run.Deps

	zones *i18n.Zones
	bell  *wake.Bell
	page  int32
}

// New wires the subdomain.
func New(d *run.Deps) *run.Service {
	s := &server{Deps: d, zones: i18n.NewZones(), bell: wake.New(d.DB, channel), page: page}
	return &run.Service{Work: []run.Work{{Name: "licence.due", Run: s.follow}, {Name: "licence.rounds", Run: s.rounds}}}
}

func (s *server) follow(ctx context.Context) error {
	return s.Events.Follow(ctx, "licence", []string{"licence.due"}, s.due)
}

// due begins a round. Looking at everybody here would hold up all other events.
func (s *server) due(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
	m, err := r.Message()
	if err != nil {
		return err
	}
	due, ok := m.(*eventpb.LicenceDue)
	if !ok {
		return fmt.Errorf("no handler for event %s", r.Type)
	}
	q := store.New(tx)
	if err := q.RoundBegin(ctx, due.GetAt().AsTime()); err != nil {
		return fmt.Errorf("begin a round: %w", err)
	}
	if err := q.RoundsOvertake(ctx, s.Now()); err != nil {
		return fmt.Errorf("end older rounds: %w", err)
	}
	_, err = tx.Exec(ctx, "SELECT pg_notify($1, '')", channel)
	return err //nolint:wrapcheck // it says what it is
}

// rounds goes through open rounds until ctx ends.
func (s *server) rounds(ctx context.Context) error {
	rings, stop := s.bell.On()
	defer stop()
	for ctx.Err() == nil {
		worked, err := s.step(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if worked {
			continue
		}
		select {
		case <-ctx.Done():
		case <-rings:
		case <-time.After(look):
		}
	}
	return nil
}

// step looks at the next page of the open round; it is false when there is none.
func (s *server) step(ctx context.Context) (worked bool, err error) {
	err = db.Tx(ctx, s.DB, func(tx pgx.Tx) error {
		worked = false
		q := store.New(tx)
		round, err := q.RoundTake(ctx)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take a round: %w", err)
		}
		worked = true
		ctx, unit := obs.Start(ctx, s.Log, "licence", "round")
		told, err := s.tell(ctx, tx, round)
		unit.Set("told", told)
		unit.End(err)
		return err
	})
	return worked, err
}
