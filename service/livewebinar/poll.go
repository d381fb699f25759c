package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	memory "github.com/rounds-cme/rounds/service/livewebinar/internal/board"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// The states of a poll.
//
//	save ──> draft ──open──> open ──close──> closed
//	           └─discard──> discarded
const (
	pollDraft     = "draft"
	pollOpen      = "open"
	pollClosed    = "closed"
	pollDiscarded = "discarded"
)

const mostPolls = 100

func errNoPoll() error {
	return errs.New(errs.NotFound, "poll.none", "There is no such poll.")
}

func errPollState() error {
	return errs.New(errs.Conflict, "poll.state", "The poll is in another state now.")
}

// draft is a poll as a host wrote it.
type draft struct {
	question string
	options  []string
}

func cleanPoll(q *livewebinarpb.PollSaveRequest) (draft, error) {
	question, err := cleaned(q.GetQuestion(), "poll", pollLength)
	if err != nil {
		return draft{}, err
	}
	d := draft{question: question}
	for _, text := range q.GetOptions() {
		option, err := cleaned(text, "poll", optionLength)
		if err != nil {
			return d, err
		}
		if !slices.Contains(d.options, option) {
			d.options = append(d.options, option)
		}
	}
	if n := len(q.GetOptions()); n < 2 || n > 10 || len(d.options) != n {
		return d, errs.New(errs.Invalid, "poll.options", "A poll has 2 to 10 options, each of them another.")
	}
	return d, nil
}

// savePoll makes a draft, or gives one another text.
func (s *server) savePoll(ctx context.Context, at stage, q *livewebinarpb.PollSaveRequest) (proto.Message, error) {
	d, err := cleanPoll(q)
	if err != nil {
		return nil, err
	}
	if q.GetNumber() != 0 {
		return s.changed(at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
			rows := store.New(tx)
			row, err := rows.PollGet(ctx, store.PollGetParams{WebinarID: at.webinar, Number: q.GetNumber()})
			if err != nil {
				return notFound(err, errNoPoll())
			}
			if row.State != pollDraft {
				return errPollState()
			}
			return rows.PollChange(ctx, store.PollChangeParams{
				WebinarID: at.webinar, Number: q.GetNumber(), Question: d.question, Options: d.options, Multiple: q.GetMultiple(), Revision: revision,
			})
		}))
	}
	id, err := wish(q.GetId())
	if err != nil {
		return nil, err
	}
	var made int32
	revision, err := at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) (err error) {
		made, err = addPoll(ctx, store.New(tx), store.PollAddParams{
			WebinarID: at.webinar, ID: id, AccountID: at.account, Question: d.question, Options: d.options, Multiple: q.GetMultiple(), Revision: revision,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &livewebinarpb.Done{Revision: revision, Number: made}, nil
}

func addPoll(ctx context.Context, rows *store.Queries, add store.PollAddParams) (int32, error) {
	known, err := rows.PollKnown(ctx, store.PollKnownParams{WebinarID: add.WebinarID, AccountID: add.AccountID, ID: add.ID})
	if err == nil {
		return known, errUnchanged
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("look for poll: %w", err)
	}
	made, err := rows.PollAdd(ctx, add)
	if err == nil && made > mostPolls {
		return 0, errs.New(errs.TooMany, "poll.too_many", "A webinar has at most 100 polls.")
	}
	return made, err
}

// movePoll brings a poll from one state into another, unless it is there.
func (s *server) movePoll(ctx context.Context, at stage, number int32, from, to string) (proto.Message, error) {
	now := s.now()
	return s.changed(at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		rows := store.New(tx)
		row, err := rows.PollGet(ctx, store.PollGetParams{WebinarID: at.webinar, Number: number})
		switch {
		case err != nil:
			return notFound(err, errNoPoll())
		case row.State == to:
			return errUnchanged
		case row.State != from:
			return errPollState()
		}
		p := store.PollMoveParams{WebinarID: at.webinar, Number: number, State: to, Revision: revision}
		switch to {
		case pollOpen:
			p.OpenedAt = &now
		case pollClosed:
			p.ClosedAt = &now
		}
		if err := rows.PollMove(ctx, p); err != nil {
			return fmt.Errorf("move poll: %w", err)
		}
		if to != pollClosed {
			return nil
		}
		_, err = rows.PollCount(ctx, store.PollCountParams{WebinarID: at.webinar, Revision: revision}) // its last result goes with it
		return err
	}))
}

