package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Table is the queue's table as its operators see it: everything with one driver, the outbox with another.
type Table struct{ Pool *pgxpool.Pool }

var _ Operator = Table{}

// Stats implements Operator.
func (t Table) Stats(ctx context.Context, name string) (Stats, error) {
	var s Stats
	f := &s.Recent
	row := t.Pool.QueryRow(ctx, `SELECT s.ready, s.delayed, s.taken, s.dead, s.oldest, r.put, r.done, r.retried, r.again, r.dead, r.expired
		FROM queue.stats($1) s, queue.recent($1, $2) r`, name, Recent)
	err := row.Scan(&s.Ready, &s.Delayed, &s.Taken, &s.Dead, &s.Oldest, &f.Put, &f.Done, &f.Retried, &f.Again, &f.Dead, &f.Expired)
	if err != nil {
		return s, fmt.Errorf("stats of queue %s: %w", name, err)
	}
	return s, nil
}

// Waiting implements Operator.
func (t Table) Waiting(ctx context.Context, name string, limit int) ([]Letter, error) {
	return t.letters(ctx, name, `SELECT id, key, type, payload, priority, attempts, put_at, expires_at, trace, reason, due_at, NULL::timestamptz, state
		FROM queue.waiting($1, $2)`, limit)
}

// Dead implements Operator.
func (t Table) Dead(ctx context.Context, name string, limit int) ([]Letter, error) {
	return t.letters(ctx, name, `SELECT id, key, type, payload, priority, attempts, put_at, expires_at, trace, reason, NULL::timestamptz, died_at, 'dead'
		FROM queue.letters($1, $2)`, limit)
}

func (t Table) letters(ctx context.Context, name, sql string, limit int) ([]Letter, error) {
	rows, err := t.Pool.Query(ctx, sql, name, limit)
	if err != nil {
		return nil, fmt.Errorf("messages of queue %s: %w", name, err)
	}
	letters, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Letter, error) {
		l := Letter{Delivery: Delivery{Queue: name}}
		var expires, due, died *time.Time
		err := row.Scan((*[16]byte)(&l.ID), &l.Key, &l.Type, &l.Body, &l.Priority, &l.Attempt, &l.PutAt, &expires, &l.Trace, &l.Reason,
			&due, &died, &l.State)
		l.ExpiresAt, l.DueAt, l.DiedAt = known(expires), known(due), known(died)
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("messages of queue %s: %w", name, err)
	}
	return letters, nil
}

func known(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// Replay implements Operator.
func (t Table) Replay(ctx context.Context, name string, which Pick) (int, error) {
	return t.pick(ctx, "replay", `SELECT queue.replay($1, $2, $3)`, name, which)
}

// Discard implements Operator.
func (t Table) Discard(ctx context.Context, name string, which Pick) (int, error) {
	return t.pick(ctx, "discard dead letters of", `SELECT queue.discard($1, $2, $3)`, name, which)
}

func (t Table) pick(ctx context.Context, what, sql, name string, which Pick) (int, error) {
	var ids [][16]byte // nil is all of them
	for _, id := range which.IDs {
		ids = append(ids, id)
	}
	var reason *string
	if which.Reason != "" {
		reason = &which.Reason
	}
	return t.count(ctx, what, sql, name, ids, reason)
}

// SetAside implements Operator.
func (t Table) SetAside(ctx context.Context, name, reason string) (int, error) {
	return t.count(ctx, "set aside", `SELECT queue.set_aside($1, $2)`, name, reason)
}

// Purge implements Operator.
func (t Table) Purge(ctx context.Context, name string) (int, error) {
	return t.count(ctx, "purge", `SELECT queue.purge($1)`, name)
}

func (t Table) count(ctx context.Context, what, sql, name string, args ...any) (int, error) {
	var n int
	if err := t.Pool.QueryRow(ctx, sql, append([]any{name}, args...)...).Scan(&n); err != nil {
		return 0, fmt.Errorf("%s queue %s: %w", what, name, err)
	}
	return n, nil
}

// Note keeps an operation before it begins, and does it unless it was done before. What fails stands there without a count, and may
// be tried again.
func (t Table) Note(ctx context.Context, o Operation, do func() (int, error)) (int, error) {
	before, err := t.note(ctx, o)
	if err != nil {
		return 0, err
	}
	if before != nil {
		return *before, nil
	}
	n, err := do()
	if err != nil {
		return n, err
	}
	o.Count = &n
	if _, err := t.note(ctx, o); err != nil {
		return n, err
	}
	return n, nil
}

func (t Table) note(ctx context.Context, o Operation) (*int, error) {
	var before *int
	err := t.Pool.QueryRow(ctx, `SELECT queue.note($1, $2, $3, $4, $5, $6)`, o.ID, o.Queue, o.What, o.Actor, o.Which, o.Count).Scan(&before)
	if err != nil {
		return nil, fmt.Errorf("note what is done with queue %s: %w", o.Queue, err)
	}
	return before, nil
}

// Notes lists what was done by hand, the last first.
func (t Table) Notes(ctx context.Context, name string, limit int) ([]Operation, error) {
	rows, err := t.Pool.Query(ctx, `SELECT what, actor, which, count, begun_at FROM queue.notes($1, $2)`, name, limit)
	if err != nil {
		return nil, fmt.Errorf("what was done with queue %s: %w", name, err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Operation, error) {
		o := Operation{Queue: name}
		err := row.Scan(&o.What, &o.Actor, &o.Which, &o.Count, &o.At)
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("what was done with queue %s: %w", name, err)
	}
	return all, nil
}
