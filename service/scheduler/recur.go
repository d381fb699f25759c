package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/scheduler/internal/store"
)

// recurrence is something that comes again and again: at the end of each period, which begins so long after midnight UTC.
type recurrence struct {
	name   string
	period time.Duration
	after  time.Duration
	fire   func(ctx context.Context, tx pgx.Tx, p period) error
}

// period is what fires: from the last one that did to the last one that is over. That is one, unless nothing ran for a while.
type period struct{ since, at time.Time }

// recurrences is the table of them. The daily ones come when few are awake in Europe.
func (s *server) recurrences() []recurrence {
	const day = 24 * time.Hour
	return []recurrence{
		{"digest", time.Hour, 0, s.tells(func(p period) proto.Message {
			return &eventpb.DigestDue{At: timestamppb.New(p.at), Since: timestamppb.New(p.since)}
		})},
		{"licence", day, 5 * time.Hour, s.tells(func(p period) proto.Message {
			return &eventpb.LicenceDue{At: timestamppb.New(p.at), Since: timestamppb.New(p.since)}
		})},
		{"retention", day, 2 * time.Hour, s.tells(func(p period) proto.Message {
			return &eventpb.RetentionDue{At: timestamppb.New(p.at)}
		})},
		{"cleanup", day, 3 * time.Hour, s.cleanUp},
	}
}

// over is the end of the last period that is over.
func (r recurrence) over(now time.Time) time.Time {
	return now.UTC().Add(-r.after).Truncate(r.period).Add(r.after)
}

func (s *server) tells(say func(period) proto.Message) func(context.Context, pgx.Tx, period) error {
	return func(ctx context.Context, tx pgx.Tx, p period) error {
		return s.Events.Append(ctx, tx, eventlog.Event{Stream: "time", ExpectedVersion: eventlog.Any, Message: say(p)})
	}
}

// addRecurrences makes the rows of those that are new.
func (s *server) addRecurrences(ctx context.Context) error {
	for _, r := range s.recurrences() {
		last := r.over(s.Now())
		err := s.store.RecurrenceAdd(ctx, store.RecurrenceAddParams{Name: r.name, LastAt: last, DueAt: last.Add(r.period)})
		if err != nil {
			return fmt.Errorf("add what comes again: %w", err)
		}
	}
	return nil
}

// recur claims and fires what has come again.
func (s *server) recur(ctx context.Context) error {
	all := s.recurrences()
	byName := make(map[string]recurrence, len(all))
	names := make([]string, 0, len(all))
	for _, r := range all {
		byName[r.name] = r
		names = append(names, r.name)
	}
	now := s.Now()
	claimed, err := s.store.RecurrenceClaim(ctx, store.RecurrenceClaimParams{
		Names: names, Now: now, LeaseUntil: pointer(now.Add(s.config.Lease)),
	})
	if err != nil {
		return fmt.Errorf("claim what comes again: %w", err)
	}
	for _, c := range claimed {
		s.again(ctx, byName[c.Name], c)
	}
	return nil
}

// again fires one period; when that fails, it is due again after a pause that grows. What it does and that it is done commit together,
// and only for the holder of the latest token.
func (s *server) again(ctx context.Context, r recurrence, c store.RecurrenceClaimRow) {
	p := period{since: c.LastAt, at: r.over(s.Now())}
	ctx, unit := obs.Start(ctx, s.Log, "recurrence", r.name)
	unit.Set("at", p.at).Set("attempt", c.Attempts).Set("late", s.Now().Sub(p.at).String())
	err := db.Tx(ctx, s.DB, func(tx pgx.Tx) error {
		marked, err := store.New(tx).RecurrenceDone(ctx, store.RecurrenceDoneParams{
			Name: r.name, Token: c.Token, LastAt: p.at, DueAt: p.at.Add(r.period),
		})
		if err != nil || marked == 0 {
			return err // Another instance took over.
		}
		return r.fire(ctx, tx, p)
	})
	unit.End(err)
	if err == nil {
		return
	}
	_, err = s.store.RecurrenceLater(ctx, store.RecurrenceLaterParams{
		Name: r.name, Token: c.Token, DueAt: s.Now().Add(pause(c.Attempts)), Error: err.Error(),
	})
	if err != nil {
		s.Log.Error("what failed could not be put off; its lease runs out by itself", "recurrence", r.name, "error", err)
	}
}

// cleanAtOnce bounds a pass of the cleaning up: what is more waits for the next day.
const cleanAtOnce = 50_000

// cleanUp deletes timers that fired long ago.
func (s *server) cleanUp(ctx context.Context, tx pgx.Tx, p period) error {
	gone, err := store.New(tx).Retain(ctx, store.RetainParams{Now: p.at, Most: cleanAtOnce})
	if err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	obs.Event(ctx).Set("deleted", gone)
	return nil
}
