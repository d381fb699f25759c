// Package eventlog keeps the facts that services tell each other: a table that only grows, appended in the transaction
// of the change that it tells of, and followed by any number of groups, each at its own pace, from the very first event
// if it likes.
//
// # Nothing missed, nothing out of order
//
// Transactions commit in another order than they draw numbers, so "everything after position p" loses what commits late
// (measured: 357 of 5,461 events). An event therefore carries a transaction number, and a follower reads in the order of
// (xid, pos) and only below the horizon, the oldest transaction that still runs; nothing can appear there any more:
//
//	─────────────┬──────────────────┬─────────────────> (xid, pos)
//	 done        │ to be read       │ horizon: not yet
//	             └ the cursor
//
// The number is not just the writer's own. An old transaction may append to a stream after a younger one did so and
// committed; with its own number its event would come first. So append takes the greater of its own and of the
// stream's last event, under the lock of the stream's row: within a stream (xid, pos) grows with the version.
//
// A transaction that writes and stays open delays everybody, in whatever database of the server. So Follow keeps its own
// short, and handlers only touch the database: what is slow or leaves the house belongs into kit/queue. (Reading, however
// long, delays nobody.)
//
// # Who may do what
//
// The tables have no rights for anybody. Function eventlog.append checks table eventlog.permission for (session_user, type)
// and records session_user as the actor; reading checks each declared type in the same way. The seed stands in
// migration/0002_permissions.sql; it says the same as the publishers and listeners of contract/event.Catalog, and a test holds
// the two together. A cursor belongs to (role, group).
//
// After a restore into another PostgreSQL cluster its transaction numbers start anew: call eventlog.restored() once.
package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/rounds-cme/rounds/kit/crash"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/wake"
)

// Any as the expected version appends whatever the stream's version is.
const Any = -1

// Types gives each event type (a key of the catalogue) its message.
type Types map[string]proto.Message

// Event is a fact to be appended.
type Event struct {
	Stream          string        // what it is about: "webinar/<id>"
	ExpectedVersion int           // of the stream before this event: 0 for a new stream, or Any
	Type            string        // may be left out where only one type has this message
	Message         proto.Message // stored as protojson
}

// Record is a fact that was appended.
type Record struct {
	Pos     int64
	Stream  string
	Version int
	Type    string
	At      time.Time
	Trace   string // W3C traceparent of the one who appended it
	Actor   string // the database role that appended it
	Payload json.RawMessage

	xid   string
	types *types
}

// Log appends to and follows the event log as the role of its pool.
type Log struct {
	pool    *pgxpool.Pool
	types   *types
	log     *slog.Logger
	bell    *wake.Bell
	handled *prometheus.CounterVec
	failed  *prometheus.CounterVec
	behind  *prometheus.GaugeVec
}

// New makes a Log; it connects when it is used. Several maps of types are joined.
func New(pool *pgxpool.Pool, log *slog.Logger, reg prometheus.Registerer, known ...Types) *Log {
	all := Types{}
	for _, k := range known {
		maps.Copy(all, k)
	}
	return &Log{
		pool: pool, types: newTypes(all), log: log, bell: wake.New(pool, "eventlog"),
		handled: obs.Counter(reg, "rounds_events_handled_total", "Events handled by followers.", "group", "type"),
		failed:  obs.Counter(reg, "rounds_events_failed_total", "Attempts to handle an event that failed.", "group", "type"),
		behind:  obs.Gauge(reg, "rounds_events_behind_seconds", "Age of the event that a follower handled last, when it handled it.", "group"),
	}
}

// Append writes facts in the caller's transaction, in this order. A stream that moved on since it was read answers
// errs.Conflict with the code "eventlog.conflict", and the transaction must be rolled back.
func (l *Log) Append(ctx context.Context, tx pgx.Tx, events ...Event) error {
	for _, e := range events {
		crash.Appending(l.types.name(e))
	}
	if err := l.append(ctx, tx, events); err != nil {
		return err
	}
	for _, e := range events {
		crash.Appended(l.types.name(e), tx)
	}
	return nil
}

func (l *Log) append(ctx context.Context, tx pgx.Tx, events []Event) error {
	if len(events) > 1 && !slices.ContainsFunc(events, func(e Event) bool { return e.ExpectedVersion != Any }) {
		return l.appendAll(ctx, tx, events)
	}
	trace := obs.Traceparent(ctx)
	all := &pgx.Batch{} // one trip, however many
	for _, e := range events {
		kind, payload, err := l.types.encode(e)
		if err != nil {
			return err
		}
		all.Queue(`SELECT eventlog.append($1, $2, $3, $4, $5)`, e.Stream, e.ExpectedVersion, kind, payload, trace)
	}
	if len(events) == 0 {
		return nil
	}
	answers := tx.SendBatch(ctx, all)
	for _, e := range events {
		if _, err := answers.Exec(); err != nil {
			_ = answers.Close() // says the same
			return fmt.Errorf("append to %s: %w", e.Stream, conflict(err))
		}
	}
	if err := answers.Close(); err != nil {
		return fmt.Errorf("append %d events: %w", len(events), err)
	}
	return nil
}

// appendAll is Append without expectations: one statement for thousands.
func (l *Log) appendAll(ctx context.Context, tx pgx.Tx, events []Event) error {
	var streams, kinds, payloads []string
	for _, e := range events {
		kind, payload, err := l.types.encode(e)
		if err != nil {
			return err
		}
		streams, kinds, payloads = append(streams, e.Stream), append(kinds, kind), append(payloads, string(payload))
	}
	if _, err := tx.Exec(ctx, `SELECT eventlog.append_all($1, $2, $3, $4)`, streams, kinds, payloads, obs.Traceparent(ctx)); err != nil {
		return fmt.Errorf("append %d events: %w", len(events), err)
	}
	return nil
}

// conflictState is raised by eventlog.append; class RE is not used by PostgreSQL.
const conflictState = "RE001"

func conflict(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == conflictState {
		return errs.Wrap(err, errs.Conflict, "eventlog.conflict", "Somebody else changed this at the same time. Please look again.")
	}
	return err
}

// Stream reads a stream from after the given version on, in order. Types that the role may not read are refused.
func (l *Log) Stream(ctx context.Context, tx pgx.Tx, stream string, after int) ([]Record, error) {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM eventlog.stream_events($1, $2)`, stream, after)
	if err != nil {
		return nil, fmt.Errorf("read stream %s: %w", stream, err)
	}
	records, err := pgx.CollectRows(rows, l.scan)
	if err != nil {
		return nil, fmt.Errorf("read stream %s: %w", stream, err)
	}
	return records, nil
}

const columns = `xid::text, pos, stream, version, type, payload, trace, actor, at`

func (l *Log) scan(row pgx.CollectableRow) (Record, error) {
	r := Record{types: l.types}
	err := row.Scan(&r.xid, &r.Pos, &r.Stream, &r.Version, &r.Type, &r.Payload, &r.Trace, &r.Actor, &r.At)
	return r, err
}

// Message decodes the payload. Fields that a newer program wrote are passed over.
func (r Record) Message() (proto.Message, error) {
	m, err := r.types.fresh(r.Type)
	if err != nil {
		return nil, fmt.Errorf("event %d: %w", r.Pos, err)
	}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(r.Payload, m); err != nil {
		return nil, fmt.Errorf("decode event %d (%s): %w", r.Pos, r.Type, err)
	}
	return m, nil
}
