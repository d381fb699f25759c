// Package errs is the one error type of Rounds.
//
// Why one: an error has three readers who want different things. A program wants a Kind (may I
// retry, is it the caller's fault), a person wants a sentence, and the operator wants the cause.
// Keeping the three apart in one value means that no cause can reach a person by accident, and
// that a form, a JSON client and a gRPC peer all hear the same code.
//
// Errors are wrapped on the way up with fmt.Errorf and %w, and rendered once, at the edge:
//
//	cause ──Wrap──> *Error ──ToStatus──> gRPC ──FromStatus──> *Error ──ProblemOf──> JSON or page
package errs

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// Error is what went wrong. Build it with New or Wrap, never as a literal.
type Error struct {
	Kind     Kind
	Code     string // stable; also the key `err.<code>` of the message catalogues
	Sentence string // for people, in English; catalogues translate it by Code
	Fields   []Field
	Args     map[string]string // values for the translated sentence, such as a limit
	Retry    time.Duration     // when trying again makes sense; zero if unknown

	cause error // for the log only
}

// Field says what is wrong with one input, beside which the message is shown.
type Field struct {
	Name    string `json:"name"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Codes that this package gives to errors that nobody described.
const (
	CodeInternal    = "internal"
	CodeUnavailable = "unavailable"
	CodeDeadline    = "deadline"
	CodeCanceled    = "canceled"
	CodeInput       = "input.invalid"
	CodeText        = "input.text"
)

// New makes an error without a cause: the rule itself is the reason.
func New(kind Kind, code, sentence string) *Error {
	return &Error{Kind: kind, Code: code, Sentence: sentence}
}

// Wrap gives a cause its kind, code and sentence. The cause goes to the log, never to a person.
func Wrap(cause error, kind Kind, code, sentence string) *Error {
	return &Error{Kind: kind, Code: code, Sentence: sentence, cause: cause}
}

// Field adds a field error to e and returns e, so that calls chain.
// Add fields to a fresh error only, never to one kept in a variable of a package.
func (e *Error) Field(name, code, message string) *Error {
	e.Fields = append(e.Fields, Field{Name: name, Code: code, Message: message})
	return e
}

// With adds a value that the translated sentence mentions.
func (e *Error) With(name, value string) *Error {
	if e.Args == nil {
		e.Args = map[string]string{}
	}
	e.Args[name] = value
	return e
}

// After says when trying again makes sense; the web answers it as Retry-After.
func (e *Error) After(d time.Duration) *Error {
	e.Retry = d
	return e
}

// Error is the text for the log: code, sentence and cause.
func (e *Error) Error() string {
	text := e.Code + ": " + e.Sentence
	for _, f := range e.Fields {
		text += " [" + f.Name + " " + f.Code + "]"
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// Is lets errors.Is compare by code, also after the error crossed gRPC.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// clone is a copy that shares nothing with e that a caller could change.
func (e *Error) clone() *Error {
	c := *e
	c.Fields = slices.Clone(e.Fields)
	c.Args = maps.Clone(e.Args)
	return &c
}

// Of finds the Error in err's chain. It is nil only for a nil err: an error that nobody described
// is internal, and the whole chain is kept as the cause so that the log loses nothing.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) && e != nil {
		if err == error(e) { //nolint:errorlint // This very value, not one around it.
			return e
		}
		outer := e.clone()
		outer.cause = err
		return outer
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap(err, Unavailable, CodeDeadline, Deadline)
	case errors.Is(err, context.Canceled):
		return Wrap(err, Unavailable, CodeCanceled, Canceled)
	}
	if st, ok := foreign(err); ok {
		return st
	}
	if unstorable(err) {
		return Wrap(err, Invalid, CodeText, Text)
	}
	return Wrap(err, Internal, CodeInternal, Sorry)
}

// unstorable tells that PostgreSQL refused a text for its characters: a zero, or bytes that are no UTF-8. Both come from
// outside only, through any field of any request, so they are told apart here and not in each handler.
func unstorable(err error) bool {
	var refused interface{ SQLState() string }
	if !errors.As(err, &refused) {
		return false
	}
	const notInRepertoire, untranslatable = "22021", "22P05"
	return refused.SQLState() == notInRepertoire || refused.SQLState() == untranslatable
}

// KindOf is the kind of err; Internal for an error that nobody described.
func KindOf(err error) Kind { return Of(err).kind() }

func (e *Error) kind() Kind {
	if e == nil {
		return Internal
	}
	return e.Kind
}

// HasCode reports whether err carries the code.
func HasCode(err error, code string) bool { return err != nil && Of(err).Code == code }

// Fields collects what is wrong with a form before it is refused as a whole.
type Fields []Field

// Add notes one wrong field.
func (f *Fields) Add(name, code, message string) {
	*f = append(*f, Field{Name: name, Code: code, Message: message})
}

// Err is nil when nothing was wrong.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	e := New(Invalid, CodeInput, CheckFields)
	e.Fields = slices.Clone(f)
	return e
}
