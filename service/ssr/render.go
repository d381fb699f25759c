package ssr

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/page/failure"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

const carryWithin = 30 * time.Second

// show answers a page. It is made whole before its first byte is sent, so that what fails on the
// way becomes an error page and never half a page.
func (s *server) show(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	b := templ.GetBuffer() // of a pool: a page has some 60 kB
	defer templ.ReleaseBuffer(b)
	if err := page.Render(r.Context(), b); err != nil {
		return fmt.Errorf("render %s: %w", r.Pattern, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	h.Add("Vary", "Cookie, Accept-Language")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	if err != nil {
		obs.Event(r.Context()).Set("gone", true) // the reader has left
	}
	return nil
}

// renderError shows an error as a page: what happened, what one can do, the id to quote.
func (s *server) renderError(w http.ResponseWriter, r *http.Request, status int, e *errs.Error) error {
	if _, made := reader.Made(r.Context()); !made {
		r = s.reader.Make(w, r)
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.show(w, r, status, failure.Page(failure.View{Status: status, Error: e}))
}

// denied sends who is not logged in to the login, or first to where an old token becomes a new one;
// who is logged in and may not, is told.
func (s *server) denied(w http.ResponseWriter, r *http.Request, denied *errs.Error) error {
	if denied.Kind != errs.Unauthenticated {
		return denied
	}
	to := "/login"
	if _, err := r.Cookie(web.AccessCookie); err == nil {
		to = "/auth/refresh"
	}
	switch {
	case r.Method == http.MethodGet:
		http.Redirect(w, r, web.WithNext(to, r), http.StatusSeeOther)
	case r.Method == http.MethodPost && to == "/auth/refresh":
		return s.carry(w, r, web.WithNext(to, r))
	default:
		return denied
	}
	return nil
}

// carry sends a form on with all that was typed; it comes back from there with it. It is read first, because a browser that is
// still sending would not see the answer.
func (s *server) carry(w http.ResponseWriter, r *http.Request, to string) error {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(carryWithin)) // not every writer knows deadlines
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, uploadBody)); err != nil {
		return fmt.Errorf("read a form that goes on: %w", err)
	}
	return web.Repeat(w, r, to, "/")
}

// static serves the built style sheet, scripts and fonts.
func (s *server) static(w http.ResponseWriter, r *http.Request) error {
	if !s.assets.Serve(w, r) {
		return errs.New(errs.NotFound, "http.not_found", "There is no page at this address.")
	}
	return nil
}
