package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
)

// Renderer shows an error with a status. ssr renders a page, everything else a problem.
type Renderer func(w http.ResponseWriter, r *http.Request, status int, e *errs.Error) error

// RenderProblem answers application/problem+json.
func RenderProblem(w http.ResponseWriter, r *http.Request, status int, e *errs.Error) error {
	p := errs.ProblemOf(e, obs.Trace(r.Context()))
	p.Status, p.Title = status, http.StatusText(status)
	return p.Write(w)
}

// statusError has a status of HTTP that no kind stands for.
type statusError struct {
	status int
	err    *errs.Error
}

func (s *statusError) Error() string { return s.err.Error() }
func (s *statusError) Unwrap() error { return s.err }

// StatusOf is the status that an error is answered with.
func StatusOf(err error) int {
	var s *statusError
	if errors.As(err, &s) {
		return s.status
	}
	return errs.HTTPStatus(errs.KindOf(described(err)))
}

// described gives the errors of net/http itself their kind.
func described(err error) error {
	var known *errs.Error
	if errors.As(err, &known) {
		return err
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return errs.Wrap(err, errs.TooLarge, "http.too_large", "This is too large.").With("limit", size(large.Limit))
	}
	return err
}

func tooLarge(limit int64) error {
	return errs.New(errs.TooLarge, "http.too_large", "This is too large.").With("limit", size(limit))
}

func size(bytes int64) string {
	if bytes >= 1<<20 {
		return strconv.FormatInt(bytes>>20, 10) + " MB"
	}
	return strconv.FormatInt(bytes>>10, 10) + " kB"
}

type failureKey struct{}

// fail notes an error for the log and renders it, if nothing was written yet.
func (m *Mux) fail(w http.ResponseWriter, r *http.Request, err error) {
	err = described(err)
	note(r.Context(), err)
	if begun(w) {
		return
	}
	e := errs.Of(err)
	h := w.Header()
	// What the handler prepared for its own answer does not fit the error.
	for _, name := range []string{"Content-Encoding", "Content-Length", "Content-Disposition", "ETag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	if after := e.RetryAfter(); after != "" {
		h.Set("Retry-After", after)
	}
	if shown := m.show(w, r, StatusOf(err), e); shown != nil {
		note(r.Context(), fmt.Errorf("render an error: %w (the error: %w)", shown, err))
		if !begun(w) {
			_ = RenderProblem(w, r, http.StatusInternalServerError, errs.New(errs.Internal, errs.CodeInternal, errs.Sorry))
		}
	}
}

// show calls the renderer, which is code with pages in it and may panic itself.
func (m *Mux) show(w http.ResponseWriter, r *http.Request, status int, e *errs.Error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = obs.Event(r.Context()).Panic(cause)
		}
	}()
	return m.o.Render(w, r, status, e)
}

// note keeps the error for the line in the log.
func note(ctx context.Context, err error) {
	if place, ok := ctx.Value(failureKey{}).(*error); ok {
		*place = err
	}
}
