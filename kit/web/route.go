package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// Route is one line of the table of routes.
type Route struct {
	Method   string
	Pattern  string
	Access   Access
	Deadline time.Duration // zero: none

	body    int64
	raw     bool // no gzip
	socket  bool
	foreign bool // from any origin
	rate    Rate
	limiter *Limiter
}

// MaxBody is the number of bytes that the route reads at most.
func (r Route) MaxBody() int64 { return r.body }

// RouteOption changes what holds for one route.
type RouteOption func(*Route)

// Body sets how many bytes a request may bring.
func Body(bytes int64) RouteOption { return func(r *Route) { r.body = bytes } }

// Within sets the deadline.
func Within(d time.Duration) RouteOption { return func(r *Route) { r.Deadline = d } }

// Limit sets how often one address may call the route, beside the limits of all routes.
func Limit(rate Rate) RouteOption { return func(r *Route) { r.rate = rate } }

// Raw leaves the answer as it is, without compression: for what is compressed already, and for
// answers with a secret beside something that the visitor chose.
func Raw() RouteOption { return func(r *Route) { r.raw = true } }

// Foreign takes requests that come from other sites: for a route whose request carries its whole right in itself, such as a signed token,
// and borrows nothing from the cookies of the browser that sends it.
func Foreign() RouteOption { return func(r *Route) { r.foreign = true } }

// FromAnywhere tells whether the route takes requests of other sites.
func (r Route) FromAnywhere() bool { return r.foreign }

// Access says who may call a route. The zero value is nobody, and a route with it is refused when
// it is registered.
type Access struct {
	kind  accessKind
	roles []string
}

type accessKind int

const (
	nobody accessKind = iota
	public
	account
	roles
)

// Public lets everybody in, logged in or not.
//
//nolint:gochecknoglobals // constants in all but syntax
var (
	Public  = Access{kind: public}
	Account = Access{kind: account} // everybody who is logged in
)

// Roles lets in whoever has one of the roles.
func Roles(names ...string) Access {
	if len(names) == 0 {
		panic("web: Roles without a role")
	}
	return Access{kind: roles, roles: slices.Clone(names)}
}

func (a Access) isZero() bool { return a.kind == nobody }

// Names is the access in words, as the table of routes shows it.
func (a Access) Names() []string {
	switch a.kind {
	case public:
		return []string{"public"}
	case account:
		return []string{"account"}
	case roles:
		return slices.Clone(a.roles)
	default:
		return nil
	}
}

// Check decides for one visitor.
func (a Access) Check(v Visitor) error {
	switch {
	case a.kind == public:
		return nil
	case a.kind == nobody:
		return errs.New(errs.Forbidden, "auth.role", "You may not do this.")
	case !v.LoggedIn && v.Stale != nil:
		return v.Stale
	case !v.LoggedIn:
		return errs.New(errs.Unauthenticated, "auth.required", "Please log in.")
	case a.kind == account || v.Claims.Has(a.roles...):
		return nil
	default:
		return errs.New(errs.Forbidden, "auth.role", "You may not do this.")
	}
}

// Visitor is what is known about who sent a request.
type Visitor struct {
	Claims   token.Claims
	LoggedIn bool
	Stale    error // why the token that was sent does not count (errs code auth.expired, auth.invalid)
}

// ErrAnswered is returned by Options.Identify when it answered the request itself.
var ErrAnswered = errors.New("answered")

// AccessCookie is the cookie with the token.
const AccessCookie = "rounds_access"

const bearer = "bearer "

// visitor reads the token: a bearer header counts before the cookie, because who sends a header
// means it. The header must be right; a cookie that has expired makes a visitor of its owner, so
// that public pages still open.
func (m *Mux) visitor(r *http.Request) (Visitor, error) {
	raw, byHeader := "", false
	if h := r.Header.Get("Authorization"); len(h) > len(bearer) && strings.EqualFold(h[:len(bearer)], bearer) {
		raw, byHeader = h[len(bearer):], true
	} else if c, err := r.Cookie(AccessCookie); err == nil {
		raw = c.Value
	}
	if raw == "" || m.o.Tokens == nil {
		return Visitor{}, nil
	}
	claims, err := m.o.Tokens.Verify(raw)
	if err == nil {
		return Visitor{Claims: claims, LoggedIn: true}, nil
	}
	if byHeader {
		return Visitor{Stale: err}, err
	}
	return Visitor{Stale: err}, nil
}
