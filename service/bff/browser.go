package bff

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// browsers are those in which the person asking is told by Web Push; the notification center keeps them.
type browsers struct {
	bffpb.UnimplementedBrowsersServer
	*server
}

// List is the person's own. While the notification center is down they can be looked at, and none can be turned on.
func (s *browsers) List(ctx context.Context, _ *bffpb.BrowsersListRequest) (*bffpb.BrowsersListResponse, error) {
	who, _ := token.From(ctx)
	rows, err := s.views.BrowsersOf(ctx, who.Account)
	if err != nil {
		return nil, fmt.Errorf("read browsers: %w", err)
	}
	a := &bffpb.BrowsersListResponse{}
	for _, row := range rows {
		b := &bffpb.Browser{
			BrowserId: row.DeviceID.String(), Label: row.Label, CreatedAt: timestamppb.New(row.CreatedAt), Reason: row.Reason, Fingerprint: row.Fingerprint,
		}
		if row.UsedAt != nil {
			b.UsedAt = timestamppb.New(*row.UsedAt)
		}
		a.Browsers = append(a.Browsers, b)
	}
	if key, err := s.center.PushKey(ctx, &notificationcenterpb.PushKeyRequest{}); err == nil {
		a.Key = key.GetKey()
	}
	return a, nil
}

// Add hands over to the notification center. What is turned on outlives the session, and goes with it: so auth is asked whether the session is
// still good, and not what it said some seconds ago. Whoever was logged out everywhere could listen on otherwise.
func (s *browsers) Add(ctx context.Context, q *bffpb.BrowsersAddRequest) (*bffpb.BrowsersAddResponse, error) {
	who, _ := token.From(ctx)
	now, err := s.auth.Permissions(ctx, &authpb.PermissionsRequest{AccountId: who.Account.String(), SessionId: who.Session.String()})
	if err != nil {
		return nil, err
	}
	if !now.GetActive() {
		return nil, errs.New(errs.Unauthenticated, token.CodeExpired, "Your session has ended. Please log in again.")
	}
	a, err := s.center.AddBrowser(ctx, &notificationcenterpb.AddBrowserRequest{
		Endpoint: q.GetEndpoint(), P256Dh: q.GetP256Dh(), Auth: q.GetAuth(), Label: q.GetLabel(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.BrowsersAddResponse{BrowserId: a.GetBrowserId()}, nil
}

// Remove hands over to the notification center.
func (s *browsers) Remove(ctx context.Context, q *bffpb.BrowsersRemoveRequest) (*bffpb.BrowsersRemoveResponse, error) {
	_, err := s.center.RemoveBrowser(ctx, &notificationcenterpb.RemoveBrowserRequest{BrowserId: q.GetBrowserId(), Endpoint: q.GetEndpoint()})
	if err != nil {
		return nil, err
	}
	return &bffpb.BrowsersRemoveResponse{}, nil
}
