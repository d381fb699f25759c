package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
)

// RequestID is the header that names a request to whoever has to report it. It is the trace id.
const RequestID = "X-Request-Id"

// NewServer gives a handler a server with the time-outs that net/http leaves out.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
	}
}

// ServeHTTP does what every request gets, whether a route matches or not.
func (m *Mux) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	started := time.Now()
	client, trusted := clientAddress(r, m.o.Trusted)
	ctx := withAddress(r.Context(), client)
	parent := ""
	if trusted {
		parent = r.Header.Get(obs.Header)
	}
	ctx, unit := obs.Start(obs.WithTraceparent(ctx, parent), m.o.Log, "http", "unmatched")
	r = r.WithContext(ctx)
	w := &recorder{ResponseWriter: rw}
	for name, values := range m.headers {
		w.Header()[name] = values
	}
	w.Header().Set(RequestID, obs.Trace(ctx))
	unit.Set("service", m.o.Name).Set("method", method(r)).Set("net", network(client))

	var failed error
	r = r.WithContext(context.WithValue(ctx, failureKey{}, &failed))
	if err := m.doorstep(r, client); err != nil {
		m.fail(w, r, err)
	} else {
		m.mux.ServeHTTP(w, r)
	}

	route := r.Pattern
	if route == "" || route == "/" {
		route = "unmatched"
	}
	unit.Name(route)
	unit.Set("status", w.code()).Set("bytes", w.bytes).End(failed)
	m.seconds.WithLabelValues(m.o.Name, route, strconv.Itoa(w.code())).Observe(time.Since(started).Seconds())
}

// doorstep is what is checked before a route is looked for.
func (m *Mux) doorstep(r *http.Request, client netip.Addr) error {
	if len(r.RequestURI) > maxURL || len(r.URL.RawQuery) > maxURL {
		return &statusError{http.StatusRequestURITooLong, errs.New(errs.Invalid, "http.url", "This address is too long.")}
	}
	if err := m.address.Take(limitKey(client)); err != nil {
		return err
	}
	if !text(r.URL.Path) {
		return errNoPage()
	}
	for name, values := range r.URL.Query() {
		if !text(name) || slices.ContainsFunc(values, func(value string) bool { return !text(value) }) {
			return errs.New(errs.Invalid, errs.CodeText, errs.Text)
		}
	}
	if err := m.origin.Check(r); err != nil {
		return crossOrigin(err)
	}
	return nil
}

// text tells whether something is what a browser sends: neither protobuf nor PostgreSQL take anything else as a text, and both
// would call it a failure of ours.
func text(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func crossOrigin(cause error) error {
	return errs.Wrap(cause, errs.Forbidden, "http.origin", "This request came from another site and was refused.")
}

// wrap makes a route's handler.
func (m *Mux) wrap(route *Route, h Handler) http.Handler {
	var inner http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		// Inside the compressor, which holds back what was written: only here is it known at once
		// whether the handler has begun.
		w := &recorder{ResponseWriter: rw}
		defer m.rescue(w, r)
		if err := m.enter(w, r, route, h); err != nil {
			m.fail(w, r, err)
		}
	})
	if route.raw {
		return inner
	}
	return m.compress(inner)
}

// rescue turns a panic into an answer. http.ErrAbortHandler is a handler's way to hang up.
func (m *Mux) rescue(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	m.fail(w, r, obs.Event(r.Context()).Panic(cause))
}

// enter checks everything about a matched request, then runs the handler.
func (m *Mux) enter(w http.ResponseWriter, r *http.Request, route *Route, h Handler) error {
	if err := route.limiter.Take(limitKey(Address(r.Context()))); err != nil {
		return err
	}
	if route.socket {
		if err := m.sameOrigin(r); err != nil {
			return err
		}
	}
	if route.Pattern != "/" || route.Method != "" { // a missing page needs nobody
		var err error
		if r, err = m.admit(w, r, route); err != nil || r == nil {
			return err
		}
	}
	if r.ContentLength > route.body {
		return tooLarge(route.body)
	}
	r.Body = http.MaxBytesReader(w, r.Body, route.body)
	if route.Deadline > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), route.Deadline)
		defer cancel()
		if r.ContentLength != 0 {
			// A body that never ends must not hold the handler; not every writer knows deadlines.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(route.Deadline))
		}
		r = r.WithContext(ctx)
	}
	return h(w, r)
}

// admit finds out who is there and whether they may. A nil request means that it was answered.
func (m *Mux) admit(w http.ResponseWriter, r *http.Request, route *Route) (*http.Request, error) {
	v, err := m.visitor(r)
	if err != nil {
		return nil, err
	}
	if m.o.Identify != nil {
		if v, err = m.o.Identify(w, r, v); err != nil {
			if errors.Is(err, ErrAnswered) {
				return nil, nil //nolint:nilnil // answered: there is nothing left to do and nothing wrong
			}
			return nil, err
		}
	}
	if v.LoggedIn {
		obs.Event(r.Context()).Set("account", v.Claims.Account)
		r = r.WithContext(token.With(r.Context(), v.Claims))
		if err := m.account.Take(v.Claims.Account.String()); err != nil {
			return nil, err
		}
		// What was made for one person is kept by no cache unless the handler says so.
		w.Header().Set("Cache-Control", "private, no-store")
	}
	if denied := route.Access.Check(v); denied != nil {
		if m.o.Denied == nil {
			return nil, denied
		}
		return nil, m.o.Denied(w, r, errs.Of(denied))
	}
	return r, nil
}

// sameOrigin is the check of a WebSocket: the page that opens it must be ours. Programs that are no
// browsers send no Origin and carry no cookies that a stranger could borrow.
func (m *Mux) sameOrigin(r *http.Request) error {
	probe := &http.Request{Method: http.MethodPost, Header: r.Header, Host: r.Host, URL: r.URL}
	if err := m.origin.Check(probe); err != nil {
		return crossOrigin(err)
	}
	return nil
}

// method keeps invented methods out of the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}
