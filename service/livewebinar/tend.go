package livewebinar

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	memory "github.com/rounds-cme/rounds/service/livewebinar/internal/board"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

const (
	tendEvery = time.Second
	// idle is how long a board is held that nobody asks for.
	idle = 5 * time.Minute
	// handGrace is how long a hand stays up whose owner is not in the room: as long as a lost connection may take.
	handGrace = time.Minute
	// hostsEvery is how often it is looked whether who listens behind the stage is still a host.
	hostsEvery = 3 * time.Second
	// atOnce is how many boards are looked after at the same time: most of it is waiting for a pulse.
	atOnce = 16
)

// tend looks after the boards once a second: what was only counted becomes a revision, what other instances wrote is told
// here, and who was removed is out.
func (s *server) tend(ctx context.Context) error {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		s.connections.Set(float64(s.node.Hub().NumClients()))
		if err := s.tendOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("boards", "error", err)
		}
	}
}

func (s *server) tendOnce(ctx context.Context) error {
	boards := s.boards.all()
	if len(boards) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(boards))
	for i, b := range boards {
		ids[i] = b.webinar
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	rows, err := store.New(s.rooms.pool).BoardsMoved(ctx, ids)
	if err != nil {
		return fmt.Errorf("look for changes: %w", err)
	}
	moved := map[uuid.UUID]store.BoardsMovedRow{}
	for _, row := range rows {
		moved[row.WebinarID] = row
	}
	var all sync.WaitGroup
	free := make(chan struct{}, atOnce)
	for _, b := range boards {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			if err := s.tendBoard(ctx, b, moved[b.webinar]); err != nil {
				s.log.Error("board", "webinar", b.webinar, "error", err)
			}
		})
	}
	all.Wait()
	return nil
}

func (s *server) tendBoard(ctx context.Context, b *board, row store.BoardsMovedRow) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	if row.LastSequence > b.state.Last() && b.saying.TryLock() {
		err := b.follow(ctx, memory.All)
		b.saying.Unlock()
		if err != nil {
			return err
		}
	}
	if row.Dirty {
		if err := b.count(ctx); err != nil {
			return err
		}
	}
	if row.Revision > b.state.Revision() {
		if err := b.refresh(ctx); err != nil {
			return err
		}
	}
	b.refreshing.Lock()
	b.tell(true)
	b.refreshing.Unlock()
	s.sweep(b)
	s.sendForward(ctx, b)
	if l := s.rooms.holding(b.webinar); l != nil {
		return s.lowerAbsent(ctx, b, l)
	}
	s.drop(b)
	return nil
}

// drop lets go of a board that nobody uses.
func (s *server) drop(b *board) {
	used := time.Unix(b.used.Load(), 0)
	if s.now().Sub(used) > idle && s.node.Hub().NumSubscribers(backstageChannel(b.webinar)) == 0 {
		s.boards.forget(b.webinar)
	}
}

// sendForward cuts the connections of who listens behind the stage and is a host no more. The browser renews its session, comes back
// and is what the accounts say now.
func (s *server) sendForward(ctx context.Context, b *board) {
	if s.now().Sub(b.asked) < hostsEvery {
		return
	}
	b.asked = s.now()
	channel := backstageChannel(b.webinar)
	var there int32
	defer func() { s.sayBackstage(ctx, b, there) }()
	b.behind.Range(func(key, _ any) bool {
		account, _ := key.(uuid.UUID)
		connections := s.node.Hub().UserConnections(account.String())
		if len(connections) == 0 {
			b.behind.Delete(account)
			return true
		}
		if slices.ContainsFunc(slices.Collect(maps.Values(connections)), func(c *centrifuge.Client) bool { return c.IsSubscribed(channel) }) {
			there++
		}
		_, _, err := s.rooms.host(ctx, b.webinar, account)
		if !errs.HasCode(err, "room.hosts") && !errs.HasCode(err, "room.members") {
			return true // also when it cannot be asked now
		}
		for _, client := range connections {
			if client.IsSubscribed(channel) {
				client.Disconnect(closedExpired())
			}
		}
		return true
	})
}

// sayBackstage writes down how many hosts are behind the stage here: whoever wants to know before the start asks any instance.
func (s *server) sayBackstage(ctx context.Context, b *board, there int32) {
	if there == 0 && b.backstage == 0 {
		return
	}
	b.backstage = there
	err := store.New(s.rooms.pool).BackstageSeen(ctx, store.BackstageSeenParams{WebinarID: b.webinar, Instance: s.rooms.me, Hosts: there})
	if err != nil {
		s.log.Error("hosts behind the stage", "webinar", b.webinar, "error", err)
	}
}

// lowerAbsent puts the hands down of who left for good.
func (s *server) lowerAbsent(ctx context.Context, b *board, l *live) error {
	var up []uuid.UUID
	b.state.Each(memory.Hand, 0, func(k memory.Key, m proto.Message) {
		if hand, ok := m.(*livewebinarpb.Hand); ok && hand.GetRaisedAt() != nil {
			up = append(up, k.Account)
		}
	})
	now, still := s.now(), map[uuid.UUID]time.Time{}
	for _, account := range up {
		if l.Present(account) {
			continue
		}
		since, known := b.away[account]
		if !known {
			since = now
		}
		still[account] = since
		if now.Sub(since) >= handGrace {
			if err := b.lightly(ctx, &light{kind: lightHand, account: account}); err != nil {
				return err
			}
		}
	}
	b.away = still
	return nil
}
