package notificationcenter

import (
	"context"
	"errors"
	"time"
)

// gatherer asks for many in one statement: while one is under way the next questions gather, and a moment is waited for them, so the
// busier it is, the larger they are. Ten thousand reminders would be twenty thousand round trips and ten thousand waits for the disk
// otherwise, and a statement for ten costs the server nearly what one for a hundred does.
type gatherer[Q, A any] struct {
	in chan question[Q, A]
	// ask answers as many as it is asked. Two with the same key are never asked at once.
	ask func(context.Context, []Q) ([]A, error)
	key func(Q) any
}

type question[Q, A any] struct {
	q      Q
	answer chan<- answer[A]
}

type answer[A any] struct {
	a   A
	err error
}

const (
	mostGathered = 200
	gathers      = 10 * time.Millisecond
)

var errGathered = errors.New("an answer for each question was wanted")

func newGatherer[Q, A any](key func(Q) any, ask func(context.Context, []Q) ([]A, error)) *gatherer[Q, A] {
	return &gatherer[Q, A]{in: make(chan question[Q, A], mostGathered), ask: ask, key: key}
}

// of waits for the answer to one question.
func (g *gatherer[Q, A]) of(ctx context.Context, q Q) (A, error) {
	back := make(chan answer[A], 1)
	select {
	case g.in <- question[Q, A]{q, back}:
	case <-ctx.Done():
		return *new(A), ctx.Err()
	}
	got := <-back // It always comes: whoever asks is waited for before run ends.
	return got.a, got.err
}

// run answers until stop is closed, which is when nobody asks any more.
func (g *gatherer[Q, A]) run(stop <-chan struct{}) {
	var late []question[Q, A]
	for {
		group := late
		if len(group) == 0 {
			select {
			case <-stop:
				return
			case first := <-g.in:
				group = append(group, first)
			}
		}
		for over := time.After(gathers); over != nil && len(group) < mostGathered; {
			select {
			case next := <-g.in:
				group = append(group, next)
			case <-over:
				over = nil
			}
		}
		group, late = g.apart(group)
		g.answer(group)
	}
}

// apart leaves those whose key is there already to the next statement.
func (g *gatherer[Q, A]) apart(all []question[Q, A]) (now, late []question[Q, A]) {
	seen := map[any]bool{}
	for _, one := range all {
		if key := g.key(one.q); seen[key] {
			late = append(late, one)
		} else {
			seen[key] = true
			now = append(now, one)
		}
	}
	return now, late
}

func (g *gatherer[Q, A]) answer(group []question[Q, A]) {
	questions := make([]Q, len(group))
	for i, one := range group {
		questions[i] = one.q
	}
	answers, err := g.ask(context.Background(), questions) // of many, so no one's context: ask bounds its time
	if err == nil && len(answers) != len(questions) {
		err = errGathered
	}
	if err != nil && len(group) > 1 { // One that cannot be asked harms no other.
		for _, one := range group {
			g.answer([]question[Q, A]{one})
		}
		return
	}
	for i, one := range group {
		if err != nil {
			one.answer <- answer[A]{err: err}
		} else {
			one.answer <- answer[A]{a: answers[i]}
		}
	}
}
