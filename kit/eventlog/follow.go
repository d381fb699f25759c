package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/wake"
)

// Handler handles one event. What it writes through tx commits together with the cursor, so database work is done
// exactly once; everything else may be done again after a crash.
type Handler func(ctx context.Context, tx pgx.Tx, r Record) error

// A batch is one transaction. Both bounds are small, because everybody's horizon is the oldest transaction.
const (
	batchEvents = 200
	batchTime   = 50 * time.Millisecond
	idle        = time.Second
)

// Follow hands every event of the types, from the first one on, to h until ctx ends. Several instances may follow as
// the same group: one of them is active, another takes over when its transaction ends, at once after a kill and
// within 10 s after a freeze. An event whose handler fails is tried again with a growing pause, never skipped.
//
// A type that is added to a group later is seen from the group's place on; Rewind replays.
func (l *Log) Follow(ctx context.Context, group string, kinds []string, h Handler) error {
	for _, kind := range kinds {
		if _, err := l.types.fresh(kind); err != nil {
			return fmt.Errorf("follow as %s: %w", group, err)
		}
	}
	f := &follower{Log: l, group: group, kinds: kinds, handle: h}
	rings, stop := l.bell.On()
	defer stop()
	var patience wake.Patience
	for ctx.Err() == nil {
		found, err := f.batch(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			f.failures++
			wait := f.pause(err)
			l.log.Error("follower failed", "group", group, "attempt", f.failures, "again_in", wait, "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
		case found:
			f.failures = 0
			patience.Found()
		default:
			f.failures = 0
			patience.Sleep(ctx, rings, idle)
		}
	}
	return nil
}

// Rewind makes the group begin at the first event again.
func (l *Log) Rewind(ctx context.Context, group string) error {
	if _, err := l.pool.Exec(ctx, `SELECT eventlog.rewind($1)`, group); err != nil {
		return fmt.Errorf("rewind %s: %w", group, err)
	}
	return nil
}

type follower struct {
	*Log
	group    string
	kinds    []string
	handle   Handler
	failures int
}

// refusal is an error of the handler, as opposed to a database that is away.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// pause grows to half a minute for an event that its handler refuses, but only to a second for a lost connection: that
// one comes back by itself, and then all that waited is late already.
func (f *follower) pause(err error) time.Duration {
	most := time.Second
	var refused refusal
	if errors.As(err, &refused) {
		most = 30 * time.Second
	}
	return min(100*time.Millisecond<<min(f.failures-1, 9), most)
}

// place is the cursor, and the horizon: the oldest transaction that still runs.
type place struct {
	xid     string // xid8, as text
	pos     int64
	horizon string
}

// batch handles up to batchEvents in one transaction. What was handled before a failure is committed with the cursor.
func (f *follower) batch(ctx context.Context) (found bool, err error) {
	tx, err := f.pool.Begin(ctx)
	if err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	defer func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = tx.Rollback(bye) // nothing after a commit; otherwise the connection ends it
	}()
	at, err := f.claim(ctx, tx)
	if err != nil {
		return false, err
	}
	if at == nil {
		return false, tx.Commit(ctx) // the cursor may have passed events of other types
	}
	records, err := f.read(ctx, tx, at)
	if err != nil {
		return false, err
	}
	handled, failure := f.each(ctx, tx, records)
	if failure != nil && handled == 0 {
		return false, failure
	}
	xid, pos := at.horizon, int64(0) // all before the horizon is done
	if handled < len(records) || len(records) == batchEvents {
		xid, pos = records[handled-1].xid, records[handled-1].Pos
	}
	if _, err := tx.Exec(ctx, `SELECT eventlog.save($1, $2::text::xid8, $3)`, f.group, xid, pos); err != nil {
		return false, fmt.Errorf("save cursor: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return false, fmt.Errorf("commit: %w", err)
	}
	f.count(records[:handled])
	if handled > 0 {
		f.failures = 0
	}
	return true, failure
}

// claim gives nil when another instance is active or there is no new event of any type.
func (f *follower) claim(ctx context.Context, tx pgx.Tx) (*place, error) {
	at := &place{}
	row := tx.QueryRow(ctx, `SELECT xid::text, pos, horizon::text FROM eventlog.claim($1, $2)`, f.group, f.kinds)
	err := row.Scan(&at.xid, &at.pos, &at.horizon)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return at, nil
}

func (f *follower) read(ctx context.Context, tx pgx.Tx, at *place) ([]Record, error) {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM eventlog.read($1::text::xid8, $2, $3::text::xid8, $4, $5)`,
		at.xid, at.pos, at.horizon, f.kinds, batchEvents)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	records, err := pgx.CollectRows(rows, f.scan)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return records, nil
}

// each handles records until one fails or the time is over, and tells how many are done. Each has a savepoint, so that
// a failure takes back only its own writes.
func (f *follower) each(ctx context.Context, tx pgx.Tx, records []Record) (int, error) {
	begun := time.Now()
	for i, r := range records {
		if i > 0 && time.Since(begun) > batchTime {
			return i, nil
		}
		if err := f.one(ctx, tx, r); err != nil {
			f.failed.WithLabelValues(f.group, r.Type).Inc()
			return i, refusal{fmt.Errorf("handle event %d (%s): %w", r.Pos, r.Type, err)}
		}
	}
	return len(records), nil
}

func (f *follower) one(ctx context.Context, tx pgx.Tx, r Record) (err error) {
	ctx, unit := obs.Start(obs.WithTraceparent(ctx, r.Trace), f.log, "event", r.Type)
	unit.Set("group", f.group).Set("pos", r.Pos).Set("stream", r.Stream).Set("attempt", f.failures+1)
	defer func() {
		if cause := recover(); cause != nil {
			err = unit.Panic(cause)
		}
		unit.End(err)
	}()
	return pgx.BeginFunc(ctx, tx, func(save pgx.Tx) error { return f.handle(ctx, save, r) })
}

func (f *follower) count(records []Record) {
	for _, r := range records {
		f.handled.WithLabelValues(f.group, r.Type).Inc()
	}
	if n := len(records); n > 0 {
		f.behind.WithLabelValues(f.group).Set(time.Since(records[n-1].At).Seconds())
	}
}
