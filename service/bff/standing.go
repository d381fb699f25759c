package bff

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
)

// A token says for minutes what was true when it was made. Who logged out, set a new password or lost a role must not be able to
// decide about points with the old one, so the JSON API asks auth what is true now, as the pages do, and remembers it for a few
// seconds. While auth is down the token is believed.
const (
	rememberFor = 5 * time.Second
	rememberAll = 10_000
	askWithin   = time.Second
)

type standings struct {
	auth authpb.AuthClient
	now  func() time.Time

	mu    sync.Mutex
	known map[uuid.UUID]standing // by session
}

type standing struct {
	active bool
	roles  []string
	until  time.Time
}

func newStandings(auth authpb.AuthClient, now func() time.Time) *standings {
	return &standings{auth: auth, now: now, known: map[uuid.UUID]standing{}}
}

// identify makes a visitor of whoever comes with the token of a session that has ended, or with a role that was taken away.
func (s *standings) identify(_ http.ResponseWriter, r *http.Request, v web.Visitor) (web.Visitor, error) {
	if !v.LoggedIn {
		return v, nil
	}
	now, err := s.ask(r.Context(), v.Claims)
	if err != nil {
		obs.Event(r.Context()).Set("permissions_missing", errs.Of(err).Code)
		return v, nil //nolint:nilerr // the token is believed while auth is down
	}
	lost := slices.ContainsFunc(v.Claims.Roles, func(role string) bool { return !slices.Contains(now.roles, role) })
	if now.active && !lost {
		return v, nil
	}
	return web.Visitor{Stale: errs.New(errs.Unauthenticated, token.CodeExpired, "Your session has ended. Please log in again.")}, nil
}

func (s *standings) ask(ctx context.Context, who token.Claims) (standing, error) {
	now := s.now()
	s.mu.Lock()
	known, ok := s.known[who.Session]
	s.mu.Unlock()
	if ok && now.Before(known.until) {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	answer, err := s.auth.Permissions(ctx, &authpb.PermissionsRequest{AccountId: who.Account.String(), SessionId: who.Session.String()})
	if err != nil {
		return standing{}, err
	}
	known = standing{active: answer.GetActive(), roles: answer.GetRoles(), until: now.Add(rememberFor)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= rememberAll {
		clear(s.known)
	}
	s.known[who.Session] = known
	return known, nil
}
