package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	memory "github.com/rounds-cme/rounds/service/livewebinar/internal/board"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// ownMessages is how far back one's own messages are told apart.
const ownMessages = time.Hour

// mine is what an account did on a board.
func (s *server) mine(ctx context.Context, webinar, account uuid.UUID) (*livewebinarpb.Mine, error) {
	row, err := s.rooms.deeds.get(ctx, seatKey{webinar, account})
	if err != nil {
		return nil, err
	}
	return minePB(row, s.now())
}

func (s *rooms) readDeeds(ctx context.Context, keys []seatKey) (map[seatKey]store.MineOfManyRow, error) {
	all := map[seatKey]store.MineOfManyRow{}
	for webinar, accounts := range byRoom(keys) {
		rows, err := store.New(s.pool).MineOfMany(ctx, store.MineOfManyParams{WebinarID: webinar, AccountIds: accounts, Since: s.now().Add(-ownMessages)})
		if err != nil {
			return nil, fmt.Errorf("read what is theirs: %w", err)
		}
		for _, row := range rows {
			all[seatKey{webinar, row.AccountID}] = row
		}
	}
	return all, nil
}

// roomState tells what a browser missed.
func (s *server) roomState(ctx context.Context, at stage, q *livewebinarpb.StateRequest) (proto.Message, error) {
	if err := s.limits.state.take(at.account); err != nil {
		return nil, err
	}
	mine, err := s.mine(ctx, at.webinar, at.account)
	if err != nil {
		return nil, err
	}
	revision := at.board.state.Revision()
	seen, err := at.board.state.SinceText(memory.Query{After: max(0, q.GetAfterRevision()), UpTo: memory.All, Host: at.person.Host})
	if err != nil {
		return nil, err
	}
	return &told{
		&livewebinarpb.StateResponse{Mine: mine, LastSequence: at.board.state.Last(), Revision: revision},
		[]part{{"board", seen}},
	}, nil
}

// changed is the answer to a change that needs no other.
func (s *server) changed(revision int32, err error) (proto.Message, error) {
	if err != nil {
		return nil, err
	}
	return &livewebinarpb.Done{Revision: revision}, nil
}

// lightly writes a vote or its like, and tells the other devices of the account.
func (s *server) lightly(ctx context.Context, at stage, l *light) (proto.Message, error) {
	l.account, l.at = at.account, s.now()
	if err := at.board.lightly(ctx, l); err != nil {
		return nil, err
	}
	if len(s.node.Hub().UserConnections(at.account.String())) > 1 {
		s.tellMine(ctx, at.webinar, at.account)
	}
	return &livewebinarpb.Done{Revision: at.board.audience.Load()}, nil
}

// tellMine tells an account what it did, or what was done to it, on all its devices. Who is not reached asks when coming back.
func (s *server) tellMine(ctx context.Context, webinar, account uuid.UUID) {
	mine, err := s.mine(ctx, webinar, account)
	if err != nil {
		s.log.Error("tell what is mine", "webinar", webinar, "error", err)
		return
	}
	s.publish(personChannel(account), &livewebinarpb.PersonPush{WebinarId: webinar.String(), Mine: mine})
}

// tellRemoved tells an account that it was shown out, and why.
func (s *server) tellRemoved(b *board, account uuid.UUID) {
	reason := b.state.Sanction(account, s.now()).GetReason()
	s.publish(personChannel(account), &livewebinarpb.PersonPush{
		WebinarId: b.webinar.String(), Removed: &livewebinarpb.Removed{Reason: reason},
	})
}

// notFound gives the answer to a row that is not there.
func notFound(err, none error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return none
	}
	return err
}
