package errs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rounds-cme/rounds/kit/errs"
)

func TestOfFindsTheErrorInTheChain(t *testing.T) {
	t.Parallel()
	if errs.Of(nil) != nil || errs.FromStatus(nil) != nil {
		t.Fatal("nil is not an error")
	}
	base := errs.New(errs.Conflict, "account.email_taken", "Taken.")
	wrapped := fmt.Errorf("register: %w", base)
	got := errs.Of(wrapped)
	if got.Kind != errs.Conflict || got.Code != "account.email_taken" || got.Sentence != "Taken." {
		t.Fatalf("got %+v", got)
	}
	if !strings.Contains(got.Error(), "register: ") {
		t.Errorf("the way up is lost: %s", got)
	}
	if !errors.Is(wrapped, base) || !errs.HasCode(wrapped, base.Code) || errs.HasCode(nil, "") {
		t.Error("comparison by code")
	}
}

func TestUnknownErrorsAreInternalAndSilent(t *testing.T) {
	t.Parallel()
	e := errs.Of(errors.New("SELECT secret FROM account"))
	if e.Kind != errs.Internal || e.Code != errs.CodeInternal || e.Sentence != errs.Sorry {
		t.Fatalf("got %+v", e)
	}
	for err, code := range map[error]string{context.DeadlineExceeded: errs.CodeDeadline, context.Canceled: errs.CodeCanceled} {
		if e := errs.Of(fmt.Errorf("x: %w", err)); e.Kind != errs.Unavailable || e.Code != code {
			t.Errorf("%v became %+v", err, e)
		}
	}
}

type sqlError string

func (s sqlError) Error() string    { return "SQL" }
func (s sqlError) SQLState() string { return string(s) }

func TestTextThatCannotBeStoredIsWrongInput(t *testing.T) {
	t.Parallel()
	for state, want := range map[sqlError]errs.Kind{"22021": errs.Invalid, "22P05": errs.Invalid, "23505": errs.Internal} {
		if e := errs.Of(fmt.Errorf("insert: %w", state)); e.Kind != want {
			t.Errorf("%s became %+v", string(state), e)
		}
	}
}

// Every kind must survive the way over gRPC, with code, sentence, fields, arguments and retry.
func TestAnErrorCrossesGRPC(t *testing.T) {
	t.Parallel()
	for _, kind := range errs.Kinds() {
		sent := errs.Wrap(errors.New("CAUSE"), kind, "some.code", "Čakaj, prosim.").
			Field("email", "email.bad", "Not an address.").With("limit", "10 MB").After(90 * time.Second)
		st := errs.ToStatus(fmt.Errorf("on the way: %w", sent))
		if strings.Contains(fmt.Sprint(st.Proto()), "CAUSE") {
			t.Errorf("%v: the cause crossed", kind)
		}
		got := errs.Of(errs.FromStatus(st.Err()))
		if got.Kind != kind || got.Code != sent.Code || got.Sentence != sent.Sentence || got.Retry != sent.Retry ||
			len(got.Fields) != 1 || got.Fields[0] != sent.Fields[0] || got.Args["limit"] != "10 MB" || len(got.Args) != 1 {
			t.Errorf("%v became %+v", kind, got)
		}
	}
	if errs.ToStatus(nil).Code() != codes.OK {
		t.Error("nil is OK")
	}
}

func TestForeignStatusKeepsItsTextFromPeople(t *testing.T) {
	t.Parallel()
	for code, want := range map[codes.Code]errs.Kind{
		codes.Unavailable: errs.Unavailable, codes.DeadlineExceeded: errs.Unavailable, codes.Canceled: errs.Unavailable,
		codes.PermissionDenied: errs.Forbidden, codes.Aborted: errs.Conflict, codes.AlreadyExists: errs.Conflict,
		codes.ResourceExhausted: errs.TooMany, codes.OutOfRange: errs.Invalid, codes.Unknown: errs.Internal,
		codes.DataLoss: errs.Internal, codes.Unimplemented: errs.Internal, codes.Code(99): errs.Internal,
	} {
		e := errs.Of(errs.FromStatus(status.Error(code, "dial tcp 10.0.0.7:5432: refused")))
		if e.Kind != want || strings.Contains(e.Sentence, "10.0") || !strings.Contains(e.Error(), "10.0") {
			t.Errorf("%v became %v %q", code, e.Kind, e.Sentence)
		}
	}
}

func TestInvalidUTF8DoesNotReplaceTheError(t *testing.T) {
	t.Parallel()
	e := errs.New(errs.Invalid, "input.invalid", "Bad \xff").Field("na\xffme", "x", "\xc3").With("v", "\xff")
	got := errs.Of(errs.FromStatus(errs.ToStatus(e).Err()))
	if got.Kind != errs.Invalid || len(got.Fields) != 1 {
		t.Fatalf("got %+v", got)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	var f errs.Fields
	if f.Err() != nil {
		t.Fatal("nothing was wrong")
	}
	f.Add("name", "name.missing", "Please tell us your name.")
	e := errs.Of(f.Err())
	if e.Kind != errs.Invalid || e.Code != errs.CodeInput || len(e.Fields) != 1 {
		t.Fatalf("got %+v", e)
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	err := errs.Wrap(errors.New("pq: secret"), errs.Invalid, "input.invalid", "Please check.").Field("a", "b", "<c>")
	if failed := errs.ProblemOf(err, "abc").Write(w); failed != nil {
		t.Fatal(failed)
	}
	if w.Code != 422 || w.Header().Get("Content-Type") != errs.ContentType || strings.Contains(w.Body.String(), "secret") {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	var got errs.Problem
	if failed := json.Unmarshal(w.Body.Bytes(), &got); failed != nil {
		t.Fatal(failed)
	}
	if got.Status != 422 || got.Code != "input.invalid" || got.RequestID != "abc" || got.Detail != "Please check." ||
		got.Type != "/problems/input.invalid" || got.Title == "" || len(got.Fields) != 1 {
		t.Fatalf("got %+v", got)
	}
	if p := errs.ProblemOf(nil, ""); p.Status != 500 {
		t.Error("a problem without an error is our mistake")
	}
}

func TestRetryAfterRoundsUp(t *testing.T) {
	t.Parallel()
	e := errs.New(errs.TooMany, "x", "y")
	if e.RetryAfter() != "" || e.After(1200*time.Millisecond).RetryAfter() != "2" {
		t.Error(e.RetryAfter())
	}
}
