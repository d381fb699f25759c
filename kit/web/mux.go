// Package web is the house in which every HTTP handler of Rounds lives.
//
// Why not plain net/http: what must never be forgotten is in the verb. A route cannot be written
// without saying who may call it, and every route gets an origin check, a body limit, a deadline,
// security headers, a line in the log and a metric without asking for them:
//
//	m.Get("/articles/{slug}", web.Public, s.article)
//	m.Post("/articles", web.Roles("administrator"), s.create, web.Body(1<<20))
//
// Handlers return errors; they are rendered in one place, as a page or as a problem. The way of a
// request, from outside in:
//
//	trace, headers, log line ─> address limit ─> origin ─> route ─> gzip ─> person ─> access
//	─> account limit ─> body limit, deadline ─> handler ─> error renderer
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
)

// What holds for every route unless it says otherwise.
const (
	DefaultBody     = 64 << 10
	DefaultDeadline = 10 * time.Second
	maxURL          = 4 << 10
)

// Handler answers a request or returns why it did not. After a handler has begun to write, its
// error is only logged.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Options is what a mux needs. Only Name and Log are required.
type Options struct {
	Name    string // of the service, for the log and the metrics
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Now     func() time.Time // for rate limits; nil: time.Now
	Tokens  *token.Verifier  // nil: everybody is a visitor

	// Identify runs when the token was looked at and before access is decided. It may change what
	// is known about the visitor, or answer the request itself and return ErrAnswered.
	Identify func(w http.ResponseWriter, r *http.Request, v Visitor) (Visitor, error)
	// Denied decides what a refused visitor gets: it may answer (a redirect to the login) and return
	// nil, or return the error to be rendered. nil: the error is rendered.
	Denied func(w http.ResponseWriter, r *http.Request, denied *errs.Error) error
	// Render shows an error; nil: as a problem (JSON).
	Render Renderer

	Trusted    []netip.Prefix // proxies whose X-Forwarded-For and traceparent are believed
	Origins    []string       // other origins ("https://host") that may change state
	Policy     Policy         // what pages may load
	HTTPS      bool           // tell browsers to stay on https
	PerAddress Rate           // of all routes together; zero: no limit
	PerAccount Rate
}

// Mux is a table of routes. Register all routes before serving.
type Mux struct {
	o        Options
	mux      *http.ServeMux
	routes   []Route
	origin   *http.CrossOriginProtection
	headers  http.Header
	address  *Limiter
	account  *Limiter
	compress func(http.Handler) http.HandlerFunc
	seconds  *prometheus.HistogramVec
}

// New makes an empty mux. It panics when an origin in the options is not an origin.
func New(o Options) *Mux {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Render == nil {
		o.Render = RenderProblem
	}
	m := &Mux{
		o: o, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection(), headers: headers(o),
		address: NewLimiter(o.PerAddress, o.Now), account: NewLimiter(o.PerAccount, o.Now), compress: compressor(),
		seconds: obs.Seconds(o.Metrics, "rounds_http_seconds", "Duration of requests served.", "site", "route", "status"),
	}
	for _, origin := range o.Origins {
		if err := m.origin.AddTrustedOrigin(origin); err != nil {
			panic(err)
		}
	}
	m.mux.Handle("/", m.wrap(&Route{Pattern: "/", Deadline: DefaultDeadline, body: DefaultBody}, m.missing))
	return m
}

// compressor compresses text; the random length of its output blunts attacks that guess secrets
// from the size of a compressed page (BREACH). Level 1, because pages are made for one reader and compressed each time: level 5
// takes three times as long, and what it saves on an article with 50 comments is 0.7 of 10 kB.
func compressor() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(1024), gzhttp.CompressionLevel(1), gzhttp.RandomJitter(32, 0, false),
		gzhttp.ContentTypes([]string{
			"text/html", "text/css", "text/plain", "text/javascript", "text/csv", "text/calendar", "application/javascript",
			"application/json", errs.ContentType, "application/xml", "application/manifest+json", "image/svg+xml",
		}),
	)
	if err != nil { // the options are constants: this is a mistake in this very function
		panic(err)
	}
	return wrap
}

// Get registers a handler that changes nothing; it answers HEAD too.
func (m *Mux) Get(pattern string, a Access, h Handler, opts ...RouteOption) {
	m.add(http.MethodGet, pattern, a, h, opts)
}

// Post registers a handler that changes state.
func (m *Mux) Post(pattern string, a Access, h Handler, opts ...RouteOption) {
	m.add(http.MethodPost, pattern, a, h, opts)
}

// Put registers a handler that changes state.
func (m *Mux) Put(pattern string, a Access, h Handler, opts ...RouteOption) {
	m.add(http.MethodPut, pattern, a, h, opts)
}

// Patch registers a handler that changes state.
func (m *Mux) Patch(pattern string, a Access, h Handler, opts ...RouteOption) {
	m.add(http.MethodPatch, pattern, a, h, opts)
}

// Delete registers a handler that changes state.
func (m *Mux) Delete(pattern string, a Access, h Handler, opts ...RouteOption) {
	m.add(http.MethodDelete, pattern, a, h, opts)
}

// Socket registers a GET that becomes a long-lived connection: no gzip, no deadline, and an origin
// check although it is a GET, because browsers let any page open a WebSocket to us with our cookies.
func (m *Mux) Socket(pattern string, a Access, h Handler, opts ...RouteOption) {
	m.add(http.MethodGet, pattern, a, h, append([]RouteOption{func(r *Route) {
		r.Deadline, r.raw, r.socket = 0, true, true
	}}, opts...))
}

func (m *Mux) add(method, pattern string, a Access, h Handler, opts []RouteOption) {
	if a.isZero() {
		panic("web: " + method + " " + pattern + " does not say who may call it")
	}
	if !strings.HasPrefix(pattern, "/") {
		panic("web: the pattern " + pattern + " must begin with a slash")
	}
	r := &Route{Method: method, Pattern: pattern, Access: a, Deadline: DefaultDeadline, body: DefaultBody}
	for _, opt := range opts {
		opt(r)
	}
	if r.foreign {
		m.origin.AddInsecureBypassPattern(method + " " + pattern)
	}
	r.limiter = NewLimiter(r.rate, m.o.Now)
	m.routes = append(m.routes, *r)
	m.mux.Handle(method+" "+pattern, m.wrap(r, h))
}

// Routes lists what was registered, sorted, for the table test and the documentation.
func (m *Mux) Routes() []Route {
	list := slices.Clone(m.routes)
	slices.SortFunc(list, func(a, b Route) int {
		return strings.Compare(a.Pattern+" "+a.Method, b.Pattern+" "+b.Method)
	})
	return list
}

// missing answers what no route matched: 404, or 405 when the path exists under another method.
func (m *Mux) missing(w http.ResponseWriter, r *http.Request) error {
	var allow []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := m.mux.Handler(probe); pattern != "/" && strings.HasPrefix(pattern, method+" ") {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 {
		return errNoPage()
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	return &statusError{http.StatusMethodNotAllowed, errs.New(errs.Invalid, "http.method", "This address does not understand that request.")}
}

func errNoPage() error {
	return errs.New(errs.NotFound, "http.not_found", "There is no page at this address.")
}
