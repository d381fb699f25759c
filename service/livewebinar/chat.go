package livewebinar

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// The pulse of a room: what is said between two beats of it is written in one transaction and sent in one frame. The
// first message after a silence goes at once.
const (
	pulse       = 50 * time.Millisecond
	mostLines   = 100 // in one frame
	mostQueued  = 1000
	bodyLength  = 500
	historyMost = 100
)

// line is a message on its way into the room.
type line struct {
	id     uuid.UUID
	person room.Person
	body   string
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
	publish func([]store.MessageAfterRow)

	mu      sync.Mutex
	waiting []*line
	running bool
	last    time.Time
}

// say puts a message into the room and gives its place. The same message again gets the place that it has.
func (c *chat) say(ctx context.Context, l *line) (int32, error) {
	l.done = make(chan said, 1)
	c.mu.Lock()
	if len(c.waiting) >= mostQueued {
		c.mu.Unlock()
		return 0, errs.New(errs.TooMany, "chat.busy", "The chat is very busy. Please try again in a moment.")
	}
	c.waiting = append(c.waiting, l)
	if !c.running {
		c.running = true
		go c.pump(time.Until(c.last.Add(pulse)))
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
func (c *chat) pump(wait time.Duration) {
	for {
		if wait > 0 {
			time.Sleep(wait)
		}
		c.mu.Lock()
		c.last = time.Now()
		n := min(len(c.waiting), mostLines)
		lines := c.waiting[:n:n]
		c.waiting = c.waiting[n:]
		if n == 0 {
			c.running = false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		c.speak(lines)
		wait = pulse - time.Since(c.last)
	}
}

func (c *chat) speak(lines []*line) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var places []int32
	var fresh []store.MessageAfterRow
	err := db.Tx(ctx, c.pool, func(tx pgx.Tx) (err error) {
		places, fresh, err = c.place(ctx, store.New(tx), lines)
		return err
	})
	if err == nil && len(fresh) > 0 {
		c.publish(fresh)
	}
	for i, l := range lines {
		s := said{err: err}
		if err == nil {
			s.sequence = places[i]
		}
		l.done <- s
	}
}

// place stores what is new and gives everybody's place.
func (c *chat) place(ctx context.Context, q *store.Queries, lines []*line) ([]int32, []store.MessageAfterRow, error) {
	r, err := q.RoomLock(ctx, c.webinar)
	if err != nil {
		return nil, nil, fmt.Errorf("lock room: %w", err)
	}
	if r.State != stateOpen {
		return nil, nil, errClosed()
	}
	known, err := c.known(ctx, q, lines)
	if err != nil {
		return nil, nil, err
	}
	places := make([]int32, len(lines))
	var fresh []store.MessageAfterRow
	add := store.MessageAddParams{WebinarID: c.webinar}
	next := r.LastSequence
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
			fresh = append(fresh, store.MessageAfterRow{Sequence: next, ID: l.id, Name: l.person.Name, Host: l.person.Host, Body: l.body, SentAt: l.at})
		}
		places[i] = known[key]
	}
	if len(fresh) == 0 {
		return places, nil, nil
	}
	if err := q.MessageAdd(ctx, add); err != nil {
		return nil, nil, fmt.Errorf("add messages: %w", err)
	}
	if err := q.RoomSequence(ctx, store.RoomSequenceParams{WebinarID: c.webinar, LastSequence: next}); err != nil {
		return nil, nil, fmt.Errorf("save sequence: %w", err)
	}
	return places, fresh, nil
}

// A message is known by its author too: nobody can take another's place by guessing an id.
type messageKey struct{ account, id uuid.UUID }

func (c *chat) known(ctx context.Context, q *store.Queries, lines []*line) (map[messageKey]int32, error) {
	ids := make([]uuid.UUID, len(lines))
	for i, l := range lines {
		ids[i] = l.id
	}
	rows, err := q.MessageKnown(ctx, store.MessageKnownParams{WebinarID: c.webinar, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("look for known messages: %w", err)
	}
	known := map[messageKey]int32{}
	for _, row := range rows {
		known[messageKey{row.AccountID, row.ID}] = row.Sequence
	}
	return known, nil
}

// cleanBody gives the text that is kept, or why it is not.
func cleanBody(body string) (string, error) {
	if !utf8.ValidString(body) {
		return "", errs.New(errs.Invalid, "chat.text", "This message has characters that cannot be shown.")
	}
	body = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || !unicode.IsControl(r) && !isReordering(r) {
			return r
		}
		return -1
	}, body))
	switch n := utf8.RuneCountInString(body); {
	case n == 0:
		return "", errs.New(errs.Invalid, "chat.empty", "Write something first.")
	case n > bodyLength:
		return "", errs.New(errs.Invalid, "chat.too_long", "A message has at most 500 characters.")
	}
	return body, nil
}

// isReordering finds the marks that turn the direction of a text, with which a message could disguise itself.
func isReordering(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}
