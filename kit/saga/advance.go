package saga

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/errs"
)

// advance makes one transition. rest is true when there is nothing to do until s.Wake, or ever.
func (e *Engine) advance(ctx context.Context, r *run) (s *State, rest bool, err error) {
	def := e.defs[r.name]
	err = pgx.BeginFunc(ctx, e.Pool, func(tx pgx.Tx) error {
		s, err = e.Load(ctx, tx, r.name, r.id)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	early := e.Now().Before(s.Wake)
	switch {
	case s.Over() || early:
		return s, true, nil
	case s.Status == Waiting:
		return s, false, e.failure(ctx, r, s, fmt.Errorf("no answer within %s", def.Steps[s.Step].timeout()))
	case s.Status == Compensating:
		return s, false, e.undo(ctx, r, s)
	case s.Step == len(def.Steps):
		return s, false, e.commit(ctx, r, s, completed, entry{}, nil)
	default:
		return s, false, e.step(ctx, r, s)
	}
}

// step does the next step. What it writes, its request and its event are one transaction.
func (e *Engine) step(ctx context.Context, r *run, s *State) error {
	step := e.defs[r.name].Steps[s.Step]
	kind, note := done, entry{Step: step.Name}
	if step.Request != nil {
		kind, note.Attempt, note.Wake = requested, s.Attempt+1, e.Now().Add(step.timeout())
	}
	before := maps.Clone(s.Data)
	err := e.commit(ctx, r, s, kind, note, func(ctx context.Context, tx pgx.Tx) error {
		if step.Do != nil {
			if err := e.guarded(ctx, tx, step.Do, s); err != nil {
				return failure{err}
			}
		}
		if step.Request != nil {
			return e.Events.Append(ctx, tx, step.Request(s))
		}
		return nil
	})
	var own failure
	if errors.As(err, &own) {
		s.Data = before
		return e.failure(ctx, r, s, own.error)
	}
	return err
}

// failure marks an error that the step itself made, as opposed to a lost lease or database.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// guarded turns a panic of a step into its failure.
func (e *Engine) guarded(ctx context.Context, tx pgx.Tx, do func(context.Context, pgx.Tx, *State) error, s *State) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	return do(ctx, tx, s)
}

// failure notes what went wrong, and when to try again or that it was the last time.
func (e *Engine) failure(ctx context.Context, r *run, s *State, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err() // the program stops: that is nobody's failure
	}
	step := e.defs[r.name].Steps[s.Step]
	note := entry{Step: step.Name, Reason: cause.Error(), Attempt: s.Attempt + 1}
	if s.Status == Waiting {
		note.Attempt = s.Attempt // the request counted already
	}
	var hopeless fatal
	note.Final = errors.As(cause, &hopeless) || step.Retry.over(note.Attempt)
	if !note.Final {
		note.Wake = e.Now().Add(step.Retry.pause(note.Attempt))
	}
	return e.commit(ctx, r, s, failed, note, nil)
}

// undo compensates one step, backwards. It never gives up: a saga that is half undone needs somebody, and says so each time.
func (e *Engine) undo(ctx context.Context, r *run, s *State) error {
	steps := e.defs[r.name].Steps
	at := s.Step
	for at >= 0 && steps[at].Compensate == nil {
		at--
	}
	if at < 0 {
		return e.commit(ctx, r, s, cancelled, entry{Reason: s.Reason}, nil)
	}
	note := entry{Step: steps[at].Name, Attempt: s.Attempt + 1}
	err := e.commit(ctx, r, s, compensated, note, func(ctx context.Context, tx pgx.Tx) error {
		if err := e.guarded(ctx, tx, steps[at].Compensate, s); err != nil {
			return failure{err}
		}
		return nil
	})
	var own failure
	if !errors.As(err, &own) || ctx.Err() != nil {
		return err
	}
	e.Log.Error("saga cannot be undone", "saga", r.name, "id", r.id, "step", note.Step, "attempt", note.Attempt, "error", own.error)
	note.Undoing, note.Wake = true, e.Now().Add(steps[at].Retry.pause(note.Attempt))
	note.Data = map[string]string{"undo": own.Error()} // the reason stays the one that turned the saga round
	return e.commit(ctx, r, s, failed, note, nil)
}

// commit is the one way in which an instance changes a saga: check the token, do the work, append, all in one transaction.
func (e *Engine) commit(ctx context.Context, r *run, s *State, kind string, note entry, work func(context.Context, pgx.Tx) error) error {
	label := label(kind, note.Step)
	limit, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	err := pgx.BeginFunc(limit, e.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(limit, `SELECT saga.hold($1, $2, $3, $4, $5, $6)`, r.name, r.id, r.token, e.Lease, wakeAt(note), status(kind, note))
		if err != nil {
			return fmt.Errorf("hold saga %s %s: %w", r.name, r.id, err)
		}
		if work != nil {
			if err := work(limit, tx); err != nil {
				return err
			}
		}
		if kind == done || kind == requested || kind == compensated {
			note.Data = s.Data
		}
		e.Crash(r.name, label, BeforeAppend)
		if err := e.append(limit, tx, s, kind, note); err != nil {
			return err
		}
		e.Crash(r.name, label, BeforeCommit)
		return nil
	})
	if err != nil {
		return err
	}
	e.Crash(r.name, label, AfterCommit)
	return nil
}

// stepTime bounds a step's transaction; eventlog followers wait for it.
const stepTime = 10 * time.Second

func (e *Engine) append(ctx context.Context, tx pgx.Tx, s *State, kind string, note entry) error {
	event, err := note.event(s, kind)
	if err != nil {
		return err
	}
	if err := e.Events.Append(ctx, tx, event); err != nil {
		if errs.HasCode(err, "eventlog.conflict") {
			return fmt.Errorf("saga %s %s went on without us: %w", s.Name, s.ID, err)
		}
		return err
	}
	e.steps.WithLabelValues(s.Name, kind).Inc()
	return nil
}

func label(kind, step string) string {
	kind = kind[len("saga."):]
	if step == "" {
		return kind
	}
	return kind + " " + step
}

// wakeAt is nil for at once.
func wakeAt(note entry) *time.Time {
	if note.Wake.IsZero() {
		return nil
	}
	return &note.Wake
}

// status is what saga.run shows after an event.
func status(kind string, note entry) string {
	switch {
	case kind == completed:
		return string(Completed)
	case kind == cancelled:
		return string(Cancelled)
	case kind == requested:
		return string(Waiting)
	case kind == compensated || note.Final || note.Undoing:
		return string(Compensating)
	default:
		return string(Running)
	}
}
