package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// The pulse of a board. It is slower than that of the chat, because each beat may be a frame to everybody.
const (
	boardPulse   = 100 * time.Millisecond
	mostChanges  = 20 // of one revision, which is one frame
	mostLight    = 1000
	mostPatience = 2000 // that may wait
	mostCounted  = 40   // items of each kind that are counted anew in one revision
)

// errUnchanged is what a change returns when everything is as it is asked to be: nothing is written, no revision is used.
var errUnchanged = errors.New("unchanged")

// write is what a change does in the transaction of its revision: every item that it touches gets that revision. It runs
// again when the database was busy, so it has no effect outside of the transaction but what it sets anew each time.
type write func(ctx context.Context, tx pgx.Tx, revision int32) error

type change struct {
	do   write
	done chan changed
}

type changed struct {
	revision int32
	err      error
}

func errBusy() error {
	return errs.New(errs.TooMany, "room.busy", "The room is very busy. Please try again in a moment.")
}

// change writes something onto the board of a webinar and gives the revision that it is in. When it returns, what was
// written is committed, and told to everybody who is connected here.
func (s *boards) change(ctx context.Context, webinar uuid.UUID, do write) (int32, error) {
	b, err := s.get(ctx, webinar)
	if err != nil {
		return 0, err
	}
	return b.change(ctx, do)
}

func (b *board) change(ctx context.Context, do write) (int32, error) {
	c := &change{do: do, done: make(chan changed, 1)}
	b.writing.Lock()
	if len(b.waiting) >= mostPatience {
		b.writing.Unlock()
		return 0, errBusy()
	}
	b.waiting = append(b.waiting, c)
	b.beatLocked()
	b.writing.Unlock()
	select {
	case r := <-c.done:
		return r.revision, r.err
	case <-ctx.Done():
		return 0, fmt.Errorf("change the board: %w", ctx.Err())
	}
}

// beatLocked starts the pulse unless it beats.
func (b *board) beatLocked() {
	if !b.running {
		b.running = true
		go b.pump(time.Until(b.last.Add(b.pulse)))
	}
}

// pump runs while there is something to write.
func (b *board) pump(wait time.Duration) {
	for {
		if wait > 0 {
			time.Sleep(wait)
		}
		b.writing.Lock()
		b.last = time.Now()
		changes, light := head(&b.waiting, mostChanges), head(&b.light, mostLight)
		if len(changes)+len(light) == 0 {
			b.running = false
			b.writing.Unlock()
			return
		}
		b.writing.Unlock()
		b.write(changes, light)
		wait = b.pulse - time.Since(b.last)
	}
}

func head[T any](all *[]T, most int) []T {
	n := min(len(*all), most)
	first := (*all)[:n:n]
	*all = (*all)[n:]
	return first
}

// write does all that waited in one transaction, tells it, and answers those who waited.
func (b *board) write(changes []*change, light []*light) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var before, after int32
	results := make([]error, len(changes))
	err := db.Tx(ctx, b.pool, func(tx pgx.Tx) error {
		row, err := b.lock(ctx, tx)
		if err != nil {
			return err
		}
		before, after = row.Revision, row.Revision
		if err := b.writeLight(ctx, tx, row.Dirty, light); err != nil {
			return err
		}
		for i, c := range changes {
			results[i] = apart(ctx, tx, c.do, before+1)
			if results[i] == nil {
				after = before + 1
			}
		}
		if after == before {
			return nil
		}
		return store.New(tx).BoardRevise(ctx, store.BoardReviseParams{WebinarID: b.webinar, Revision: after})
	})
	if err == nil && after > before {
		if err := b.refresh(ctx); err != nil {
			b.log.Error("a change is told a second later", "webinar", b.webinar, "error", err)
		}
	}
	for i, c := range changes {
		c.done <- outcome(before, results[i], err)
	}
	for _, l := range light {
		if err != nil {
			l.refused = err
		}
		l.done <- l.refused
	}
}

func outcome(before int32, own, all error) changed {
	switch {
	case all != nil:
		return changed{err: fmt.Errorf("write the board: %w", all)}
	case errors.Is(own, errUnchanged):
		return changed{revision: before}
	case own != nil:
		return changed{err: own}
	default:
		return changed{revision: before + 1}
	}
}

// apart runs one change so that its failure undoes nothing of the others.
func apart(ctx context.Context, tx pgx.Tx, do write, revision int32) error {
	point, err := tx.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := do(ctx, point, revision); err != nil {
		return errors.Join(err, point.Rollback(ctx))
	}
	return point.Commit(ctx)
}

// lock takes the row that all who change the board wait for; a board is made when something is first written on it.
func (b *board) lock(ctx context.Context, tx pgx.Tx) (store.BoardLockRow, error) {
	q := store.New(tx)
	row, err := q.BoardLock(ctx, b.webinar)
	if errors.Is(err, pgx.ErrNoRows) {
		if err := q.BoardMake(ctx, b.webinar); err != nil {
			return row, fmt.Errorf("make board: %w", err)
		}
		row, err = q.BoardLock(ctx, b.webinar)
	}
	if err != nil {
		return row, fmt.Errorf("lock board: %w", err)
	}
	return row, nil
}
