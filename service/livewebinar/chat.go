package livewebinar

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// What is said between two frames of a room is written in one transaction and sent in one of them; pace.go says when.
const (
	mostLines   = 100 // in one frame
	mostQueued  = 1000
	historyMost = 100
)

// line is a message on its way into the room.
type line struct {
	id     uuid.UUID
	person room.Person
	body   string
	quote  *livewebinarpb.Quote // of the message that it answers
	at     time.Time
	done   chan said
}

type said struct {
	sequence int32
	err      error
}

// chat gives the messages of one room their places. Its order is that of the database: a row lock on the room makes the
// sequence gapless whoever writes, and messages are sent only after they are committed.
//
//	say ──> waiting ──pulse──> one transaction ──commit──> one frame to the room, then the answers
type chat struct {
	webinar uuid.UUID
	pool    *pgxpool.Pool
	board   *board // remembers what was said
	publish func([]*livewebinarpb.ChatMessage)
	viewers func() int

	mu      sync.Mutex
	waiting []*line
	since   time.Time // how long the first of them waits
	running bool
	last    time.Time
	pace    pace

	slow slowly
}

// say puts a message into the room and gives its place. The same message again gets the place that it has.
func (c *chat) say(ctx context.Context, l *line) (int32, error) {
	l.done = make(chan said, 1)
	c.mu.Lock()
	if len(c.waiting) >= mostQueued {
		c.mu.Unlock()
		return 0, errs.New(errs.TooMany, "chat.busy", "The chat is very busy. Please try again in a moment.")
	}
	now := time.Now()
	if len(c.waiting) == 0 {
		c.since = now
	}
	c.waiting = append(c.waiting, l)
	c.pace.said(now)
	if !c.running {
		c.running = true
		go c.pump()
	}
	c.mu.Unlock()
	select {
	case s := <-l.done:
		return s.sequence, s.err
	case <-ctx.Done():
		return 0, fmt.Errorf("say: %w", ctx.Err())
	}
}

// pump runs while there is something to say.
func (c *chat) pump() {
	for c.gather() {
		c.mu.Lock()
		c.last = time.Now()
		n := min(len(c.waiting), mostLines)
		lines := c.waiting[:n:n]
		c.waiting, c.since = c.waiting[n:], c.last
		c.mu.Unlock()
		c.speak(lines)
	}
}

// gather waits until what is there shall go; false when nothing is.
func (c *chat) gather() bool {
	viewers := c.viewers()
	c.mu.Lock()
	c.running = len(c.waiting) > 0
	going, now := c.running, time.Now()
	wait := max(c.since.Add(c.pace.hold(now, viewers)).Sub(now), c.last.Add(pulse).Sub(now))
	c.mu.Unlock()
	if going && wait > 0 {
		time.Sleep(wait)
	}
	return going
}

func (c *chat) speak(lines []*line) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c.board.saying.Lock()
	places, fresh, err := c.write(ctx, lines)
	if err == nil && len(fresh) > 0 {
		if missed := c.board.said(ctx, fresh); missed != nil { // what was said elsewhere comes a second later
			c.board.log.Error("read what was said elsewhere", "webinar", c.webinar, "error", missed)
		}
		c.publish(fresh)
	}
	c.board.saying.Unlock()
	for i, l := range lines {
		s := said{err: err}
		if err == nil {
			s.sequence = places[i]
		}
		l.done <- s
	}
}

// write stores what is new and gives everybody's place.
func (c *chat) write(ctx context.Context, lines []*line) ([]int32, []*livewebinarpb.ChatMessage, error) {
	conn, err := c.pool.Acquire(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	defer conn.Release()
	talk := store.NewTalk(conn.Conn())
	defer talk.End(ctx)
	ids := make([]uuid.UUID, len(lines))
	for i, l := range lines {
		ids[i] = l.id
	}
	r, rows, err := talk.Begin(ctx, c.webinar, ids)
	if err != nil {
		return nil, nil, err
	}
	if r.State != stateOpen {
		return nil, nil, errClosed()
	}
	places, fresh, add := c.place(r.LastSequence, rows, lines)
	if len(fresh) == 0 {
		return places, nil, nil
	}
	return places, fresh, talk.Commit(ctx, add, r.LastSequence+int32(len(fresh))) //nolint:gosec // fewer than mostLines
}

// place gives what is new the next places, and what is known the place that it has.
func (c *chat) place(last int32, rows []store.MessageKnownRow, lines []*line) ([]int32, []*livewebinarpb.ChatMessage, store.MessageAddParams) {
	known := map[messageKey]int32{}
	for _, row := range rows {
		known[messageKey{row.AccountID, row.ID}] = row.Sequence
	}
	places := make([]int32, len(lines))
	var fresh []*livewebinarpb.ChatMessage
	add := store.MessageAddParams{WebinarID: c.webinar}
	next := last
	for i, l := range lines {
		key := messageKey{l.person.Account, l.id}
		if known[key] == 0 {
			next++
			known[key] = next
			add.Sequences = append(add.Sequences, next)
			add.Ids = append(add.Ids, l.id)
			add.AccountIds = append(add.AccountIds, l.person.Account)
			add.Names = append(add.Names, l.person.Name)
			add.Hosts = append(add.Hosts, l.person.Host)
			add.Bodies = append(add.Bodies, l.body)
			add.SentAts = append(add.SentAts, l.at)
			add.Replies = append(add.Replies, l.quote.GetSequence())
			fresh = append(fresh, &livewebinarpb.ChatMessage{
				Sequence: next, Id: l.id.String(), Name: l.person.Name, Host: l.person.Host, Body: l.body, SentAt: stamp(l.at), ReplyTo: l.quote,
			})
		}
		places[i] = known[key]
	}
	return places, fresh, add
}

// A message is known by its author too: nobody can take another's place by guessing an id.
type messageKey struct{ account, id uuid.UUID }
