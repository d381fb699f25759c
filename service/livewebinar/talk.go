package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	memory "github.com/rounds-cme/rounds/service/livewebinar/internal/board"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// editWithin is how long one's own message can be edited.
const editWithin = 10 * time.Minute

// quoteLength is how much of a message an answer to it shows, in characters.
const quoteLength = 80

func errNoMessage() error {
	return errs.New(errs.NotFound, "chat.none", "This message is not there any more.")
}

func errMuted() error {
	return errs.New(errs.Forbidden, "room.muted", "A host has muted you in this room.")
}

// writes refuses who may not write now.
func (s *server) writes(at stage) error {
	if is := at.board.state.Sanction(at.account, s.now()); is.GetKind() == sanctionMuted {
		return errMuted()
	}
	if at.board.state.Settings().GetChatClosed() && !at.person.Host {
		return errs.New(errs.Conflict, "chat.closed", "The chat is closed at the moment.")
	}
	return nil
}

func (s *server) send(ctx context.Context, at stage, q *livewebinarpb.SendRequest) (proto.Message, error) {
	id, err := wish(q.GetId())
	if err != nil {
		return nil, err
	}
	body, err := cleaned(q.GetBody(), "chat", bodyLength)
	if err != nil {
		return nil, err
	}
	if err := s.writes(at); err != nil {
		return nil, err
	}
	if err := s.talk.Take(at.account.String()); err != nil {
		return nil, errs.Wrap(err, errs.TooMany, "chat.too_fast", "You are writing very fast. Please wait a moment.")
	}
	quote, err := s.quote(ctx, at, q.GetReplyTo())
	if err != nil {
		return nil, err
	}
	now := s.now()
	undo, err := at.live.chat.slow.take(at, id, now)
	if err != nil {
		return nil, err
	}
	if err := s.slowElsewhere(ctx, at, id, now); err != nil {
		undo()
		return nil, err
	}
	sequence, err := at.live.chat.say(ctx, &line{id: id, person: at.person, body: body, quote: quote, at: now})
	if err != nil {
		undo()
		return nil, err
	}
	s.recorder.act(s.activity.chatSent(now, at.live, at.person, id))
	return &livewebinarpb.SendResponse{Sequence: sequence}, nil
}

// slowly remembers who wrote when, for the slow mode.
type slowly struct {
	mu   sync.Mutex
	last map[uuid.UUID]wrote
}

type wrote struct {
	id uuid.UUID
	at time.Time
}

// take refuses who must wait. A message that is sent again waits for nothing: it was let pass before.
func (s *slowly) take(at stage, id uuid.UUID, now time.Time) (undo func(), err error) {
	wait := time.Duration(at.board.state.Settings().GetSlowSeconds()) * time.Second
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.last[at.account]
	if wait > 0 && !at.person.Host && was.id != id && now.Sub(was.at) < wait {
		return nil, errSlow(wait - now.Sub(was.at))
	}
	if s.last == nil {
		s.last = map[uuid.UUID]wrote{}
	}
	s.last[at.account] = wrote{id, now}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.last[at.account].id == id {
			s.last[at.account] = was
		}
	}, nil
}

// slowElsewhere looks whether somebody who may write, for all that is known here, wrote a moment ago on another instance, or on this one
// before it was restarted. It costs a query for each message that is let through in slow mode, and nothing when there has been no
// other instance for as long as people wait.
func (s *server) slowElsewhere(ctx context.Context, at stage, id uuid.UUID, now time.Time) error {
	wait := time.Duration(at.board.state.Settings().GetSlowSeconds()) * time.Second
	if wait == 0 || at.person.Host || s.peers.aloneFor(wait) {
		return nil
	}
	last, err := store.New(s.rooms.pool).MessageLatestOf(ctx, store.MessageLatestOfParams{WebinarID: at.webinar, AccountID: at.account})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the latest message: %w", err)
	}
	if passed := now.Sub(last.SentAt); last.ID != id && passed < wait {
		return errSlow(wait - passed)
	}
	return nil
}

func errSlow(wait time.Duration) error {
	return errs.New(errs.TooMany, "chat.slow", "The chat is slow at the moment: please wait before you write again.").After(wait)
}

// quote is what an answer shows of the message that it answers; nil for none.
func (s *server) quote(ctx context.Context, at stage, sequence int32) (*livewebinarpb.Quote, error) {
	if sequence == 0 {
		return nil, nil
	}
	q := &livewebinarpb.Quote{Sequence: sequence}
	var deleted string
	if m := at.board.state.Message(sequence); m != nil {
		q.Name, q.Body, deleted = m.GetName(), m.GetBody(), m.GetDeletedBy()
	} else {
		row, err := store.New(s.rooms.pool).MessageGet(ctx, store.MessageGetParams{WebinarID: at.webinar, Sequence: sequence})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, errNoMessage()
		}
		if err != nil {
			return nil, fmt.Errorf("read message: %w", err)
		}
		q.Name, q.Body, deleted = row.Name, row.Body, row.DeletedBy
	}
	if deleted != "" {
		return nil, errNoMessage()
	}
	if runes := []rune(q.GetBody()); len(runes) > quoteLength {
		q.Body = string(runes[:quoteLength])
	}
	return q, nil
}

// latest are the messages after the one that the browser has, as JSON; for a newcomer the last ones.
func (s *server) latest(ctx context.Context, l *live, after int32) ([]byte, error) {
	if after > 0 {
		return s.page(ctx, l, after, historyMost)
	}
	return memory.Texts(l.board.state.Latest(historyMost))
}

