package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// The states of a question.
//
//	         ┌─> answering ─┐
//	ask ──> open ───────────┴──> answered
//	         ├─> dismissed, merged      hosts; from each of these, reopen leads back to open
//	         └─> withdrawn              its author, for good
const (
	questionOpen      = "open"
	questionAnswering = "answering"
	questionAnswered  = "answered"
	questionDismissed = "dismissed"
	questionMerged    = "merged"
	questionWithdrawn = "withdrawn"
)

// mostOpen is how many questions of one person may wait for an answer.
const mostOpen = 10

func errNoQuestion() error {
	return errs.New(errs.NotFound, "question.none", "There is no such question.")
}

func errQuestionState() error {
	return errs.New(errs.Conflict, "question.state", "This question is not open any more.")
}

func errReason() error {
	return errs.New(errs.Invalid, "reason.empty", "Please give a reason: the person is told.")
}

func (s *server) ask(ctx context.Context, at stage, q *livewebinarpb.AskRequest) (proto.Message, error) {
	id, err := wish(q.GetId())
	if err != nil {
		return nil, err
	}
	body, err := cleaned(q.GetBody(), "question", bodyLength)
	if err != nil {
		return nil, err
	}
	if is := at.board.state.Sanction(at.account, s.now()); is.GetKind() == sanctionMuted {
		return nil, errMuted()
	}
	if err := s.limits.ask.take(at.account); err != nil {
		return nil, err
	}
	now, asked := s.now(), int32(0)
	revision, err := at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		rows := store.New(tx)
		known, err := rows.QuestionKnown(ctx, store.QuestionKnownParams{WebinarID: at.webinar, AccountID: at.account, ID: id})
		if asked = known; err == nil {
			return errUnchanged
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("look for question: %w", err)
		}
		waiting, err := rows.QuestionsOpenOf(ctx, store.QuestionsOpenOfParams{WebinarID: at.webinar, AccountID: at.account})
		if err == nil && waiting >= mostOpen {
			return errs.New(errs.TooMany, "question.too_many", "Ten of your questions wait for an answer already.")
		}
		if err == nil {
			asked, err = rows.QuestionAdd(ctx, store.QuestionAddParams{
				WebinarID: at.webinar, ID: id, AccountID: at.account, Name: at.person.Name, Anonymous: q.GetAnonymous(), Body: body,
				Now: now, Revision: revision,
			})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.recorder.act(s.activity.questionAsked(now, at.live, at.person, id))
	return &livewebinarpb.Done{Revision: revision, Number: asked}, nil
}

func (s *server) vote(ctx context.Context, at stage, q *livewebinarpb.VoteRequest) (proto.Message, error) {
	if err := s.limits.vote.take(at.account); err != nil {
		return nil, err
	}
	return s.lightly(ctx, at, &light{kind: lightVote, number: q.GetNumber(), on: q.GetOn()})
}

// move is one step of a question.
type move struct {
	to   string
	from []string
	// mayBe is asked besides; nil for everybody who may call the method.
	mayBe func(store.QuestionGetRow) error
	// do writes it; nil for a state alone, with this reason.
	do     func(context.Context, *store.Queries, int32, store.QuestionGetRow) error
	reason string
}

// moved brings a question into a state, unless it is there, and gives its author.
func (s *server) moved(ctx context.Context, at stage, number int32, m move) (proto.Message, uuid.UUID, error) {
	var author uuid.UUID
	done, err := s.changed(at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		rows := store.New(tx)
		row, err := rows.QuestionGet(ctx, store.QuestionGetParams{WebinarID: at.webinar, Number: number})
		if err != nil {
			return notFound(err, errNoQuestion())
		}
		author = row.AccountID
		if m.mayBe != nil {
			if err := m.mayBe(row); err != nil {
				return err
			}
		}
		switch {
		case row.State == m.to && !slices.Contains(m.from, m.to):
			return errUnchanged
		case !slices.Contains(m.from, row.State):
			return errQuestionState()
		case m.do != nil:
			return m.do(ctx, rows, revision, row)
		}
		return rows.QuestionMove(ctx, store.QuestionMoveParams{
			WebinarID: at.webinar, Number: number, State: m.to, Reason: m.reason, Revision: revision,
		})
	}))
	if err != nil {
		return nil, uuid.Nil, err // who stopped waiting must not look: it may be written just now
	}
	return done, author, nil
}

func (s *server) withdraw(ctx context.Context, at stage, q *livewebinarpb.QuestionRequest) (proto.Message, error) {
	if err := s.limits.edit.take(at.account); err != nil {
		return nil, err
	}
	done, _, err := s.moved(ctx, at, q.GetNumber(), move{to: questionWithdrawn, from: []string{questionOpen}, mayBe: func(row store.QuestionGetRow) error {
		if row.AccountID != at.account {
			return errs.New(errs.Forbidden, "question.not_own", "Only your own questions can be withdrawn.")
		}
		return nil
	}})
	return done, err
}

