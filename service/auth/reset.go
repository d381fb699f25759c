package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/password"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/auth/internal/store"
)

// forgot has a link sent to set a new password. Nobody learns whether the address has an account; its owner gets a few mails an
// hour at most.
func (s *server) forgot(ctx context.Context, email string) error {
	plain, hash, err := s.secret()
	if err != nil {
		return err
	}
	return db.Tx(ctx, s.db, func(tx pgx.Tx) error {
		q, now := store.New(tx), s.now()
		account, err := q.CredentialByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
		if errors.Is(err, pgx.ErrNoRows) || err == nil && account.State == "closed" {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read credential: %w", err)
		}
		sent, err := q.ResetCount(ctx, store.ResetCountParams{AccountID: account.AccountID, Since: now.Add(-time.Hour)})
		if err != nil {
			return fmt.Errorf("count resets: %w", err)
		}
		if sent >= resetsHour {
			return nil
		}
		expires := now.Add(resetLife)
		err = q.ResetInsert(ctx, store.ResetInsertParams{Hash: hash, AccountID: account.AccountID, Now: now, ExpiresAt: expires})
		if err != nil {
			return fmt.Errorf("insert reset: %w", err)
		}
		return queue.Put(ctx, tx, queue.Message{
			ID: s.newID(), Queue: tasks, ExpiresAt: expires,
			Payload: &eventpb.ResetPassword{AccountId: account.AccountID.String(), Secret: plain, ExpiresAt: timestamppb.New(expires)},
		})
	})
}

// reset sets a new password and ends every session: whoever had the old one is out.
func (s *server) reset(ctx context.Context, secret, fresh string) error {
	if code, sentence := password.Check(fresh); code != "" {
		return errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("password", code, sentence)
	}
	hash, err := s.hasher.Hash(ctx, fresh)
	if err != nil {
		return err
	}
	return db.Tx(ctx, s.db, func(tx pgx.Tx) error {
		q, now := store.New(tx), s.now()
		account, err := q.ResetTake(ctx, store.ResetTakeParams{Now: now, Hash: hashed(secret)})
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.Invalid, "reset.link", "This link was used or is too old. Ask for a new one.")
		}
		if err != nil {
			return fmt.Errorf("take reset: %w", err)
		}
		done, err := q.SetPassword(ctx, store.SetPasswordParams{Account: account, Hash: hash, Now: now})
		if err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		if !done {
			return errs.New(errs.Invalid, "reset.link", "This link was used or is too old. Ask for a new one.")
		}
		if err := q.ResetVoid(ctx, store.ResetVoidParams{Now: now, AccountID: account}); err != nil {
			return fmt.Errorf("void other links: %w", err)
		}
		if _, err := q.SessionRevokeAll(ctx, store.SessionRevokeAllParams{Now: now, AccountID: account}); err != nil {
			return fmt.Errorf("revoke sessions: %w", err)
		}
		return nil
	})
}
