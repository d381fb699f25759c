package notificationcenter

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

const (
	// ringEvery is how long news for bells gather: ten thousand reminders are ten calls and not ten thousand.
	ringEvery  = time.Second
	ringAtOnce = 1000
	// mostRings bounds what is remembered while the rooms are away. Pages ask by themselves; who is forgotten here hears later.
	mostRings = 100_000
)

// bells are the people whose number of unseen notifications has changed. The rooms hold the open connections of pages, so they are
// told, and tell the pages. Nothing depends on it: a page without a connection asks each half minute.
type bells struct {
	rooms livewebinarpb.LiveWebinarClient

	mu      sync.Mutex
	changed map[uuid.UUID]struct{}
}

func newBells(rooms livewebinarpb.LiveWebinarClient) *bells {
	return &bells{rooms: rooms, changed: map[uuid.UUID]struct{}{}}
}

// touch notes that somebody's number has changed.
func (b *bells) touch(accounts ...uuid.UUID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, account := range accounts {
		if len(b.changed) < mostRings {
			b.changed[account] = struct{}{}
		}
	}
}

// take gives some of them.
func (b *bells) take() []uuid.UUID {
	b.mu.Lock()
	defer b.mu.Unlock()
	var some []uuid.UUID
	for account := range maps.Keys(b.changed) {
		if len(some) == ringAtOnce {
			break
		}
		some = append(some, account)
		delete(b.changed, account)
	}
	return some
}

// ring tells of the changes once a second, until ctx ends.
func (s *server) ring(ctx context.Context) error {
	tick := time.NewTicker(ringEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for some := s.bells.take(); len(some) > 0; some = s.bells.take() {
			if err := s.tellBells(ctx, some); err != nil {
				s.Log.Debug("bells", "people", len(some), "error", err)
				s.bells.touch(some...)
				break // the rooms are away, or the database; the pages ask by themselves meanwhile
			}
		}
	}
}

func (s *server) tellBells(ctx context.Context, accounts []uuid.UUID) error {
	slices.SortFunc(accounts, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	rows, err := s.store.NotificationUnseenOf(ctx, accounts)
	if err != nil {
		return fmt.Errorf("count what is unseen: %w", err)
	}
	q := &livewebinarpb.TellRequest{}
	for _, row := range rows {
		q.People = append(q.People, &livewebinarpb.Unseen{AccountId: row.AccountID.String(), Unseen: row.Unseen})
	}
	_, err = s.bells.rooms.Tell(ctx, q)
	return err
}
