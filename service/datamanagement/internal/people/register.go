package people

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/people/store"
)

// Register makes an account and its application, and has the mail with the link sent, or nothing of it.
func (s *server) Register(ctx context.Context, q *datamanagementpb.RegisterRequest) (*datamanagementpb.RegisterResponse, error) {
	request, err := command.Parse(q.GetRequestId())
	if err != nil {
		return nil, err
	}
	// Before the address is looked at, so that the clock does not tell whether it is known.
	hash, err := s.hasher.Hash(ctx, q.GetPassword())
	if err != nil {
		return nil, err
	}
	answer := &datamanagementpb.RegisterResponse{}
	now := s.now()
	err = db.Tx(ctx, s.db, func(tx pgx.Tx) error {
		return command.Once(ctx, tx, command.Command{Request: request, Name: "people.register", At: now}, answer, func() error {
			account := store.AccountInsertParams{
				ID: s.newID(), Email: strings.ToLower(q.GetEmail()), PasswordHash: hash, Name: q.GetName(), Profession: q.GetProfession(),
				Speciality: q.GetSpeciality(), LicenceNumber: q.GetLicenceNumber(), Country: q.GetCountry(), Language: q.GetLanguage(),
				Zone: q.GetZone(), ConsentVersion: q.GetConsentVersion(), Now: now,
			}
			inserted, err := store.New(tx).AccountInsert(ctx, account)
			if err != nil {
				return fmt.Errorf("insert account: %w", refused(err))
			}
			if inserted == 0 {
				return s.tellOwner(ctx, tx, account.Email, now)
			}
			return s.welcome(ctx, tx, account.ID, q, now)
		})
	})
	return answer, err
}

func (s *server) welcome(ctx context.Context, tx pgx.Tx, account uuid.UUID, q *datamanagementpb.RegisterRequest, now time.Time) error {
	if err := s.apply(ctx, tx, account, q.GetProof(), q.GetRegistry(), now); err != nil {
		return err
	}
	if err := s.sendLink(ctx, tx, account, now); err != nil {
		return err
	}
	if err := s.append(ctx, tx, account, &eventpb.AccountRegistered{AccountId: account.String()}); err != nil {
		return err
	}
	return s.tell.Tell(ctx, tx, activity.Doing{Kind: eventpb.ActivityKind_ACTIVITY_KIND_REGISTERED, Account: account, At: now})
}

// tellOwner mails whoever has the address: the link again while it was not confirmed, else that somebody tried.
func (s *server) tellOwner(ctx context.Context, tx pgx.Tx, email string, now time.Time) error {
	owner, err := store.New(tx).AccountByEmail(ctx, email)
	if err != nil {
		return fmt.Errorf("read account by address: %w", err)
	}
	switch {
	case owner.State == "closed":
		return nil
	case owner.EmailConfirmedAt == nil:
		return s.sendLink(ctx, tx, owner.ID, now)
	}
	// One mail a day, however often somebody tries: the queue drops what has the same id.
	return queue.Put(ctx, tx, queue.Message{
		ID: uuid.NewSHA1(owner.ID, []byte("already registered "+now.UTC().Format(time.DateOnly))), Queue: tasks,
		Payload: &eventpb.AlreadyRegistered{AccountId: owner.ID.String()},
	})
}

// sendLink has a new confirmation link sent, a few times an hour at most.
func (s *server) sendLink(ctx context.Context, tx pgx.Tx, account uuid.UUID, now time.Time) error {
	q := store.New(tx)
	sent, err := q.ConfirmationCount(ctx, store.ConfirmationCountParams{AccountID: account, Since: now.Add(-time.Hour)})
	if err != nil {
		return fmt.Errorf("count links: %w", err)
	}
	if sent >= linksAnHour {
		return nil
	}
	raw := make([]byte, 32)
	if _, err := io.ReadFull(s.rand, raw); err != nil {
		return fmt.Errorf("make a secret: %w", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(raw)
	expires := now.Add(linkLife)
	err = q.ConfirmationInsert(ctx, store.ConfirmationInsertParams{
		AccountID: account, SecretHash: hashed(secret), Now: now, ExpiresAt: expires,
	})
	if err != nil {
		return fmt.Errorf("insert confirmation: %w", err)
	}
	return queue.Put(ctx, tx, queue.Message{
		ID: s.newID(), Queue: tasks, ExpiresAt: expires,
		Payload: &eventpb.ConfirmEmail{AccountId: account.String(), Secret: secret, ExpiresAt: timestamppb.New(expires)},
	})
}

func hashed(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// ConfirmEmail takes the secret of a link. The same link again is answered as the first time: mail programs open links too.
func (s *server) ConfirmEmail(ctx context.Context, q *datamanagementpb.ConfirmEmailRequest) (*datamanagementpb.ConfirmEmailResponse, error) {
	now := s.now()
	err := db.Tx(ctx, s.db, func(tx pgx.Tx) error {
		rows := store.New(tx)
		account, err := rows.ConfirmationTake(ctx, store.ConfirmationTakeParams{SecretHash: hashed(q.GetSecret()), Now: now})
		if errors.Is(err, pgx.ErrNoRows) {
			return errs.New(errs.Invalid, "confirm.link", "This link is not valid any more. Log in to have a new one sent.")
		}
		if err != nil {
			return fmt.Errorf("take confirmation: %w", err)
		}
		confirmed, err := rows.AccountConfirm(ctx, store.AccountConfirmParams{ID: account, Now: now})
		if err != nil {
			return fmt.Errorf("confirm account: %w", err)
		}
		if confirmed == 0 {
			return nil
		}
		return s.append(ctx, tx, account, &eventpb.AccountConfirmed{AccountId: account.String()})
	})
	return &datamanagementpb.ConfirmEmailResponse{}, err
}

// ResendConfirmation sends the link once more to the person asking.
func (s *server) ResendConfirmation(ctx context.Context, q *datamanagementpb.ResendConfirmationRequest) (*datamanagementpb.ResendConfirmationResponse, error) {
	answer := &datamanagementpb.ResendConfirmationResponse{}
	return answer, s.once(ctx, q, "people.resend", answer, func(tx pgx.Tx, who token.Claims, now time.Time) error {
		account, err := state(ctx, store.New(tx), who.Account)
		if err != nil {
			return err
		}
		if account.EmailConfirmedAt != nil {
			return nil
		}
		return s.sendLink(ctx, tx, who.Account, now)
	})
}

func (s *server) append(ctx context.Context, tx pgx.Tx, account uuid.UUID, m proto.Message) error {
	return s.events.Append(ctx, tx, eventlog.Event{Stream: "account/" + account.String(), ExpectedVersion: eventlog.Any, Message: m})
}
