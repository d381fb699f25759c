package notificationcenter

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/typed"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
)

const (
	browsersMost  = 10
	endpointMost  = 2000
	labelMost     = 100
	browserSecret = 16 // bytes (RFC 8291)
)

// PushKey implements the contract.
func (s *rpcServer) PushKey(context.Context, *notificationcenterpb.PushKeyRequest) (*notificationcenterpb.PushKeyResponse, error) {
	return &notificationcenterpb.PushKeyResponse{Key: s.pusher.keys.Public}, nil
}

// AddBrowser implements the contract.
func (s *rpcServer) AddBrowser(ctx context.Context, in *notificationcenterpb.AddBrowserRequest) (*notificationcenterpb.AddBrowserResponse, error) {
	who, ok := token.From(ctx)
	if !ok {
		return nil, errs.New(errs.Unauthenticated, "auth.required", "Please log in.")
	}
	label, err := s.checkBrowser(in)
	if err != nil {
		return nil, err
	}
	var id uuid.UUID
	err = db.Tx(ctx, s.DB, func(tx pgx.Tx) error {
		q := store.New(tx)
		var err error
		id, err = q.DeviceAdd(ctx, store.DeviceAddParams{
			ID: s.NewID(), AccountID: who.Account, SessionID: who.Session, Endpoint: in.GetEndpoint(), P256dh: in.GetP256Dh(), Auth: in.GetAuth(), Label: label, Now: s.Now(),
		})
		if err != nil {
			return fmt.Errorf("add browser: %w", err)
		}
		return q.DeviceForgetOldest(ctx, store.DeviceForgetOldestParams{AccountID: who.Account, Most: browsersMost})
	})
	if err != nil {
		return nil, err
	}
	return &notificationcenterpb.AddBrowserResponse{BrowserId: id.String()}, nil
}

// checkBrowser refuses what no browser gives; where it leads to is looked at when we connect to it.
func (s *rpcServer) checkBrowser(in *notificationcenterpb.AddBrowserRequest) (label string, err error) {
	if s.pusher.keys.Public == "" {
		return "", errs.New(errs.Unavailable, "push.off", "Messages to browsers are turned off here.")
	}
	wrong := errs.New(errs.Invalid, "push.browser", "This browser gave something that cannot be used. Please try again, or use another browser.")
	at, err := url.Parse(in.GetEndpoint())
	switch {
	case err != nil, len(in.GetEndpoint()) > endpointMost, at.Host == "", at.User != nil, at.Scheme != "https" && !s.config.PushLocal:
		return "", wrong
	}
	if key, err := decoded(in.GetP256Dh()); err != nil {
		return "", wrong
	} else if _, err := ecdh.P256().NewPublicKey(key); err != nil {
		return "", wrong
	}
	if secret, err := decoded(in.GetAuth()); err != nil || len(secret) != browserSecret {
		return "", wrong
	}
	if label = typed.Line(in.GetLabel()); utf8.RuneCountInString(label) > labelMost {
		return "", errs.New(errs.Invalid, "push.label", "The name of a browser has at most 100 letters.")
	}
	return label, nil
}

// decoded reads base64url, padded or not.
func decoded(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

// RemoveBrowser implements the contract.
func (s *rpcServer) RemoveBrowser(ctx context.Context, in *notificationcenterpb.RemoveBrowserRequest) (*notificationcenterpb.RemoveBrowserResponse, error) {
	who, ok := token.From(ctx)
	if !ok {
		return nil, errs.New(errs.Unauthenticated, "auth.required", "Please log in.")
	}
	id := uuid.Nil
	if in.GetBrowserId() != "" {
		var err error
		if id, err = uuid.Parse(in.GetBrowserId()); err != nil {
			return nil, errs.New(errs.Invalid, "push.id", "This is not the number of a browser.")
		}
	}
	_, err := s.store.DeviceRemove(ctx, store.DeviceRemoveParams{AccountID: who.Account, ID: id, Endpoint: in.GetEndpoint()})
	if err != nil {
		return nil, fmt.Errorf("remove browser: %w", err)
	}
	return &notificationcenterpb.RemoveBrowserResponse{}, nil
}
