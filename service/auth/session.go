package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/auth/internal/store"
)

// pair is what a browser gets: a token for every request, and a secret to renew it with.
type pair struct{ access, refresh string }

func (s *server) secret() (plain string, hash []byte, err error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(s.rand, raw); err != nil {
		return "", nil, fmt.Errorf("make a secret: %w", err)
	}
	plain = base64.RawURLEncoding.EncodeToString(raw)
	return plain, hashed(plain), nil
}

func hashed(plain string) []byte {
	sum := sha256.Sum256([]byte(plain))
	return sum[:]
}

// open begins a session on a device.
func (s *server) open(ctx context.Context, who identity, device string) (pair, error) {
	plain, hash, err := s.secret()
	if err != nil {
		return pair{}, err
	}
	device = strings.ToValidUTF8(device, "") // what a program calls itself is no reason to refuse its owner
	if letters := []rune(device); len(letters) > 200 {
		device = string(letters[:200])
	}
	id, now := s.newID(), s.now()
	err = db.Tx(ctx, s.db, func(tx pgx.Tx) error {
		q := store.New(tx)
		err := q.SessionInsert(ctx, store.SessionInsertParams{
			ID: id, AccountID: who.account, Device: device, Now: now, ExpiresAt: now.Add(s.cfg.SessionTime),
		})
		if err != nil {
			return fmt.Errorf("insert session: %w", err)
		}
		if err := q.TokenInsert(ctx, store.TokenInsertParams{Hash: hash, SessionID: id, Now: now}); err != nil {
			return fmt.Errorf("insert refresh token: %w", err)
		}
		return nil
	})
	if err != nil {
		return pair{}, err
	}
	access, err := s.access(id, who)
	return pair{access, plain}, err
}

func errEnded() error {
	return errs.New(errs.Unauthenticated, "auth.expired", "Your session has ended. Please log in again.")
}

// renew exchanges a refresh token for a new pair. One that was used before ends its session: either the thief or the owner
// holds the newer one, and nobody can tell who is who.
func (s *server) renew(ctx context.Context, refresh string) (pair, error) {
	plain, hash, err := s.secret()
	if err != nil {
		return pair{}, err
	}
	var session uuid.UUID
	var who identity
	stolen := false
	err = db.Tx(ctx, s.db, func(tx pgx.Tx) error {
		q, now := store.New(tx), s.now()
		used, err := q.TokenUse(ctx, store.TokenUseParams{Hash: hashed(refresh), Now: now})
		if errors.Is(err, pgx.ErrNoRows) {
			return errEnded()
		}
		if err != nil {
			return fmt.Errorf("use refresh token: %w", err)
		}
		session = used.SessionID
		if stolen = now.Sub(used.UsedAt) > grace; stolen {
			return s.end(ctx, q, session) // commits; the caller is told below
		}
		who, err = s.holder(ctx, q, session)
		if err != nil {
			return err
		}
		if err := q.TokenInsert(ctx, store.TokenInsertParams{Hash: hash, SessionID: session, Now: now}); err != nil {
			return fmt.Errorf("insert refresh token: %w", err)
		}
		if err := q.SessionUse(ctx, store.SessionUseParams{Now: now, ExpiresAt: now.Add(s.cfg.SessionTime), ID: session}); err != nil {
			return fmt.Errorf("use session: %w", err)
		}
		return nil
	})
	if err != nil {
		return pair{}, err
	}
	if stolen {
		obs.Event(ctx).Set("refresh_reused", session)
		return pair{}, errEnded()
	}
	access, err := s.access(session, who)
	return pair{access, plain}, err
}

// holder is whose session it is, if it still counts.
func (s *server) holder(ctx context.Context, q *store.Queries, id uuid.UUID) (identity, error) {
	session, err := q.SessionRead(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return identity{}, errEnded()
	}
	if err != nil {
		return identity{}, fmt.Errorf("read session: %w", err)
	}
	if session.RevokedAt != nil || !s.now().Before(session.ExpiresAt) {
		return identity{}, errEnded()
	}
	account, err := q.CredentialByID(ctx, session.AccountID)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && account.State == "closed" {
		return identity{}, errEnded()
	}
	if err != nil {
		return identity{}, fmt.Errorf("read account: %w", err)
	}
	return identity{account.AccountID, rolesOf(account.State, account.Roles), account.Language, account.Zone}, nil
}

func (s *server) end(ctx context.Context, q *store.Queries, session uuid.UUID) error {
	if err := q.SessionRevoke(ctx, store.SessionRevokeParams{Now: s.now(), ID: session}); err != nil {
		return fmt.Errorf("revoke session: %w", err)
	}
	return nil
}

// leave ends the session that a refresh token or an access token belongs to.
func (s *server) leave(ctx context.Context, refresh string, session uuid.UUID) error {
	q := store.New(s.db)
	if refresh != "" {
		used, err := q.TokenUse(ctx, store.TokenUseParams{Hash: hashed(refresh), Now: s.now()})
		switch {
		case err == nil:
			session = used.SessionID
		case !errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("use refresh token: %w", err)
		}
	}
	if session == uuid.Nil {
		return nil
	}
	return s.end(ctx, q, session)
}