func (s *server) page(ctx context.Context, l *live, after int32, limit int) ([]byte, error) {
	messages, known := l.board.state.After(after, limit)
	if !known {
		rows, err := store.New(s.rooms.pool).MessageAfter(ctx, store.MessageAfterParams{WebinarID: l.Webinar, After: after, AtMost: number(limit)})
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		messages = memory.Fit(memory.Told(messagesPB(rows)), limit)
	}
	return memory.Texts(messages)
}

func (s *server) history(ctx context.Context, at stage, q *livewebinarpb.HistoryRequest) (proto.Message, error) {
	if err := s.limits.history.take(at.account); err != nil {
		return nil, err
	}
	limit := int(q.GetLimit())
	if limit <= 0 || limit > historyMost {
		limit = historyMost
	}
	messages, err := s.page(ctx, at.live, max(0, q.GetAfterSequence()), limit)
	if err != nil {
		return nil, err
	}
	return &told{&livewebinarpb.HistoryResponse{LastSequence: at.board.state.Last()}, []part{{"messages", messages}}}, nil
}

// edit gives one's own message another text. What it said before is kept as evidence and shown to nobody.
func (s *server) edit(ctx context.Context, at stage, q *livewebinarpb.EditRequest) (proto.Message, error) {
	body, err := cleaned(q.GetBody(), "chat", bodyLength)
	if err != nil {
		return nil, err
	}
	if err := s.writes(at); err != nil {
		return nil, err
	}
	if err := s.limits.edit.take(at.account); err != nil {
		return nil, err
	}
	now := s.now()
	return s.changed(at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		row, err := message(ctx, tx, at, q.GetSequence())
		switch {
		case err != nil:
			return err
		case row.AccountID != at.account:
			return errs.New(errs.Forbidden, "chat.own", "Only your own messages can be changed.")
		case row.Body == body:
			return errUnchanged
		case now.Sub(row.SentAt) > editWithin:
			return errs.New(errs.Conflict, "chat.edit_late", "A message can be edited for ten minutes.")
		}
		return rewrite(ctx, tx, at, version{q.GetSequence(), revision, now}, func(q *store.Queries, v version) error {
			return q.MessageEdit(ctx, store.MessageEditParams{WebinarID: at.webinar, Sequence: v.sequence, Body: body, Now: now, Revision: v.revision})
		})
	}))
}

// remove deletes one's own message, or for hosts any, with a reason that its author is told.
func (s *server) remove(ctx context.Context, at stage, q *livewebinarpb.DeleteRequest) (proto.Message, error) {
	reason, err := clean(q.GetReason(), "reason", reasonLength)
	if err != nil {
		return nil, err
	}
	if err := s.limits.edit.take(at.account); err != nil {
		return nil, err
	}
	now, author := s.now(), uuid.Nil
	done, err := s.changed(at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		row, err := message(ctx, tx, at, q.GetSequence())
		if err != nil {
			if errs.HasCode(err, "chat.none") && row.DeletedBy != "" && (row.AccountID == at.account || at.person.Host) {
				return errUnchanged
			}
			return err
		}
		by := "author"
		if row.AccountID != at.account {
			if !at.person.Host {
				return errs.New(errs.Forbidden, "chat.own", "Only your own messages can be changed.")
			}
			if reason == "" {
				return errReason()
			}
			by, author = "host", row.AccountID
		}
		return rewrite(ctx, tx, at, version{q.GetSequence(), revision, now}, func(q *store.Queries, v version) error {
			return q.MessageDelete(ctx, store.MessageDeleteParams{
				WebinarID: at.webinar, Sequence: v.sequence, DeletedBy: by, Reason: reason, Revision: v.revision,
			})
		})
	}))
	if err == nil && author != uuid.Nil {
		s.tellMine(ctx, at.webinar, author)
	}
	return done, err
}

// message reads a message that is still there; what was deleted comes with the error.
func message(ctx context.Context, tx pgx.Tx, at stage, sequence int32) (store.MessageGetRow, error) {
	row, err := store.New(tx).MessageGet(ctx, store.MessageGetParams{WebinarID: at.webinar, Sequence: sequence})
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && row.DeletedBy != "":
		return row, errNoMessage()
	case err != nil:
		return row, fmt.Errorf("read message: %w", err)
	}
	return row, nil
}

// version is the one that a message gets.
type version struct {
	sequence, revision int32
	at                 time.Time
}

// rewrite keeps what a message said, changes it, and what quotes it.
func rewrite(ctx context.Context, tx pgx.Tx, at stage, v version, do func(*store.Queries, version) error) error {
	q := store.New(tx)
	err := q.MessageKeep(ctx, store.MessageKeepParams{
		WebinarID: at.webinar, Sequence: v.sequence, Now: v.at, AccountID: at.account, Revision: v.revision,
	})
	if err != nil {
		return fmt.Errorf("keep what a message said: %w", err)
	}
	if err := do(q, v); err != nil {
		return fmt.Errorf("change message: %w", err)
	}
	err = q.MessageQuotes(ctx, store.MessageQuotesParams{WebinarID: at.webinar, Sequence: v.sequence, Revision: v.revision})
	if err != nil {
		return fmt.Errorf("change quotes: %w", err)
	}
	return nil
}

func (s *server) reacted(ctx context.Context, at stage, q *livewebinarpb.ReactRequest) (proto.Message, error) {
	if !slices.Contains(reactionKinds(), q.GetKind()) {
		return nil, errs.New(errs.Invalid, "chat.reaction", "There is no such reaction.")
	}
	if err := s.limits.react.take(at.account); err != nil {
		return nil, err
	}
	return s.lightly(ctx, at, &light{kind: lightReaction, number: q.GetSequence(), what: q.GetKind(), on: q.GetOn()})
}
