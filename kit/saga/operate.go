package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/errs"
)

// Summary is a saga as an operator finds it in a list.
type Summary struct {
	State

	BegunAt, ChangedAt time.Time
}

// Moment is one thing that happened to a saga.
type Moment struct {
	Kind    string // begun, requested, done, failed, compensated, completed, cancelled, hurried
	Step    string
	Attempt int
	Reason  string
	By      string // who did it by hand
	Final   bool   // the failure turned the saga round
	Undoing bool   // the failure happened while compensating
	At      time.Time
	Again   time.Time // deadline of a request, or when it is tried again
}

// Query is a page of a list.
type Query struct {
	Open  bool    // those that are not over, the oldest first; otherwise those that are, the last first
	After Summary // the last of the page before; zero for the first page
	Most  int
}

// List gives sagas as their events say they stand.
func (e *Engine) List(ctx context.Context, q Query) ([]Summary, error) {
	at := q.After.BegunAt
	if !q.Open {
		if at = q.After.ChangedAt; at.IsZero() {
			at = e.Now().AddDate(1, 0, 0)
		}
	}
	rows, err := e.Pool.Query(ctx, `SELECT * FROM saga.list($1, $2, $3, $4, $5, $6)`, e.names, q.Open, at, q.After.Name, q.After.ID, q.Most)
	if err != nil {
		return nil, fmt.Errorf("list sagas: %w", err)
	}
	all, err := pgx.CollectRows(rows, summary)
	if err != nil {
		return nil, fmt.Errorf("list sagas: %w", err)
	}
	for i := range all {
		s, err := e.read(ctx, all[i].Name, all[i].ID)
		if err != nil {
			return nil, err
		}
		all[i].State = *s
	}
	return all, nil
}

// Timeline gives one saga and everything that happened to it.
func (e *Engine) Timeline(ctx context.Context, name, id string) (Summary, []Moment, error) {
	rows, err := e.Pool.Query(ctx, `SELECT * FROM saga.get($1, $2)`, name, id)
	if err != nil {
		return Summary{}, nil, fmt.Errorf("read saga %s %s: %w", name, id, err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, summary)
	if _, known := e.defs[name]; errors.Is(err, pgx.ErrNoRows) || !known {
		return found, nil, errNone()
	}
	if err != nil {
		return found, nil, fmt.Errorf("read saga %s %s: %w", name, id, err)
	}
	var moments []Moment
	err = pgx.BeginFunc(ctx, e.Pool, func(tx pgx.Tx) error {
		records, err := e.Events.Stream(ctx, tx, Stream(name, id), 0)
		if err != nil {
			return err
		}
		s, err := e.defs[name].fold(id, records)
		if err != nil {
			return err
		}
		found.State = *s
		for _, r := range records {
			var n entry
			if err := json.Unmarshal(r.Payload, &n); err != nil {
				return fmt.Errorf("decode event %d (%s): %w", r.Pos, r.Type, err)
			}
			moments = append(moments, Moment{
				Kind: r.Type[len("saga."):], Step: n.Step, Attempt: n.Attempt, Reason: n.reason(), By: n.By, Final: n.Final, Undoing: n.Undoing,
				At: r.At, Again: n.Wake,
			})
		}
		return nil
	})
	return found, moments, err
}

// Steps names the steps of a saga in order, and tells whether it can no longer be turned round.
func (e *Engine) Steps(s *State) (steps []string, forward bool) {
	def := e.defs[s.Name]
	for _, step := range def.Steps {
		steps = append(steps, step.Name)
	}
	return steps, def.NoReturn(s)
}

// NoReturn tells whether a saga must reach its end from where it is.
func (d Definition) NoReturn(s *State) bool {
	return d.Forward || s.Step >= 0 && s.Step < len(d.Steps) && d.Steps[s.Step].NoReturn
}

// Hurry has a saga that waits, for an answer or for its next attempt, go on at once. By says who wants it.
func (e *Engine) Hurry(ctx context.Context, name, id, by string) error {
	return e.operate(ctx, name, id, func(*State) (string, entry, error) { return hurried, entry{By: by}, nil })
}

// TurnRound gives a saga up: what it did is compensated, backwards.
func (e *Engine) TurnRound(ctx context.Context, name, id, by, reason string) error {
	def := e.defs[name]
	return e.operate(ctx, name, id, func(s *State) (string, entry, error) {
		switch {
		case def.NoReturn(s):
			return "", entry{}, errs.New(errs.Conflict, "saga.forward", "This work must reach its end: it cannot be undone.")
		case s.Status == Compensating:
			return "", entry{}, errs.New(errs.Conflict, "saga.turned", "This is being undone already.")
		case s.Step >= len(def.Steps):
			return "", entry{}, errOver()
		}
		return failed, entry{Step: def.Steps[s.Step].Name, Attempt: s.Attempt, Final: true, Reason: reason, By: by}, nil
	})
}

// operate takes a saga out of the hands of whoever works on it, and appends what the operator wants.
func (e *Engine) operate(ctx context.Context, name, id string, want func(*State) (string, entry, error)) error {
	if _, known := e.defs[name]; !known {
		return errNone()
	}
	return pgx.BeginFunc(ctx, e.Pool, func(tx pgx.Tx) error {
		var found bool
		if err := tx.QueryRow(ctx, `SELECT saga.seize($1, $2, $3)`, name, id, e.Now()).Scan(&found); err != nil {
			return fmt.Errorf("seize saga %s %s: %w", name, id, err)
		}
		if !found {
			return errNone()
		}
		s, err := e.Load(ctx, tx, name, id)
		if err != nil {
			return err
		}
		if s.Over() {
			return errOver()
		}
		kind, note, err := want(s)
		if err != nil {
			return err
		}
		return e.append(ctx, tx, s, kind, note)
	})
}

func (e *Engine) read(ctx context.Context, name, id string) (s *State, err error) {
	err = pgx.BeginFunc(ctx, e.Pool, func(tx pgx.Tx) error {
		s, err = e.Load(ctx, tx, name, id)
		return err
	})
	return s, err
}

func summary(row pgx.CollectableRow) (Summary, error) {
	s := Summary{}
	err := row.Scan(&s.Name, &s.ID, &s.Status, &s.BegunAt, &s.ChangedAt)
	return s, err
}

func errNone() error { return errs.New(errs.NotFound, "saga.none", "There is no such process.") }

func errOver() error {
	return errs.New(errs.Conflict, "saga.over", "This is over: there is nothing to try again or to undo.")
}
