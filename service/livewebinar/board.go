package livewebinar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	memory "github.com/rounds-cme/rounds/service/livewebinar/internal/board"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// boards holds the boards of the rooms that this instance serves. What it holds can always be read again.
type boards struct {
	pool *pgxpool.Pool
	log  *slog.Logger
	now  func() time.Time
	// pulse is how long what is to be written waits for more.
	pulse time.Duration
	// publish reaches everybody who hears a channel; local only who is connected here.
	publish, local func(channel string, m proto.Message)
	// enforce does to the connections of this instance what sanctions say that changed after a revision.
	enforce func(b *board, after int32)
	// programme reads the programme when it changed after a revision, with the revision; nil where there are no segments.
	programme func(ctx context.Context, q *store.Queries, webinar uuid.UUID, after int32) (*livewebinarpb.Programme, int32, error)

	mu   sync.Mutex
	held map[uuid.UUID]*board
}

// board is that of one webinar. All that changes on it goes this way:
//
//	change ──> waiting ──pulse──> one transaction: lock the board, +1, write ──commit──> refresh ──> tell
//
// Every change takes the lock of the board's row, so a revision has no gap, whoever writes. refresh reads what changed since
// the revision that is known here, also what other instances wrote, and tell passes it on: on room: what the audience may
// see, on backstage: all. What is made by thousands at once (votes, answers, reactions, hands) is only counted in the pulse,
// and made into a revision once a second.
type board struct {
	*boards

	webinar uuid.UUID
	state   *memory.State
	used    atomic.Int64 // when it was last asked for, in Unix seconds

	loading sync.Mutex
	loaded  bool

	saying     sync.Mutex // from before a message is written until it was told: others are not told twice
	refreshing sync.Mutex // what follows is told in order
	arriving   turns      // from other instances
	audience   atomic.Int32
	hosts      int32
	enforced   int32
	away       map[uuid.UUID]time.Time // whose hand is up and who is not in the room, since when
	behind     sync.Map                // accounts that were let behind the stage here
	asked      time.Time               // when it was last looked whether they are still hosts
	backstage  int32                   // how many of them were last written down

	writing sync.Mutex
	waiting []*change
	light   []*light
	running bool
	last    time.Time
}

func newBoards(pool *pgxpool.Pool, log *slog.Logger, now func() time.Time) *boards {
	return &boards{pool: pool, log: log, now: now, pulse: boardPulse, held: map[uuid.UUID]*board{}}
}

// latestKept is how many messages are read when a board is taken up.
const latestKept = 500

// get is the board of a webinar.
func (s *boards) get(ctx context.Context, webinar uuid.UUID) (*board, error) {
	s.mu.Lock()
	b := s.held[webinar]
	if b == nil {
		b = &board{boards: s, webinar: webinar, state: memory.New(), away: map[uuid.UUID]time.Time{}}
		s.held[webinar] = b
	}
	s.mu.Unlock()
	b.used.Store(s.now().Unix())
	err := b.load(ctx)
	return b, err
}

// load reads everything, once.
func (b *board) load(ctx context.Context) error {
	b.loading.Lock()
	defer b.loading.Unlock()
	if b.loaded {
		return nil
	}
	rows, err := store.New(b.pool).MessageLatest(ctx, store.MessageLatestParams{WebinarID: b.webinar, AtMost: latestKept})
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	newest := make([]*livewebinarpb.ChatMessage, len(rows))
	for i, row := range rows {
		newest[len(rows)-1-i] = messagePB(store.MessageAfterRow(row))
	}
	revision, items, err := b.read(ctx, 0)
	if err != nil {
		return err
	}
	b.state.Remember(newest)
	b.state.Apply(revision, items)
	// Nobody here has heard anything yet, and who comes is told the state.
	b.audience.Store(revision)
	b.hosts, b.enforced, b.loaded = revision, revision, true
	return nil
}

// past is the board of a webinar for who reads alone: nothing of it is held, and nobody follows it.
func (s *boards) past(webinar uuid.UUID) *board { return &board{boards: s, webinar: webinar} }

// holding is the board of a webinar if it was taken up.
func (s *boards) holding(webinar uuid.UUID) *board {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[webinar]
}

// all are the boards that are held and read.
func (s *boards) all() []*board {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*board, 0, len(s.held))
	for _, b := range s.held {
		list = append(list, b)
	}
	return list
}

