package errs

import (
	"errors"
	"maps"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// domain marks status details as ours: only then is the message of a status fit for people.
const domain = "rounds"

// keyKind tells kinds apart that share a gRPC code; other keys with this prefix are reserved.
const keyKind = "rounds.kind"

// ToStatus makes the gRPC status of err. The cause stays here.
func ToStatus(err error) *status.Status {
	if err == nil {
		return status.New(codes.OK, "")
	}
	e := Of(err)
	code := e.Kind.trait().grpc
	switch e.Code {
	case CodeDeadline:
		code = codes.DeadlineExceeded
	case CodeCanceled:
		code = codes.Canceled
	}
	st := status.New(code, clean(e.Sentence))
	full, failed := st.WithDetails(e.details()...)
	if failed != nil { // only for code OK, which no kind has; the plain status still says it
		return st
	}
	return full
}

func (e *Error) details() []protoadapt.MessageV1 {
	meta := map[string]string{keyKind: e.Kind.String()}
	for name, value := range e.Args {
		meta[clean(name)] = clean(value)
	}
	list := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: clean(e.Code), Domain: domain, Metadata: meta}}
	if len(e.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, f := range e.Fields {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field: clean(f.Name), Reason: clean(f.Code), Description: clean(f.Message),
			})
		}
		list = append(list, bad)
	}
	if e.Retry > 0 {
		list = append(list, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.Retry)})
	}
	return list
}

// FromStatus turns an error of a gRPC call back into an *Error; nil stays nil. A status that Rounds
// did not write (gRPC itself, a proxy) keeps its kind, but its message becomes the cause, because it
// may name hosts.
func FromStatus(err error) error {
	if err == nil {
		return nil
	}
	return Of(err)
}

// foreign reads an error that carries a gRPC status.
func foreign(err error) (*Error, bool) {
	var holder interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &holder) {
		return nil, false
	}
	st := holder.GRPCStatus()
	if st == nil || st.Code() == codes.OK {
		return nil, false
	}
	kind := kindOfCode(st.Code())
	if strings.Contains(st.Message(), "message larger than max") { // how grpc-go itself refuses one
		kind = TooLarge
	}
	e := &Error{Kind: kind, Code: plainCode(st.Code(), kind), Sentence: plainSentence(st.Code(), kind), cause: err}
	for _, detail := range st.Details() {
		e.read(detail, st.Message())
	}
	return e, true
}

func (e *Error) read(detail any, message string) {
	switch d := detail.(type) {
	case *errdetails.ErrorInfo:
		if d.GetDomain() != domain {
			return
		}
		e.Code, e.Sentence = d.GetReason(), message
		if kind, ok := kindNamed(d.GetMetadata()[keyKind]); ok {
			e.Kind = kind
		}
		args := maps.Clone(d.GetMetadata())
		delete(args, keyKind)
		if len(args) > 0 {
			e.Args = args
		}
	case *errdetails.BadRequest:
		for _, v := range d.GetFieldViolations() {
			e.Fields = append(e.Fields, Field{Name: v.GetField(), Code: v.GetReason(), Message: v.GetDescription()})
		}
	case *errdetails.RetryInfo:
		e.Retry = max(d.GetRetryDelay().AsDuration(), 0).Round(time.Millisecond)
	}
}

func plainCode(c codes.Code, kind Kind) string {
	switch c {
	case codes.DeadlineExceeded:
		return CodeDeadline
	case codes.Canceled:
		return CodeCanceled
	}
	return kind.String()
}

func plainSentence(c codes.Code, kind Kind) string {
	switch c {
	case codes.DeadlineExceeded:
		return Deadline
	case codes.Canceled:
		return Canceled
	}
	return kind.trait().sentence
}

// clean keeps a hostile input from breaking the encoding: protobuf refuses invalid UTF-8, and the
// refusal would replace the error that the person should see.
func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
