package saga

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/rounds-cme/rounds/kit/eventlog"
)

// The engine's own events.
const (
	begun       = "saga.begun"
	requested   = "saga.requested"
	done        = "saga.done"
	failed      = "saga.failed"
	compensated = "saga.compensated"
	completed   = "saga.completed"
	cancelled   = "saga.cancelled"
	hurried     = "saga.hurried"
)

// Types are the engine's events, to be given to eventlog.New beside the catalogue. Their payload is plain JSON.
func Types() eventlog.Types {
	t := eventlog.Types{}
	for _, key := range []string{begun, requested, done, failed, compensated, completed, cancelled, hurried} {
		t[key] = &structpb.Struct{}
	}
	return t
}

// Status is where a saga stands.
type Status string

// The statuses, as drawn in the package documentation.
const (
	Running      Status = "running"
	Waiting      Status = "waiting"
	Compensating Status = "compensating"
	Completed    Status = "completed"
	Cancelled    Status = "cancelled"
)

// State is what the events of one saga add up to. Steps may read all of it and change Data.
type State struct {
	Name    string
	ID      string
	Data    map[string]string // the input, and what steps added
	Status  Status
	Step    int       // index of the step that is next, or under way, or being compensated
	Attempt int       // attempts so far at that step
	Wake    time.Time // when to look again
	Reason  string    // of the last failure
	Version int       // of the stream
}

// Over tells whether nothing will happen to the saga any more.
func (s *State) Over() bool { return s.Status == Completed || s.Status == Cancelled }

// Stream is where a saga's events are.
func Stream(name, id string) string { return "saga/" + name + "/" + id }

// entry is the payload of the engine's events.
type entry struct {
	Step    string            `json:"step,omitempty"`
	Attempt int               `json:"attempt,omitempty"`
	Reason  string            `json:"reason,omitempty"`
	Data    map[string]string `json:"data,omitempty"`
	Wake    time.Time         `json:"wake,omitzero"`     // deadline of a request, or when to try again
	Final   bool              `json:"final,omitempty"`   // the failure turns the saga round
	Undoing bool              `json:"undoing,omitempty"` // the failure happened while compensating
	By      string            `json:"by,omitempty"`      // the operator who did it by hand
}

// reason says what went wrong, also where the reason of the whole saga is another.
func (e entry) reason() string {
	if e.Undoing {
		return e.Data["undo"]
	}
	return e.Reason
}

func (e entry) event(s *State, kind string) (eventlog.Event, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return eventlog.Event{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	m := &structpb.Struct{}
	if err := protojson.Unmarshal(text, m); err != nil {
		return eventlog.Event{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	return eventlog.Event{Stream: Stream(s.Name, s.ID), ExpectedVersion: s.Version, Type: kind, Message: m}, nil
}

// fold adds the events up. It is the only reading of them, so a replay always gives the same state.
func (d Definition) fold(id string, records []eventlog.Record) (*State, error) {
	s := &State{Name: d.Name, ID: id, Data: map[string]string{}}
	for _, r := range records {
		var e entry
		if err := json.Unmarshal(r.Payload, &e); err != nil {
			return nil, fmt.Errorf("decode event %d (%s): %w", r.Pos, r.Type, err)
		}
		if err := d.apply(s, r.Type, e); err != nil {
			return nil, fmt.Errorf("event %d (%s): %w", r.Pos, r.Type, err)
		}
		s.Version = r.Version
	}
	return s, nil
}

func (d Definition) apply(s *State, kind string, e entry) error {
	step := slices.IndexFunc(d.Steps, func(step Step) bool { return step.Name == e.Step })
	if step < 0 && e.Step != "" {
		return fmt.Errorf("saga %s has no step %q any more", d.Name, e.Step)
	}
	if kind == begun { // also again, after it was undone
		*s = State{Name: s.Name, ID: s.ID, Version: s.Version, Data: map[string]string{}}
	}
	maps.Copy(s.Data, e.Data)
	if e.Reason != "" {
		s.Reason = e.Reason
	}
	switch kind {
	case begun:
		s.Status = Running
	case requested:
		s.Status, s.Attempt, s.Wake = Waiting, e.Attempt, e.Wake
	case done:
		s.Status, s.Step, s.Attempt, s.Wake = Running, step+1, 0, time.Time{}
	case failed:
		d.fail(s, step, e)
	case compensated:
		s.Step, s.Attempt, s.Wake = step-1, 0, time.Time{}
	case hurried:
		if s.Wake = (time.Time{}); s.Status == Waiting {
			s.Status = Running // it asks again
		}
	case completed:
		s.Status = Completed
	case cancelled:
		s.Status = Cancelled
	default:
		return fmt.Errorf("not an event of a saga")
	}
	return nil
}

// fail tries again, or turns round. A local step that failed left nothing; one that asked may have been heard.
func (d Definition) fail(s *State, step int, e entry) {
	s.Attempt, s.Wake = e.Attempt, e.Wake
	switch {
	case e.Undoing:
	case e.Final:
		s.Status, s.Attempt, s.Wake = Compensating, 0, time.Time{}
		if d.Steps[step].Request == nil {
			s.Step = step - 1
		}
	default:
		s.Status = Running
	}
}
