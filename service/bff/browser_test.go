package bff

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// shelf is the notification center as far as browsers go.
type shelf struct {
	notificationcenterpb.NotificationCenterClient

	added int
}

func (s *shelf) AddBrowser(context.Context, *notificationcenterpb.AddBrowserRequest, ...grpc.CallOption) (*notificationcenterpb.AddBrowserResponse, error) {
	s.added++
	return &notificationcenterpb.AddBrowserResponse{BrowserId: uuid.NewString()}, nil
}

// A browser that is turned on hears of everything for as long as nobody turns it off, so a token that outlived its session turns on none, not
// even in the seconds for which its standing is remembered, or while auth is away.
func TestBrowserOfAnEndedSession(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		auth *lodge
		want string
	}{
		"good":  {&lodge{says: &authpb.PermissionsResponse{Active: true}}, ""},
		"ended": {&lodge{says: &authpb.PermissionsResponse{}}, token.CodeExpired},
		"away":  {&lodge{down: errs.New(errs.Unavailable, "rpc.away", "Away.")}, "rpc.away"},
	} {
		center := &shelf{}
		s := &browsers{server: &server{auth: c.auth, center: center}}
		ctx := token.With(t.Context(), token.Claims{Account: uuid.New(), Session: uuid.New()})
		_, err := s.Add(ctx, &bffpb.BrowsersAddRequest{Endpoint: "https://push.example/1"})
		if good := c.want == ""; good != (err == nil) || !good && !errs.HasCode(err, c.want) || center.added == 1 != good {
			t.Errorf("%s: %v, %d browsers", name, err, center.added)
		}
	}
}
