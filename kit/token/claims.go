// Package token is who is asking: a short-lived JWT (ES256), signed by auth alone and verified by
// everybody else without asking auth.
//
// Why asymmetric: a service that is broken into can then read tokens but not make them. Keys are
// files in one directory, so that rotation is a new file and no configuration:
//
//	data/keys/<kid>.pem   private, 0600, read by auth
//	data/keys/jwks.json   public, read by all; an unknown kid makes a verifier read it again
//
//	new key ──Generate──> signs ──next Generate──> verifies only ──Generate with fewer kept──> gone
package token

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Who issues the tokens and whom they are for.
const (
	Issuer   = "rounds"
	Audience = "rounds"
)

// The roles that a token can carry.
const (
	Applicant     = "applicant"
	Member        = "member"
	Host          = "host"
	Administrator = "administrator"
	Analyst       = "analyst"
)

// Roles lists every role, for tables in tests and documents.
func Roles() []string { return []string{Applicant, Member, Host, Administrator, Analyst} }

// Claims are what a token says about a person, with no personal data in it.
type Claims struct {
	Account  uuid.UUID
	Session  uuid.UUID
	Roles    []string
	Language string
	Zone     string
	Issued   time.Time
	Expires  time.Time

	raw string // the token itself, kept so that calls to other services can pass it on
}

// Has reports whether the person has at least one of the roles.
func (c Claims) Has(roles ...string) bool {
	for _, role := range roles {
		if slices.Contains(c.Roles, role) {
			return true
		}
	}
	return false
}

// Raw is the token that these claims were read from; "" for claims that were made by hand.
func (c Claims) Raw() string { return c.raw }

// String keeps the token out of every log and message.
func (c Claims) String() string { return "account " + c.Account.String() }

// GoString does the same for %#v.
func (c Claims) GoString() string { return c.String() }

// LogValue does the same for slog.
func (c Claims) LogValue() slog.Value { return slog.StringValue(c.Account.String()) }

type contextKey struct{}

// With puts the verified claims into ctx.
func With(ctx context.Context, c Claims) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// From returns the claims of the person asking, and whether anybody is logged in.
func From(ctx context.Context) (Claims, bool) {
	c, ok := ctx.Value(contextKey{}).(Claims)
	return c, ok
}
