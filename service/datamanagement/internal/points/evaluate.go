package points

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/points/store"
)

// evaluatePage is how many people are computed at a time, so that memory does not grow with the webinar.
const evaluatePage = 200

// ended computes everybody's credit once. A repeated event answers again, from what was computed: whoever waits for the answer may
// have asked twice. The follower's transaction holds the results, the answer and the place in the event log together.
func (s *server) ended(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
	unit := obs.Event(ctx)
	message, err := r.Message()
	if err != nil {
		return fmt.Errorf("read %s: %w", r.Type, err)
	}
	about, ok := message.(*eventpb.WebinarEnded)
	id, err := uuid.Parse(about.GetWebinarId())
	if !ok || err != nil {
		unit.Set("ignored", "no webinar id")
		return nil //nolint:nilerr // It would never be read, and must not stop those after it.
	}
	unit.Set("webinar", id)
	q := store.New(tx)
	w, err := q.WebinarLock(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		unit.Set("ignored", "no such webinar")
		return nil
	}
	if err != nil {
		return fmt.Errorf("lock webinar: %w", err)
	}
	if w.EvaluatedAt == nil {
		if err := s.evaluate(ctx, q, id, w); err != nil {
			return err
		}
	}
	totals, err := q.Totals(ctx, id)
	if err != nil {
		return fmt.Errorf("count results: %w", err)
	}
	unit.Set("viewers", totals.Viewers).Set("qualified", totals.Qualified)
	return s.events.Append(ctx, tx, eventlog.Event{
		Stream: webinarStream(id), ExpectedVersion: eventlog.Any,
		Message: &eventpb.AttendanceEvaluated{WebinarId: id.String(), Viewers: totals.Viewers, Qualified: totals.Qualified},
	})
}

func (s *server) evaluate(ctx context.Context, q *store.Queries, id uuid.UUID, w store.WebinarLockRow) error {
	rule, err := credit.ParseRule(w.FrozenRule)
	if err != nil {
		return fmt.Errorf("read the frozen rule of webinar %s: %w", id, err)
	}
	if err := q.EvaluationLock(ctx); err != nil {
		return fmt.Errorf("wait for decisions: %w", err)
	}
	terms := terms{webinar: id, rule: rule, offered: credit.Points(w.Hundredths)}
	var after uuid.UUID
	for {
		people, err := q.Attendance(ctx, store.AttendanceParams{WebinarID: id, After: after, Most: evaluatePage})
		if err != nil {
			return fmt.Errorf("read attendance: %w", err)
		}
		if len(people) == 0 {
			break
		}
		if err := s.evaluatePage(ctx, q, terms, people); err != nil {
			return err
		}
		after = people[len(people)-1].AccountID
	}
	if err := q.WebinarEvaluated(ctx, store.WebinarEvaluatedParams{Now: s.now(), ID: id}); err != nil {
		return fmt.Errorf("mark webinar evaluated: %w", err)
	}
	return nil
}

func (s *server) evaluatePage(ctx context.Context, q *store.Queries, t terms, people []store.AttendanceRow) error {
	accounts := make([]uuid.UUID, len(people))
	for i, p := range people {
		accounts[i] = p.AccountID
	}
	earlier, err := readEarlier(ctx, q, t.webinar, accounts)
	if err != nil {
		return err
	}
	for _, p := range people {
		row, err := t.result(p, earlier)
		if err != nil {
			return fmt.Errorf("compute the credit of %s: %w", p.AccountID, err)
		}
		row.Now = s.now()
		if err := q.ResultInsert(ctx, row); err != nil {
			return fmt.Errorf("insert result of %s: %w", p.AccountID, err)
		}
	}
	return nil
}
