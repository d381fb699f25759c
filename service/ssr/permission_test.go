package ssr

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
)

// members says that everybody is a member, or nothing at all.
type members struct {
	authpb.AuthClient

	down bool
}

func (m members) Permissions(context.Context, *authpb.PermissionsRequest, ...grpc.CallOption) (*authpb.PermissionsResponse, error) {
	if m.down {
		return nil, status.Error(codes.Unavailable, "down")
	}
	return &authpb.PermissionsResponse{Active: true, Roles: []string{token.Member}}, nil
}

// TestTokenIsRenewedInTime sends pages through the refresh while the token still counts, so that few forms meet one that does not.
func TestTokenIsRenewedInTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		method  string
		left    time.Duration
		down    bool
		renewed bool
	}{
		{method: http.MethodGet, left: 9 * time.Minute},
		{method: http.MethodGet, left: 2 * time.Minute, renewed: true},
		{method: http.MethodGet, left: 2 * time.Minute, down: true}, // nothing could renew it
		{method: http.MethodPost, left: 2 * time.Minute},            // it still counts
	} {
		p := &permissions{auth: members{down: c.down}, now: func() time.Time { return now }, known: map[uuid.UUID]permission{}}
		v := web.Visitor{LoggedIn: true, Claims: token.Claims{
			Session: uuid.New(), Roles: []string{token.Member}, Issued: now.Add(c.left - 10*time.Minute), Expires: now.Add(c.left),
		}}
		w := httptest.NewRecorder()
		_, err := p.identify(w, httptest.NewRequestWithContext(t.Context(), c.method, "/me", http.NoBody), v)
		if renewed := errors.Is(err, web.ErrAnswered); renewed != c.renewed || renewed != (w.Header().Get("Location") == "/auth/refresh?next=%2Fme") {
			t.Errorf("%s with %s left, auth down %t: renewed %t to %q, error %v", c.method, c.left, c.down, renewed, w.Header().Get("Location"), err)
		}
	}
}
