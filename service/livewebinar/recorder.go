package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// How often what the viewers did is written down, and how much may wait while the database is away. A browser beats
// each 15 seconds, so a crash between two flushes loses one beat of a viewer at most.
const (
	flushEvery  = 500 * time.Millisecond
	flushRows   = 5000
	mostWaiting = 500_000
	writeWithin = 5 * time.Second // the other instances look back longer than that
)

// recorder gathers the watch log, the checks and the activity of all rooms and writes them in batches: one transaction
// twice a second instead of one for each heartbeat of each viewer. What cannot be written waits for the next time.
type recorder struct {
	me      uuid.UUID // the instance that writes
	pool    *pgxpool.Pool
	log     *slog.Logger
	lost    prometheus.Counter
	refused prometheus.Counter

	flushing sync.Mutex // one flush at a time keeps the order
	mu       sync.Mutex
	waiting  batch
}

type batch struct {
	beats    []room.Beat
	checks   []room.CheckRow
	activity []queue.Message
}

func (b batch) size() int { return len(b.beats) + len(b.checks) + len(b.activity) }

func newRecorder(me uuid.UUID, pool *pgxpool.Pool, log *slog.Logger, reg prometheus.Registerer) *recorder {
	return &recorder{
		me: me, pool: pool, log: log,
		lost:    obs.Counter(reg, "rounds_live_records_lost_total", "Records given up because the database was away too long.").WithLabelValues(),
		refused: obs.Counter(reg, "rounds_live_records_refused_total", "Records that the database refuses, set aside in the log.").WithLabelValues(),
	}
}

func (r *recorder) beat(beats ...room.Beat) {
	r.add(batch{beats: beats})
}

func (r *recorder) check(rows ...room.CheckRow) {
	r.add(batch{checks: rows})
}

func (r *recorder) act(messages ...queue.Message) {
	r.add(batch{activity: messages})
}

func (r *recorder) add(b batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting.size()+b.size() > mostWaiting {
		r.lost.Add(float64(b.size()))
		return
	}
	r.waiting.beats = append(r.waiting.beats, b.beats...)
	r.waiting.checks = append(r.waiting.checks, b.checks...)
	r.waiting.activity = append(r.waiting.activity, b.activity...)
}

// run flushes until ctx ends, and once more then.
func (r *recorder) run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
			defer cancel() //nolint:gocritic // This round is the last.
			return r.flush(last)
		case <-tick.C:
			if err := r.flush(ctx); err != nil && ctx.Err() == nil {
				r.log.Error("the watch log waits", "error", err)
			}
		}
	}
}

// flush writes all that waits when it is called; after nil it is safe.
func (r *recorder) flush(ctx context.Context) error {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.mu.Lock()
	b := r.waiting
	r.waiting = batch{}
	r.mu.Unlock()
	for b.size() > 0 {
		part, rest := b.split(flushRows)
		if err := r.write(ctx, part); err != nil {
			r.giveBack(b)
			return err
		}
		b = rest
	}
	return nil
}

func (r *recorder) giveBack(b batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting.beats = append(b.beats, r.waiting.beats...)
	r.waiting.checks = append(b.checks, r.waiting.checks...)
	r.waiting.activity = append(b.activity, r.waiting.activity...)
}

func (b batch) split(n int) (part, rest batch) {
	part.beats, rest.beats = cut(b.beats, n)
	part.checks, rest.checks = cut(b.checks, n)
	part.activity, rest.activity = cut(b.activity, n)
	return part, rest
}

func cut[T any](all []T, n int) (part, rest []T) {
	n = min(n, len(all))
	return all[:n:n], all[n:]
}

// write writes a batch. If the database refuses what is in it, the halves are tried, until the one record that is refused
// stands alone; that one goes into the log of the process, and holds back nobody else's.
func (r *recorder) write(ctx context.Context, b batch) error {
	err := r.put(ctx, b)
	if err == nil || !refuses(err) {
		return err
	}
	if b.size() == 1 {
		r.refused.Inc()
		r.log.Error("a record was refused and set aside", "beats", b.beats, "checks", b.checks, "activity", b.activity, "error", err)
		return nil
	}
	one, other := b.halves()
	if err := r.write(ctx, one); err != nil {
		return err
	}
	return r.write(ctx, other)
}

// refuses says that the database does not take a value, as opposed to not being there.
func refuses(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}

// halves keeps the order of each kind of record.
func (b batch) halves() (one, other batch) {
	switch {
	case len(b.beats) > 0 && len(b.beats) < b.size():
		return batch{beats: b.beats}, batch{checks: b.checks, activity: b.activity}
	case len(b.checks) > 0 && len(b.checks) < b.size():
		return batch{checks: b.checks}, batch{activity: b.activity}
	default:
		return b.split((b.size() + 1) / 2)
	}
}

func (r *recorder) put(ctx context.Context, b batch) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	err := db.Tx(ctx, r.pool, func(tx pgx.Tx) error {
		q := store.New(tx)
		if len(b.beats) > 0 {
			if err := q.BeatAdd(ctx, beatRows(&r.me, b.beats)); err != nil {
				return fmt.Errorf("beats: %w", err)
			}
		}
		if len(b.checks) > 0 {
			rows, err := checkRows(b.checks)
			if err == nil {
				err = q.CheckSave(ctx, rows)
			}
			if err != nil {
				return fmt.Errorf("checks: %w", err)
			}
		}
		return queue.Put(ctx, tx, b.activity...)
	})
	if err != nil {
		return fmt.Errorf("write %d records: %w", b.size(), err)
	}
	return nil
}

func beatRows(me *uuid.UUID, beats []room.Beat) store.BeatAddParams {
	p := store.BeatAddParams{Instance: me}
	for _, b := range beats {
		p.WebinarIds = append(p.WebinarIds, b.Webinar)
		p.AccountIds = append(p.AccountIds, b.Account)
		p.Streams = append(p.Streams, b.Stream)
		p.Sequences = append(p.Sequences, b.Sequence)
		p.Events = append(p.Events, string(b.Event))
		p.Ats = append(p.Ats, b.At)
		p.Positions = append(p.Positions, b.PositionMS)
		p.Hidden = append(p.Hidden, b.Hidden)
		p.Clean = append(p.Clean, b.Clean)
	}
	return p
}

// checkRows merges the rows of one check, because one statement may touch a row only once.
func checkRows(checks []room.CheckRow) (store.CheckSaveParams, error) {
	type key struct {
		webinar, account uuid.UUID
		number           int
	}
	last := map[key]int{}
	for i, c := range checks {
		last[key{c.Webinar, c.Account, c.Number}] = i // rows grow: a later one knows all of the earlier ones
	}
	var p store.CheckSaveParams
	for i, c := range checks {
		if last[key{c.Webinar, c.Account, c.Number}] != i {
			continue
		}
		p.WebinarIds = append(p.WebinarIds, c.Webinar)
		p.AccountIds = append(p.AccountIds, c.Account)
		p.Numbers = append(p.Numbers, int32(c.Number)) //nolint:gosec // at most 500 checks
		p.DueAts = append(p.DueAts, c.Due)
		p.SentAts = append(p.SentAts, c.Sent)
		p.DeliveredAts = append(p.DeliveredAts, c.Delivered)
		p.AnsweredAts = append(p.AnsweredAts, c.Answered)
		tries, err := triesText(c.Tries)
		if err != nil {
			return p, err
		}
		p.Tries = append(p.Tries, tries)
	}
	return p, nil
}
