// Package verify looks at what is stored, and tells of each promise that Rounds makes whether it holds: after a crash, a restore, an
// upgrade, or because somebody wants to know. It only reads.
//
// Why a program and not only tests: what must hold after a test that kills services must hold on the machine of a chamber too, and
// an operator should not have to believe it. A new promise is one line in the table of its subject.
package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// examples is how many violations are named; the rest is counted.
const examples = 5

// Invariant is one promise.
type Invariant struct {
	Name string // stable, for scripts: events.gapless
	Says string // the promise, as a sentence
	Mend string // what an operator does when it does not hold
	// query has one column, count, with how many were looked at.
	counted string
	// broken has one column, a text that names one violation. In it @patience stands for how long something may take before it
	// counts as stuck: what is due later, leased, or waits for its next attempt is not.
	broken string
	// check is for what SQL cannot say.
	check func(context.Context, pgx.Tx) (looked int, broken []string, err error)
}

// Finding is how a promise stands.
type Finding struct {
	Invariant

	Looked int
	Broken []string // the first of them
	More   int      // how many further ones there are
}

// Holds tells whether nothing is wrong.
func (f Finding) Holds() bool { return len(f.Broken) == 0 }

// Main are the promises about the main database.
func Main() []Invariant {
	return slices.Concat(events(), timers(), sagas(), replays(), queues(), notifications(), rooms(), credits(), ledger(), requests(), licences())
}

// Statistics are those about the database of statistics.
func Statistics() []Invariant { return figures() }

// Run looks at all of them, in one snapshot: what happens meanwhile confuses nothing. What takes longer than patience is stuck.
func Run(ctx context.Context, database string, all []Invariant, patience time.Duration) ([]Finding, error) {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	findings := make([]Finding, 0, len(all))
	for _, i := range all {
		f, err := i.look(ctx, tx, patience)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", i.Name, err)
		}
		findings = append(findings, f)
	}
	return findings, nil
}

func (i Invariant) look(ctx context.Context, tx pgx.Tx, patience time.Duration) (Finding, error) {
	if i.check != nil {
		looked, broken, err := i.check(ctx, tx)
		return i.found(looked, broken), err
	}
	var looked int
	if err := tx.QueryRow(ctx, i.counted).Scan(&looked); err != nil {
		return Finding{}, fmt.Errorf("count: %w", err)
	}
	stuck := fmt.Sprintf("interval '%f seconds'", patience.Seconds())
	rows, err := tx.Query(ctx, strings.ReplaceAll(i.broken, "@patience", stuck))
	if err != nil {
		return Finding{}, fmt.Errorf("look for violations: %w", err)
	}
	broken, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return Finding{}, fmt.Errorf("look for violations: %w", err)
	}
	return i.found(looked, broken), nil
}

// found names the first violations, and counts the rest.
func (i Invariant) found(looked int, broken []string) Finding {
	more := max(0, len(broken)-examples)
	return Finding{Invariant: i, Looked: looked, Broken: broken[:len(broken)-more], More: more}
}
