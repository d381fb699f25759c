package livewebinar

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// light is what thousands do at once: a vote, a reaction, an answer to a poll, a hand. All that waited is written with one
// statement of each kind and confirmed when it is committed; what it adds up to is counted and told once a second.
type light struct {
	kind    lightKind
	account uuid.UUID
	number  int32 // of the question, the poll or the message
	on      bool
	what    string // the kind of a reaction, or the name of who raises a hand
	options []int32
	at      time.Time

	refused error
	done    chan error
}

type lightKind int

const (
	lightVote lightKind = iota + 1
	lightReaction
	lightAnswer
	lightHand
)

// lightly writes such a thing and says whether it counts.
func (b *board) lightly(ctx context.Context, l *light) error {
	l.done = make(chan error, 1)
	b.writing.Lock()
	if len(b.light) >= mostPatience*5 {
		b.writing.Unlock()
		return errBusy()
	}
	b.light = append(b.light, l)
	b.beatLocked()
	b.writing.Unlock()
	select {
	case err := <-l.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("write lightly: %w", ctx.Err())
	}
}

// lightKey is what can be said once: of two in one pulse the later one holds.
type lightKey struct {
	kind    lightKind
	account uuid.UUID
	number  int32
	what    string
}

func (l *light) key() lightKey {
	k := lightKey{kind: l.kind, account: l.account, number: l.number}
	if l.kind == lightReaction {
		k.what = l.what
	}
	return k
}

// writeLight runs under the lock of the board, so what it looks at stays so.
func (b *board) writeLight(ctx context.Context, tx pgx.Tx, dirty bool, list []*light) error {
	if len(list) == 0 {
		return nil
	}
	q := store.New(tx)
	wrote := false
	for kind, do := range map[lightKind]func(context.Context, *store.Queries, []*light) (bool, error){
		lightVote: b.writeVotes, lightReaction: b.writeReactions, lightAnswer: b.writeAnswers, lightHand: b.writeHands,
	} {
		some := ofKind(list, kind)
		if len(some) == 0 {
			continue
		}
		did, err := do(ctx, q, some)
		if err != nil {
			return err
		}
		wrote = wrote || did
	}
	if wrote && !dirty {
		return q.BoardSoil(ctx, store.BoardSoilParams{WebinarID: b.webinar, Dirty: true})
	}
	return nil
}

func ofKind(list []*light, kind lightKind) []*light {
	var some []*light
	for _, l := range list {
		if l.kind == kind {
			l.refused = nil // the transaction may run again
			some = append(some, l)
		}
	}
	return some
}

// last leaves out what was refused and what was said anew within the pulse.
func last(list []*light) []*light {
	newest := map[lightKey]*light{}
	for _, l := range list {
		newest[l.key()] = l
	}
	return slices.DeleteFunc(slices.Clone(list), func(l *light) bool { return l.refused != nil || newest[l.key()] != l })
}

