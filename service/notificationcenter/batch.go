package notificationcenter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
)

// deliverBatch brings the same news to a page of people, each as if theirs were a message of its own, and at the same time. That is
// tried once: who could not be told gets a message of their own, with its own tries, reasons and end, and harms no other. A batch
// that comes a second time was in the hands of somebody who died, or still may be: of it nobody is told but by such messages, of which
// the queue keeps one.
//
//	batch ──first time──> each: sent, or had it already ──> noted
//	  │                     └─ not sent ───────────────┐
//	  └──again──────────────────────────────────────> one message for each
func (s *server) deliverBatch(ctx context.Context, d *queue.Delivery, b *eventpb.NotificationBatch) error {
	all := event.Unpack(b)
	obs.Event(ctx).Set("kind", b.GetKind()).Set("people", len(all))
	if d.Attempt > 1 {
		return s.apart(ctx, d, all, time.Time{})
	}
	told := make([]bool, len(all))
	var under sync.WaitGroup
	for i, n := range all {
		s.places <- struct{}{}
		under.Go(func() {
			defer func() { <-s.places }()
			told[i] = s.tell(ctx, d, n)
		})
	}
	under.Wait()
	var left []*eventpb.Notification
	for i, n := range all {
		if !told[i] {
			left = append(left, n)
		}
	}
	return s.apart(ctx, d, left, s.Now().Add(s.options().Backoff(d.ID, d.Attempt)))
}

// tell brings one person of a batch what all get, and is false when that has to be tried again, or to be refused for good.
// What panics here would take all others with it; alone it is a failure like any other.
func (s *server) tell(ctx context.Context, d *queue.Delivery, n *eventpb.Notification) (told bool) {
	defer func() { told = recover() == nil && told }()
	t, err := s.taskOf(part(d, n), n)
	if err != nil {
		return false
	}
	done, err := s.known(ctx, t)
	if err != nil || done {
		return err == nil
	}
	failure := s.send(ctx, t)
	return !errors.Is(failure, errHopeless) && s.conclude(ctx, t, failure) == nil
}

// idOf is the id of the message that one person would have got alone.
func idOf(n *eventpb.Notification) uuid.UUID {
	id, err := uuid.FromBytes(n.GetId())
	if err != nil { // whoever made it gave none
		return uuid.NewSHA1(uuid.NameSpaceURL, []byte(n.GetDedupeKey()))
	}
	return id
}

// part is the message that one person of a batch would have got alone.
func part(d *queue.Delivery, n *eventpb.Notification) *queue.Delivery {
	one := *d
	one.ID = idOf(n)
	return &one
}

// apart gives everybody a message of their own. When that fails the batch comes again.
func (s *server) apart(ctx context.Context, d *queue.Delivery, all []*eventpb.Notification, due time.Time) error {
	if len(all) == 0 {
		return nil
	}
	obs.Event(ctx).Set("apart", len(all))
	messages := make([]queue.Message, 0, len(all))
	for _, n := range all {
		messages = append(messages, queue.Message{
			ID: idOf(n), Queue: d.Queue, Payload: n, Priority: d.Priority, ExpiresAt: d.ExpiresAt, DueAt: due,
		})
	}
	if err := db.Tx(ctx, s.DB, func(tx pgx.Tx) error { return queue.Put(ctx, tx, messages...) }); err != nil {
		return fmt.Errorf("give %d people messages of their own: %w", len(all), err)
	}
	return nil
}
