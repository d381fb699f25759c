package bff

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
)

// lodge is auth as far as a standing goes.
type lodge struct {
	authpb.AuthClient

	says  *authpb.PermissionsResponse
	down  error
	asked int
}

func (l *lodge) Permissions(context.Context, *authpb.PermissionsRequest, ...grpc.CallOption) (*authpb.PermissionsResponse, error) {
	l.asked++
	return l.says, l.down
}

// A token outlives a logout, a new password and a lost role by minutes; on the API it counts for seconds only.
func TestTokenOfAnEndedSession(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		says *authpb.PermissionsResponse
		down error
		in   bool
	}{
		"as it was":   {says: &authpb.PermissionsResponse{Active: true, Roles: []string{"administrator", "member"}}, in: true},
		"more roles":  {says: &authpb.PermissionsResponse{Active: true, Roles: []string{"administrator", "analyst", "member"}}, in: true},
		"logged out":  {says: &authpb.PermissionsResponse{Roles: []string{"administrator", "member"}}},
		"fewer roles": {says: &authpb.PermissionsResponse{Active: true, Roles: []string{"member"}}},
		"closed":      {says: &authpb.PermissionsResponse{State: "closed"}},
		"auth down":   {down: errs.New(errs.Unavailable, "unavailable", "down"), in: true},
	} {
		l, now := &lodge{says: c.says, down: c.down}, time.Now()
		s := newStandings(l, func() time.Time { return now })
		who := web.Visitor{LoggedIn: true, Claims: token.Claims{Account: uuid.New(), Session: uuid.New(), Roles: []string{"administrator", "member"}}}
		ask := func() web.Visitor {
			v, err := s.identify(nil, httptest.NewRequestWithContext(t.Context(), "GET", "/api/me", nil), who)
			if err != nil {
				t.Fatal(name, err)
			}
			return v
		}
		v := ask()
		if denied := web.Roles("administrator").Check(v); v.LoggedIn != c.in || (denied == nil) != c.in {
			t.Errorf("%s: %+v, %v", name, v, denied)
		}
		if !c.in && errs.KindOf(web.Account.Check(v)) != errs.Unauthenticated {
			t.Errorf("%s: %v", name, web.Account.Check(v))
		}
		ask()
		if c.down == nil && l.asked != 1 {
			t.Errorf("%s: asked %d times within a second", name, l.asked)
		}
		now = now.Add(rememberFor)
		if ask(); c.down == nil && l.asked != 2 {
			t.Errorf("%s: remembered for too long", name)
		}
	}
}