func (s *server) openPoll(ctx context.Context, at stage, q *livewebinarpb.PollRequest) (proto.Message, error) {
	return s.movePoll(ctx, at, q.GetNumber(), pollDraft, pollOpen)
}

func (s *server) closePoll(ctx context.Context, at stage, q *livewebinarpb.PollRequest) (proto.Message, error) {
	return s.movePoll(ctx, at, q.GetNumber(), pollOpen, pollClosed)
}

func (s *server) discardPoll(ctx context.Context, at stage, q *livewebinarpb.PollRequest) (proto.Message, error) {
	return s.movePoll(ctx, at, q.GetNumber(), pollDraft, pollDiscarded)
}

func (s *server) sharePoll(ctx context.Context, at stage, q *livewebinarpb.PollShareRequest) (proto.Message, error) {
	return s.changed(at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		rows := store.New(tx)
		row, err := rows.PollGet(ctx, store.PollGetParams{WebinarID: at.webinar, Number: q.GetNumber()})
		switch {
		case err != nil:
			return notFound(err, errNoPoll())
		case row.State != pollOpen && row.State != pollClosed:
			return errPollState()
		case row.Shared == q.GetOn():
			return errUnchanged
		}
		return rows.PollShare(ctx, store.PollShareParams{WebinarID: at.webinar, Number: q.GetNumber(), Shared: q.GetOn(), Revision: revision})
	}))
}

func (s *server) answerPoll(ctx context.Context, at stage, q *livewebinarpb.PollAnswerRequest) (proto.Message, error) {
	options := slices.Clone(q.GetOptions())
	slices.Sort(options)
	if options = slices.Compact(options); len(options) > 10 {
		return nil, errs.New(errs.Invalid, "poll.choice", "Choose among the options of the poll.")
	}
	if err := s.limits.poll.take(at.account); err != nil {
		return nil, err
	}
	done, err := s.lightly(ctx, at, &light{kind: lightAnswer, number: q.GetNumber(), options: options})
	if err == nil {
		s.recorder.act(s.activity.pollAnswered(s.now(), at.live, at.person, q.GetNumber()))
	}
	return done, err
}

// raise puts one's hand up or down.
func (s *server) raise(ctx context.Context, at stage, q *livewebinarpb.HandRequest) (proto.Message, error) {
	if is := at.board.state.Sanction(at.account, s.now()); is.GetKind() == sanctionMuted && q.GetOn() {
		return nil, errMuted()
	}
	if err := s.limits.hand.take(at.account); err != nil {
		return nil, err
	}
	done, err := s.lightly(ctx, at, &light{kind: lightHand, what: at.person.Name, on: q.GetOn()})
	if err == nil && q.GetOn() {
		s.recorder.act(s.activity.handRaised(s.now(), at.live, at.person))
	}
	return done, err
}

// lower puts the hand of another down.
func (s *server) lower(ctx context.Context, at stage, q *livewebinarpb.AccountRequest) (proto.Message, error) {
	accounts := []uuid.UUID{}
	if q.GetAccountId() == "" {
		accounts = at.board.raised()
	} else if account, err := uuid.Parse(q.GetAccountId()); err == nil {
		accounts = append(accounts, account)
	} else {
		return nil, errNobody()
	}
	var all errgroup.Group // together: they are written with one statement
	for _, account := range accounts {
		all.Go(func() error {
			if err := at.board.lightly(ctx, &light{kind: lightHand, account: account}); err != nil {
				return err
			}
			s.tellMine(ctx, at.webinar, account)
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	return &livewebinarpb.Done{Revision: at.board.state.Revision()}, nil
}

// raised is whose hands are up.
func (b *board) raised() []uuid.UUID {
	var accounts []uuid.UUID
	for _, h := range b.state.Since(memory.Query{UpTo: memory.All, Host: true}).GetHands() {
		if id, err := uuid.Parse(h.GetAccountId()); err == nil && h.GetRaisedAt() != nil {
			accounts = append(accounts, id)
		}
	}
	return accounts
}
