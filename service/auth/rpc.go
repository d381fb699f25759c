package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/auth/internal/store"
)

// Permissions tells what an account may do now.
func (s *server) Permissions(ctx context.Context, q *authpb.PermissionsRequest) (*authpb.PermissionsResponse, error) {
	id, err := uuid.Parse(q.GetAccountId())
	if err != nil {
		return nil, errs.New(errs.Invalid, "account.id", "This is not the id of an account.")
	}
	session, err := uuid.Parse(q.GetSessionId())
	if err != nil {
		return nil, errs.New(errs.Invalid, "session.id", "This is not the id of a session.")
	}
	rows := store.New(s.db)
	account, err := rows.CredentialByID(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return &authpb.PermissionsResponse{State: "closed"}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read account: %w", err)
	}
	answer := &authpb.PermissionsResponse{State: account.State, Roles: rolesOf(account.State, account.Roles)}
	open, err := rows.SessionRead(ctx, session)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read session: %w", err)
	}
	answer.Active = err == nil && open.AccountID == id && open.RevokedAt == nil && s.now().Before(open.ExpiresAt) && account.State != "closed"
	return answer, nil
}

// RevokeSessions logs the person asking out everywhere.
func (s *server) RevokeSessions(ctx context.Context, _ *authpb.RevokeSessionsRequest) (*authpb.RevokeSessionsResponse, error) {
	who, _ := token.From(ctx)
	ended, err := store.New(s.db).SessionRevokeAll(ctx, store.SessionRevokeAllParams{Now: s.now(), AccountID: who.Account})
	if err != nil {
		return nil, fmt.Errorf("revoke sessions: %w", err)
	}
	return &authpb.RevokeSessionsResponse{Revoked: int32(min(ended.Sessions, 1<<30))}, nil //nolint:gosec // bounded
}

// Sessions lists where the person asking is logged in.
func (s *server) Sessions(ctx context.Context, _ *authpb.SessionsRequest) (*authpb.SessionsResponse, error) {
	who, _ := token.From(ctx)
	rows, err := store.New(s.db).SessionList(ctx, store.SessionListParams{AccountID: who.Account, Now: s.now()})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	answer := &authpb.SessionsResponse{}
	for _, r := range rows {
		answer.Sessions = append(answer.Sessions, &authpb.Session{
			Id: r.ID.String(), Device: r.Device, CreatedAt: timestamppb.New(r.CreatedAt), UsedAt: timestamppb.New(r.UsedAt), Current: r.ID == who.Session,
		})
	}
	return answer, nil
}

// RevokeSession ends one session of the person asking. One that belongs to somebody else does not exist for them; one that has
// ended already stays so.
func (s *server) RevokeSession(ctx context.Context, q *authpb.RevokeSessionRequest) (*authpb.RevokeSessionResponse, error) {
	who, _ := token.From(ctx)
	none := errs.New(errs.NotFound, "session.none", "This device is not logged in any more.")
	id, err := uuid.Parse(q.GetSessionId())
	if err != nil {
		return nil, none
	}
	n, err := store.New(s.db).SessionRevokeOwn(ctx, store.SessionRevokeOwnParams{Now: s.now(), ID: id, AccountID: who.Account})
	switch {
	case err != nil:
		return nil, fmt.Errorf("revoke session: %w", err)
	case n == 0:
		return nil, none
	}
	return &authpb.RevokeSessionResponse{}, nil
}
