package notificationtaskrunner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/wake"
	"github.com/rounds-cme/rounds/service/notificationtaskrunner/internal/store"
)

// runs works on open runs, a page at a time, until ctx ends.
func (s *server) runs(ctx context.Context) error {
	rings, stop := s.bell.On()
	defer stop()
	var quiet wake.Patience
	for ctx.Err() == nil {
		worked, err := s.step(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if worked {
			quiet.Found()
			continue
		}
		quiet.Sleep(ctx, rings, time.Second)
	}
	return nil
}

// step tells the next page of people of the oldest open run; it is false when there is none. A run that fails is put off, and all others
// go on: nobody misses a reminder because of news that cannot be read.
func (s *server) step(ctx context.Context) (worked bool, err error) {
	var taken store.RunTakeRow
	err = db.Tx(ctx, s.DB, func(tx pgx.Tx) error {
		worked, taken = false, store.RunTakeRow{}
		q, now := store.New(tx), s.Now()
		r, err := q.RunTake(ctx, &now)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take run: %w", err)
		}
		worked, taken = true, r
		return s.work(ctx, tx, q, r)
	})
	if err == nil || taken.ID == "" || ctx.Err() != nil {
		return worked, err
	}
	again := s.Now().Add(patience(taken.Failures))
	if late := store.New(s.DB).RunPutOff(ctx, store.RunPutOffParams{ID: taken.ID, AgainAt: &again}); late != nil {
		return worked, errors.Join(err, fmt.Errorf("put off run: %w", late))
	}
	return true, nil
}

// patience is twice as long after each failure, for a minute at most.
func patience(failures int32) time.Duration {
	return min(time.Second<<min(failures, 6), time.Minute)
}

// work is one page of a run, with a line in the log; a panic is an error of this run alone.
func (s *server) work(ctx context.Context, tx pgx.Tx, q *store.Queries, r store.RunTakeRow) (err error) {
	ctx, unit := obs.Start(obs.WithTraceparent(ctx, r.Trace), s.Log, "run", r.Kind)
	unit.Set("run", r.ID)
	defer func() {
		if cause := recover(); cause != nil {
			err = unit.Panic(cause)
		}
		unit.End(err)
	}()
	return s.page(ctx, tx, q, r)
}

const tooLate = "nobody wants to be told any more"

// over tells whether the time for news has passed.
func (s *server) over(r store.RunTakeRow) bool {
	return r.ExpiresAt != nil && !s.Now().Before(*r.ExpiresAt)
}

func (s *server) page(ctx context.Context, tx pgx.Tx, q *store.Queries, r store.RunTakeRow) error {
	if s.over(r) {
		return s.end(ctx, q, r, tooLate)
	}
	if r.Kind == digestKind {
		return s.digestPage(ctx, tx, q, r)
	}
	n, err := s.newsOf(ctx, q, r)
	if errors.Is(err, errStale) || errors.Is(err, pgx.ErrNoRows) {
		return s.end(ctx, q, r, "overtaken by a later change")
	}
	if err != nil {
		return err
	}
	if !n.expires.IsZero() {
		r.ExpiresAt = &n.expires
	}
	if s.over(r) {
		return s.end(ctx, q, r, tooLate)
	}
	people, err := n.people(ctx, r.LastPerson, s.config.Page)
	if err != nil {
		return fmt.Errorf("read recipients: %w", err)
	}
	if len(people) == 0 {
		return s.end(ctx, q, r, "")
	}
	w, err := s.wishesOf(ctx, q, n, people)
	if err != nil {
		return err
	}
	var messages []queue.Message
	var digests []uuid.UUID
	for _, p := range people {
		ways, digest := w.ways(n, p)
		for _, to := range ways {
			messages = append(messages, messageFor(r, n, p, to))
		}
		if digest {
			digests = append(digests, p.AccountID)
		}
	}
	if err := s.put(ctx, tx, r, messages); err != nil {
		return err
	}
	if err := s.gather(ctx, q, r.Subject, digests); err != nil {
		return err
	}
	return s.move(ctx, q, r, people)
}

// move notes how far a run came; a page that is not full was the last.
func (s *server) move(ctx context.Context, q *store.Queries, r store.RunTakeRow, people []person) error {
	last := people[len(people)-1].AccountID
	obs.Event(ctx).Set("told", len(people))
	err := q.RunMove(ctx, store.RunMoveParams{ID: r.ID, LastPerson: last, Told: int32(len(people))}) //nolint:gosec // A page.
	if err != nil {
		return fmt.Errorf("move cursor: %w", err)
	}
	if len(people) < int(s.config.Page) {
		return s.end(ctx, q, r, "")
	}
	return nil
}

func (s *server) end(ctx context.Context, q *store.Queries, r store.RunTakeRow, why string) error {
	now := s.Now()
	if err := q.RunEnd(ctx, store.RunEndParams{ID: r.ID, Now: &now, Ending: why}); err != nil {
		return fmt.Errorf("end run: %w", err)
	}
	obs.Event(ctx).Set("ending", why)
	return nil
}

// person is whom to tell.
type person struct {
	AccountID                   uuid.UUID
	Email, Name, Language, Zone string
}
