package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/auth/internal/store"
)

// attempt is somebody who says who they are.
type attempt struct{ email, password, address, device string }

// errCredentials says the same of an unknown address, a wrong password and a closed account.
func errCredentials() error {
	return errs.New(errs.Unauthenticated, "auth.credentials", "The e-mail address or the password is not right.")
}

// Rules of counting wrong passwords.
const (
	free      = 5 // wrong ones from one address, before it has to wait
	firstWait = 30 * time.Second
	mostWait  = 15 * time.Minute
	forget    = time.Hour
	flood     = 30 // wrong ones from everywhere, before logins to this account become slow
	slowness  = 2 * time.Second
)

// blockFor is how long an address waits after so many wrong passwords for one account.
func blockFor(failures int32) time.Duration {
	if failures < free {
		return 0
	}
	return min(firstWait<<min(failures-free, 10), mostWait)
}

func key(parts ...string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return sum[:]
}

// login checks a password and answers the account. It takes the same time for accounts that do not exist.
func (s *server) login(ctx context.Context, a attempt) (store.DatamanagementAuthCredential, error) {
	none := store.DatamanagementAuthCredential{}
	a.email = strings.ToLower(strings.TrimSpace(a.email))
	q := store.New(s.db)
	here, everywhere := key("pair", a.email, a.address), key("account", a.email)
	if err := s.allowed(ctx, q, here); err != nil {
		return none, err
	}
	if err := s.slow(ctx, q, here, everywhere); err != nil {
		return none, err
	}
	account, err := q.CredentialByEmail(ctx, a.email)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return none, fmt.Errorf("read credential: %w", err)
	}
	matches, err := s.hasher.Matches(ctx, account.PasswordHash, a.password)
	if err != nil {
		return none, err
	}
	if !matches || account.State == "closed" {
		if err := s.count(ctx, q, here, everywhere); err != nil {
			return none, err
		}
		return none, errCredentials()
	}
	if err := q.FailureForget(ctx, here); err != nil {
		return none, fmt.Errorf("forget failures: %w", err)
	}
	return account, nil
}

func (s *server) allowed(ctx context.Context, q *store.Queries, here []byte) error {
	row, err := q.FailureRead(ctx, here)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read failures: %w", err)
	}
	if row.BlockedUntil != nil && s.now().Before(*row.BlockedUntil) {
		return errs.New(errs.TooMany, "auth.slow_down", "Too many wrong passwords from here. Wait a few minutes, or set a new password.").
			After(row.BlockedUntil.Sub(s.now()))
	}
	return nil
}

// slow makes guessing from many places expensive, without refusing the owner.
func (s *server) slow(ctx context.Context, q *store.Queries, here, everywhere []byte) error {
	row, err := q.FailureRead(ctx, everywhere)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read failures: %w", err)
	}
	if row.Failures >= flood && s.now().Sub(row.LastAt) < forget {
		s.wait(ctx, slowness)
	}
	return s.allowed(ctx, q, here) // others from this address may have failed meanwhile
}

func (s *server) count(ctx context.Context, q *store.Queries, here, everywhere []byte) error {
	now := s.now()
	failures, err := q.FailureCount(ctx, store.FailureCountParams{Key: here, Now: now, Forget: now.Add(-forget)})
	if err != nil {
		return fmt.Errorf("count failure: %w", err)
	}
	if block := blockFor(failures); block > 0 {
		if err := q.FailureBlock(ctx, store.FailureBlockParams{Key: here, Until: now.Add(block)}); err != nil {
			return fmt.Errorf("block: %w", err)
		}
	}
	if _, err := q.FailureCount(ctx, store.FailureCountParams{Key: everywhere, Now: now, Forget: now.Add(-forget)}); err != nil {
		return fmt.Errorf("count failure: %w", err)
	}
	return nil
}

// rolesOf are the roles of an account: member or applicant by its state, and what an administrator gave it besides.
func rolesOf(state string, extra []string) []string {
	switch state {
	case "approved":
		roles := append([]string{token.Member}, extra...)
		slices.Sort(roles)
		return roles
	case "closed":
		return nil
	}
	return []string{token.Applicant}
}

// identity is what a token says of somebody.
type identity struct {
	account        uuid.UUID
	roles          []string
	language, zone string
}

func (s *server) access(session uuid.UUID, who identity) (string, error) {
	now := s.now()
	return s.signer.Sign(token.Claims{
		Account: who.account, Session: session, Roles: who.roles, Language: who.language, Zone: who.zone,
		Issued: now, Expires: now.Add(s.cfg.AccessTime),
	})
}
