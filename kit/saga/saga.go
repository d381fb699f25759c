// Package saga drives work that takes several services and may stop at any point: a webinar's start, its end.
//
// Why an engine: each step is a short transaction, but the whole cannot be one. So everything that happens to a saga is
// an event in the stream saga/<name>/<id>, appended in the transaction of the step itself. Whatever is killed, whenever,
// the events alone say what is done and what comes next, and any instance continues:
//
//	begun ──> running ──Do──────────────> done ──> running (next step) … ──> completed
//	            │  ^                        ^
//	            │  └─ failed, again later   │ reply
//	            ├──Request──> waiting ──────┘
//	            │                │ timeout, refusal
//	            │                v
//	            └─ failed for good ──> compensating ──compensated (each step, backwards)──> cancelled, with the reason
//
// Table saga.run is only the alarm clock and the lock: who works on which saga (a lease, and a token that grows with
// each claim, checked in every transaction: an instance that was frozen and wakes up cannot act), and when to look
// again. Appending with the expected version is the second fence.
//
// A step is done exactly once as far as it writes through its transaction. A request may be sent again after a timeout,
// so the one who is asked must answer a repeated request like the first.
package saga

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/rounds-cme/rounds/kit/eventlog"
)

// Definition is a saga: its name and its steps in order. To change a saga that is under way, only add steps at the end.
type Definition struct {
	Name    string
	Steps   []Step
	Forward bool // it must reach its end: no operator can turn it round
	Again   bool // one that was undone may be begun again, with its first step
}

// Step does something here (Do), or asks somebody (Request) and waits for the answer (Reply), or both in one transaction.
type Step struct {
	Name       string
	Do         func(ctx context.Context, tx pgx.Tx, s *State) error
	Request    func(s *State) eventlog.Event
	Reply      Reply
	Timeout    time.Duration // for the reply; 10 s
	Retry      Retry
	Compensate func(ctx context.Context, tx pgx.Tx, s *State) error // undoes the step; must bear a step that did not happen
	NoReturn   bool                                                 // once it is here, no operator can turn the saga round
}

// Reply tells which events answer a Request, and to which saga they belong.
type Reply struct {
	Done    string                     // event type that says yes
	Refused string                     // event type that says no, at once; may be empty
	ID      func(proto.Message) string // id of the saga from the event
	Keep    func(proto.Message, *State)
	Reason  func(proto.Message) string // of a refusal
}

// Retry is how often a step is tried, and how long the first pause is; each pause is twice the one before, up to a minute.
type Retry struct {
	Attempts int           // 5
	Pause    time.Duration // 1 s
}

// Fatal marks an error of Do after which trying again is pointless: the saga compensates at once.
func Fatal(err error) error { return fatal{err} }

type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

func (r Retry) pause(attempt int) time.Duration {
	first := r.Pause
	if first <= 0 {
		first = time.Second
	}
	return min(first<<min(attempt-1, 20), time.Minute)
}

func (r Retry) over(attempt int) bool {
	if r.Attempts <= 0 {
		return attempt >= 5
	}
	return attempt >= r.Attempts
}

func (s Step) timeout() time.Duration {
	if s.Timeout <= 0 {
		return 10 * time.Second
	}
	return s.Timeout
}

func (d Definition) check() error {
	if d.Name == "" || len(d.Steps) == 0 {
		return errors.New("a saga needs a name and steps")
	}
	seen := map[string]bool{}
	for _, s := range d.Steps {
		switch {
		case s.Name == "" || seen[s.Name]:
			return fmt.Errorf("saga %s: step %q needs a name of its own", d.Name, s.Name)
		case s.Do == nil && s.Request == nil:
			return fmt.Errorf("saga %s: step %s does nothing", d.Name, s.Name)
		case s.Request != nil && (s.Reply.Done == "" || s.Reply.ID == nil):
			return fmt.Errorf("saga %s: step %s asks and does not say what answers", d.Name, s.Name)
		}
		seen[s.Name] = true
	}
	return nil
}

// Phase is a place in a transaction where a test may kill the process.
type Phase string

// The phases of each transition.
const (
	BeforeAppend Phase = "before append"
	BeforeCommit Phase = "after append, before commit"
	AfterCommit  Phase = "after commit"
)

// Phases lists them all, for tests.
func Phases() []Phase { return []Phase{BeforeAppend, BeforeCommit, AfterCommit} }

// CrashPoint is called at each phase of each transition; entry is "<event>" or "<event> <step>", such as "done open".
type CrashPoint func(saga, entry string, phase Phase)