func (s *boards) forget(webinar uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, webinar)
}

// refresh reads what changed since, whoever changed it, and tells it.
func (b *board) refresh(ctx context.Context) error {
	b.refreshing.Lock()
	defer b.refreshing.Unlock()
	revision, items, err := b.read(ctx, b.state.Revision())
	if err != nil {
		return err
	}
	b.state.Apply(revision, items)
	b.tell(false)
	if revision > b.enforced {
		b.enforce(b, b.enforced)
		b.enforced = revision
	}
	return nil
}

// tell passes on what was not told yet. What has nothing in it for the audience waits for something that has, at most
// until the end of the second: five thousand people need not hear of each hand.
func (b *board) tell(flush bool) {
	for b.hosts < b.state.Revision() {
		news := b.state.Since(memory.Query{After: b.hosts, UpTo: memory.All, Host: true})
		b.hosts = news.GetRevision()
		b.publish(backstageChannel(b.webinar), &livewebinarpb.RoomPush{Board: news})
	}
	for told := b.audience.Load(); told < b.state.Revision(); told = b.audience.Load() {
		news := b.state.Since(memory.Query{After: told, UpTo: memory.All})
		if !flush && memory.Empty(news) {
			return
		}
		b.audience.Store(news.GetRevision())
		b.publish(roomChannel(b.webinar), &livewebinarpb.RoomPush{Board: news})
	}
}

// heard notes what reached the connections of this instance by the wire from another one, so that it is not told twice.
func (b *board) heard(channel string, push *livewebinarpb.RoomPush) {
	b.state.Said(push.GetMessages())
	news := push.GetBoard()
	if news == nil {
		return
	}
	b.refreshing.Lock()
	defer b.refreshing.Unlock()
	switch channel {
	case roomChannel(b.webinar):
		if told := b.audience.Load(); news.GetRevisionBefore() <= told {
			b.audience.Store(max(told, news.GetRevision()))
		}
	case backstageChannel(b.webinar):
		if news.GetRevisionBefore() <= b.hosts {
			b.hosts = max(b.hosts, news.GetRevision())
		}
	}
}

// said takes what was written into the chat here. If others wrote in between elsewhere, that comes first.
func (b *board) said(ctx context.Context, fresh []*livewebinarpb.ChatMessage) error {
	if _, whole := b.state.Said(fresh); whole {
		return nil
	}
	if err := b.follow(ctx, fresh[0].GetSequence()); err != nil {
		return err
	}
	b.state.Said(fresh)
	return nil
}

// follow reads the messages that others wrote, and hands them to who is connected here and was not reached by the wire:
// those below a sequence, because from there on they are told by who calls, or come the next time.
func (b *board) follow(ctx context.Context, below int32) error {
	for {
		rows, err := store.New(b.pool).MessageAfter(ctx, store.MessageAfterParams{WebinarID: b.webinar, After: b.state.Last(), AtMost: historyMost})
		if err != nil {
			return fmt.Errorf("read messages: %w", err)
		}
		messages := messagesPB(rows)
		end, _ := slices.BinarySearchFunc(messages, below, func(m *livewebinarpb.ChatMessage, below int32) int {
			return cmp.Compare(m.GetSequence(), below)
		})
		if news, _ := b.state.Said(messages[:end]); len(news) > 0 {
			b.local(roomChannel(b.webinar), &livewebinarpb.RoomPush{Messages: news})
		}
		if end < len(messages) || len(rows) < historyMost {
			return nil
		}
	}
}

// read gives everything that changed after a revision, as it was in one moment.
func (b *board) read(ctx context.Context, after int32) (revision int32, items []memory.Item, err error) {
	tx, err := b.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return 0, nil, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	q := store.New(tx)
	row, err := q.BoardGet(ctx, b.webinar)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read board: %w", err)
	}
	if row.SettingsRevision > after {
		items = append(items, settingsItem(row))
	}
	for _, read := range []func(context.Context, *store.Queries, int32) ([]memory.Item, error){
		b.readMessages, b.readQuestions, b.readPolls, b.readHands, b.readSanctions, b.readNotes, b.readProgramme,
	} {
		more, err := read(ctx, q, after)
		if err != nil {
			return 0, nil, fmt.Errorf("read board: %w", err)
		}
		items = append(items, more...)
	}
	return row.Revision, items, nil
}