func (s *server) take(ctx context.Context, at stage, q *livewebinarpb.QuestionRequest) (proto.Message, error) {
	done, _, err := s.moved(ctx, at, q.GetNumber(), move{to: questionAnswering, from: []string{questionOpen}})
	return done, err
}

func (s *server) answerQuestion(ctx context.Context, at stage, q *livewebinarpb.QuestionAnswerRequest) (proto.Message, error) {
	text, err := clean(q.GetAnswer(), "question", answerLength)
	if err != nil {
		return nil, err
	}
	now := s.now()
	done, _, err := s.moved(ctx, at, q.GetNumber(), move{
		to: questionAnswered, from: []string{questionOpen, questionAnswering, questionAnswered},
		do: func(ctx context.Context, rows *store.Queries, revision int32, _ store.QuestionGetRow) error {
			return rows.QuestionAnswer(ctx, store.QuestionAnswerParams{
				WebinarID: at.webinar, Number: q.GetNumber(), Answer: text, AnsweredBy: at.person.Name, Now: now, Revision: revision,
			})
		},
	})
	return done, err
}

func (s *server) dismiss(ctx context.Context, at stage, q *livewebinarpb.QuestionDismissRequest) (proto.Message, error) {
	reason, err := clean(q.GetReason(), "reason", reasonLength)
	if err != nil {
		return nil, err
	}
	done, author, err := s.moved(ctx, at, q.GetNumber(), move{
		to: questionDismissed, from: []string{questionOpen, questionAnswering}, reason: reason,
	})
	if err == nil {
		s.tellMine(ctx, at.webinar, author)
	}
	return done, err
}

// reopen takes back what hosts did with a question. One that was merged takes its votes with it.
func (s *server) reopen(ctx context.Context, at stage, q *livewebinarpb.QuestionRequest) (proto.Message, error) {
	done, author, err := s.moved(ctx, at, q.GetNumber(), move{
		to: questionOpen, from: []string{questionAnswering, questionAnswered, questionDismissed, questionMerged},
		do: func(ctx context.Context, rows *store.Queries, revision int32, row store.QuestionGetRow) error {
			if row.MergedInto != nil {
				if err := s.unmerge(ctx, rows, at.webinar, revision, q.GetNumber(), *row.MergedInto); err != nil {
					return err
				}
			}
			return rows.QuestionReopen(ctx, store.QuestionReopenParams{WebinarID: at.webinar, Number: q.GetNumber(), Revision: revision})
		},
	})
	if err == nil {
		s.tellMine(ctx, at.webinar, author)
	}
	return done, err
}

func (s *server) unmerge(ctx context.Context, rows *store.Queries, webinar uuid.UUID, revision, number, from int32) error {
	into, err := rows.QuestionGet(ctx, store.QuestionGetParams{WebinarID: webinar, Number: from})
	if err != nil {
		return fmt.Errorf("read question: %w", err)
	}
	if into.State == questionMerged { // its votes went on to a third
		return errs.New(errs.Conflict, "question.merged_on", "Reopen the question first that this one was merged into.")
	}
	if err := rows.VoteUnmerge(ctx, store.VoteUnmergeParams{WebinarID: webinar, IntoNumber: from, Number: number}); err != nil {
		return fmt.Errorf("take votes back: %w", err)
	}
	return rows.QuestionTally(ctx, store.QuestionTallyParams{WebinarID: webinar, Number: from, Revision: revision})
}

func (s *server) merge(ctx context.Context, at stage, q *livewebinarpb.QuestionMergeRequest) (proto.Message, error) {
	if q.GetNumber() == q.GetInto() {
		return nil, errs.New(errs.Invalid, "question.same", "Choose another question to merge with.")
	}
	into := q.GetInto()
	done, author, err := s.moved(ctx, at, q.GetNumber(), move{
		to: questionMerged, from: []string{questionOpen, questionAnswering},
		do: func(ctx context.Context, rows *store.Queries, revision int32, _ store.QuestionGetRow) error {
			other, err := rows.QuestionGet(ctx, store.QuestionGetParams{WebinarID: at.webinar, Number: into})
			if err != nil {
				return notFound(err, errNoQuestion())
			}
			if !slices.Contains([]string{questionOpen, questionAnswering, questionAnswered}, other.State) {
				return errQuestionState()
			}
			if err := rows.VoteMerge(ctx, store.VoteMergeParams{WebinarID: at.webinar, IntoNumber: into, Number: q.GetNumber()}); err != nil {
				return fmt.Errorf("unite votes: %w", err)
			}
			if err := rows.QuestionTally(ctx, store.QuestionTallyParams{WebinarID: at.webinar, Number: into, Revision: revision}); err != nil {
				return fmt.Errorf("count votes: %w", err)
			}
			return rows.QuestionMove(ctx, store.QuestionMoveParams{
				WebinarID: at.webinar, Number: q.GetNumber(), State: questionMerged, MergedInto: &into, Revision: revision,
			})
		},
	})
	if err == nil {
		s.tellMine(ctx, at.webinar, author)
	}
	return done, err
}