func numbersOf(list []*light) []int32 {
	numbers := make([]int32, len(list))
	for i, l := range list {
		numbers[i] = l.number
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

func (b *board) writeVotes(ctx context.Context, q *store.Queries, list []*light) (bool, error) {
	rows, err := q.QuestionStates(ctx, store.QuestionStatesParams{WebinarID: b.webinar, Numbers: numbersOf(list)})
	if err != nil {
		return false, fmt.Errorf("read questions: %w", err)
	}
	known := map[int32]store.QuestionStatesRow{}
	for _, row := range rows {
		known[row.Number] = row
	}
	for _, l := range list {
		row, ok := known[l.number]
		switch {
		case !ok:
			l.refused = errNoQuestion()
		case row.AccountID == l.account:
			l.refused = errs.New(errs.Conflict, "question.own", "This is your own question.")
		case row.State != questionOpen && row.State != questionAnswering:
			l.refused = errQuestionState()
		}
	}
	list = last(list)
	add, remove := store.VoteAddParams{WebinarID: b.webinar}, store.VoteRemoveParams{WebinarID: b.webinar}
	for _, l := range list {
		if l.on {
			add.Numbers, add.AccountIds = append(add.Numbers, l.number), append(add.AccountIds, l.account)
		} else {
			remove.Numbers, remove.AccountIds = append(remove.Numbers, l.number), append(remove.AccountIds, l.account)
		}
	}
	if len(list) == 0 {
		return false, nil
	}
	if err := q.VoteAdd(ctx, add); err != nil {
		return false, fmt.Errorf("add votes: %w", err)
	}
	if err := q.VoteRemove(ctx, remove); err != nil {
		return false, fmt.Errorf("take votes back: %w", err)
	}
	return true, q.QuestionSoil(ctx, store.QuestionSoilParams{WebinarID: b.webinar, Numbers: numbersOf(list)})
}

func (b *board) writeReactions(ctx context.Context, q *store.Queries, list []*light) (bool, error) {
	living, err := q.MessageLiving(ctx, store.MessageLivingParams{WebinarID: b.webinar, Sequences: numbersOf(list)})
	if err != nil {
		return false, fmt.Errorf("read messages: %w", err)
	}
	for _, l := range list {
		if !slices.Contains(living, l.number) {
			l.refused = errNoMessage()
		}
	}
	list = last(list)
	if len(list) == 0 {
		return false, nil
	}
	add, remove := store.ReactionAddParams{WebinarID: b.webinar}, store.ReactionRemoveParams{WebinarID: b.webinar}
	for _, l := range list {
		if l.on {
			add.Sequences, add.AccountIds, add.Kinds = append(add.Sequences, l.number), append(add.AccountIds, l.account), append(add.Kinds, l.what)
		} else {
			remove.Sequences, remove.AccountIds = append(remove.Sequences, l.number), append(remove.AccountIds, l.account)
			remove.Kinds = append(remove.Kinds, l.what)
		}
	}
	if err := q.ReactionAdd(ctx, add); err != nil {
		return false, fmt.Errorf("add reactions: %w", err)
	}
	if err := q.ReactionRemove(ctx, remove); err != nil {
		return false, fmt.Errorf("take reactions back: %w", err)
	}
	return true, q.MessageReacted(ctx, store.MessageReactedParams{WebinarID: b.webinar, Sequences: numbersOf(list)})
}

func (b *board) writeAnswers(ctx context.Context, q *store.Queries, list []*light) (bool, error) {
	rows, err := q.PollStates(ctx, store.PollStatesParams{WebinarID: b.webinar, Numbers: numbersOf(list)})
	if err != nil {
		return false, fmt.Errorf("read polls: %w", err)
	}
	known := map[int32]store.PollStatesRow{}
	for _, row := range rows {
		known[row.Number] = row
	}
	for _, l := range list {
		l.refused = answerable(known[l.number], l.options)
	}
	list = last(list)
	if len(list) == 0 {
		return false, nil
	}
	set := store.PollAnswerSetParams{WebinarID: b.webinar}
	for _, l := range list {
		set.Numbers, set.AccountIds = append(set.Numbers, l.number), append(set.AccountIds, l.account)
		set.Options = append(set.Options, "{"+strings.Trim(strings.ReplaceAll(fmt.Sprint(l.options), " ", ","), "[]")+"}")
	}
	if err := q.PollAnswerSet(ctx, set); err != nil {
		return false, fmt.Errorf("write answers: %w", err)
	}
	return true, q.PollSoil(ctx, store.PollSoilParams{WebinarID: b.webinar, Numbers: numbersOf(list)})
}

// answerable tells why an answer cannot be taken; a poll that is not there is the zero row.
func answerable(poll store.PollStatesRow, options []int32) error {
	switch {
	case poll.State != pollOpen && poll.State != pollClosed:
		return errNoPoll()
	case poll.State == pollClosed:
		return errs.New(errs.Conflict, "poll.closed", "This poll is closed.")
	case len(options) == 0 || len(options) > 1 && !poll.Multiple || options[0] < 0 || options[len(options)-1] >= poll.Options:
		return errs.New(errs.Invalid, "poll.choice", "Choose among the options of the poll.")
	default:
		return nil
	}
}

func (b *board) writeHands(ctx context.Context, q *store.Queries, list []*light) (bool, error) {
	up, down := store.HandRaiseParams{WebinarID: b.webinar}, store.HandLowerParams{WebinarID: b.webinar}
	for _, l := range last(list) {
		if l.on {
			up.AccountIds, up.Names, up.RaisedAts = append(up.AccountIds, l.account), append(up.Names, l.what), append(up.RaisedAts, l.at)
		} else {
			down.AccountIds = append(down.AccountIds, l.account)
		}
	}
	raised, err := q.HandRaise(ctx, up)
	if err != nil {
		return false, fmt.Errorf("raise hands: %w", err)
	}
	lowered, err := q.HandLower(ctx, down)
	if err != nil {
		return false, fmt.Errorf("lower hands: %w", err)
	}
	return raised+lowered > 0, nil
}

// count makes what was written lightly into a revision.
func (b *board) count(ctx context.Context) error {
	_, err := b.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		q := store.New(tx)
		if row, err := q.BoardLock(ctx, b.webinar); err != nil || !row.Dirty {
			return cmpErr(err, errUnchanged) // another instance was faster
		}
		polls, err := q.PollCount(ctx, store.PollCountParams{WebinarID: b.webinar, Revision: revision})
		if err != nil {
			return fmt.Errorf("count answers: %w", err)
		}
		most := polls
		for _, count := range []func() (int64, error){
			func() (int64, error) {
				return q.MessageCount(ctx, store.MessageCountParams{WebinarID: b.webinar, Revision: revision, AtMost: mostCounted})
			},
			func() (int64, error) {
				return q.QuestionCount(ctx, store.QuestionCountParams{WebinarID: b.webinar, Revision: revision, AtMost: mostCounted})
			},
			func() (int64, error) {
				return q.HandCount(ctx, store.HandCountParams{WebinarID: b.webinar, Revision: revision, AtMost: 10 * mostCounted})
			},
		} {
			n, err := count()
			if err != nil {
				return fmt.Errorf("count: %w", err)
			}
			most = max(most, n)
		}
		return q.BoardSoil(ctx, store.BoardSoilParams{WebinarID: b.webinar, Dirty: most >= mostCounted})
	})
	return err
}

func cmpErr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
