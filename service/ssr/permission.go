package ssr

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/asset"
)

// A token says for minutes what was true when it was made. So each request asks auth what is true now, remembered for a few
// seconds; when it differs, a page is sent through the refresh, and a form counts with the rights of now. While auth is down
// the token is believed: nobody is thrown out because a service restarts.
const (
	rememberFor = 5 * time.Second
	rememberAll = 10_000
)

type permissions struct {
	auth authpb.AuthClient
	now  func() time.Time

	mu    sync.Mutex
	known map[uuid.UUID]permission // by session
}

type permission struct {
	active bool
	roles  []string
	until  time.Time
}

func (p *permissions) ask(ctx context.Context, account, session uuid.UUID) (permission, error) {
	now := p.now()
	p.mu.Lock()
	known, ok := p.known[session]
	p.mu.Unlock()
	if ok && now.Before(known.until) {
		return known, nil
	}
	answer, err := p.auth.Permissions(ctx, &authpb.PermissionsRequest{AccountId: account.String(), SessionId: session.String()})
	if err != nil {
		return permission{}, err
	}
	known = permission{active: answer.GetActive(), roles: answer.GetRoles(), until: now.Add(rememberFor)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= rememberAll {
		clear(p.known)
	}
	p.known[session] = known
	return known, nil
}

// forget makes the next request ask again.
func (p *permissions) forget(session uuid.UUID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, session)
}

// identify holds the token against what is true now.
func (p *permissions) identify(w http.ResponseWriter, r *http.Request, v web.Visitor) (web.Visitor, error) {
	if strings.HasPrefix(r.URL.Path, asset.Prefix) {
		return v, nil // the same for everybody
	}
	if !v.LoggedIn {
		_, err := r.Cookie(web.AccessCookie)
		if err == nil && v.Stale != nil && r.Method == http.MethodGet {
			return v, refresh(w, r)
		}
		return v, nil
	}
	now, err := p.ask(r.Context(), v.Claims.Account, v.Claims.Session)
	if err != nil {
		obs.Event(r.Context()).Set("permissions_missing", errs.Of(err).Code)
		return v, nil //nolint:nilerr // the token is believed while auth is down
	}
	if now.active && slices.Equal(slices.Sorted(slices.Values(now.roles)), slices.Sorted(slices.Values(v.Claims.Roles))) {
		if r.Method == http.MethodGet && soon(v.Claims, p.now()) {
			return v, refresh(w, r)
		}
		return v, nil
	}
	if r.Method == http.MethodGet {
		p.forget(v.Claims.Session)
		return v, refresh(w, r)
	}
	if !now.active {
		return web.Visitor{Stale: errs.New(errs.Unauthenticated, "auth.expired", "Your session has ended. Please log in again.")}, nil
	}
	v.Claims.Roles = now.roles
	return v, nil
}

// soon says that a token is in its last quarter. A form would have to take its body through the refresh and back: so pages, and the
// bell on those that stand open, renew the token before it is too old.
func soon(c token.Claims, now time.Time) bool {
	return c.Expires.Sub(now) < c.Expires.Sub(c.Issued)/4
}

func refresh(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, web.WithNext("/auth/refresh", r), http.StatusSeeOther)
	return web.ErrAnswered
}
