package saga

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/eventlog"
)

// replies lists the event types that answer any request of the saga.
func (d Definition) replies() []string {
	var kinds []string
	for _, step := range d.Steps {
		for _, kind := range []string{step.Reply.Done, step.Reply.Refused} {
			if kind != "" && !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	slices.Sort(kinds)
	return kinds
}

// follow reads all answers to a saga; its own event is appended in the transaction that passes the answer. Each saga has
// a group of its own: during a deployment an instance that does not know it yet must not pass its answers.
func (e *Engine) follow(ctx context.Context, def Definition, kinds []string) {
	err := e.Events.Follow(ctx, "saga/"+def.Name, kinds, func(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
		for i, step := range def.Steps {
			if step.Request == nil || r.Type != step.Reply.Done && r.Type != step.Reply.Refused {
				continue
			}
			if err := e.answer(ctx, tx, def, i, r); err != nil {
				return fmt.Errorf("answer saga %s: %w", def.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		e.Log.Error("saga hears no answers", "saga", def.Name, "error", err)
	}
}

func (e *Engine) answer(ctx context.Context, tx pgx.Tx, def Definition, index int, r eventlog.Record) error {
	m, err := r.Message()
	if err != nil {
		return err
	}
	step := def.Steps[index]
	id := step.Reply.ID(m)
	// Wake first: it takes the saga's row, so that nobody moves between looking and appending.
	var known bool
	if err := tx.QueryRow(ctx, `SELECT saga.wake($1, $2, $3)`, def.Name, id, e.Now()).Scan(&known); err != nil || !known {
		return err // an event of something that no saga of ours asked for
	}
	s, err := e.Load(ctx, tx, def.Name, id)
	if err != nil {
		return err
	}
	asked := s.Step == index && s.Attempt > 0 && (s.Status == Waiting || s.Status == Running)
	if !asked {
		return nil // answered before, or too late
	}
	kind, note := done, entry{Step: step.Name}
	if r.Type == step.Reply.Refused {
		kind, note.Attempt, note.Final, note.Reason = failed, s.Attempt, true, "refused"
		if step.Reply.Reason != nil {
			note.Reason = step.Reply.Reason(m)
		}
	} else if step.Reply.Keep != nil {
		step.Reply.Keep(m, s)
		note.Data = s.Data
	}
	e.Crash(def.Name, label(kind, step.Name), BeforeAppend)
	if err := e.append(ctx, tx, s, kind, note); err != nil {
		return err
	}
	e.Crash(def.Name, label(kind, step.Name), BeforeCommit)
	return nil
}
