package people

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/people/store"
)

const mostReason = 1000

// once runs a command of the person asking.
func (s *server) once(ctx context.Context, q command.Request, name string, answer proto.Message, do func(pgx.Tx, token.Claims, time.Time) error) error {
	return command.Desk{DB: s.db, Now: s.now}.Once(ctx, q, name, answer, func(w command.Wish) error { return do(w.Tx, w.Who, w.Now) })
}

// apply keeps the document, encrypted, and what the registry said, for a reviewer to decide on.
func (s *server) apply(ctx context.Context, tx pgx.Tx, account uuid.UUID, d *datamanagementpb.Document, r *datamanagementpb.Registry, now time.Time) error {
	id := s.newID()
	sealed, err := s.safe.seal(id, d.GetContent())
	if err != nil {
		return err
	}
	answer, err := json.Marshal(registryAnswer{r.GetName(), r.GetProfession(), r.GetSpeciality(), r.GetValidUntil()})
	if err != nil {
		return fmt.Errorf("keep the answer of the registry: %w", err)
	}
	state := r.GetState()
	if state == "" {
		state = "not_asked"
	}
	sum := sha256.Sum256(d.GetContent())
	q := store.New(tx)
	err = q.ApplicationInsert(ctx, store.ApplicationInsertParams{
		ID: id, AccountID: account, Now: now, FileName: d.GetFileName(), MediaType: d.GetMediaType(), Size: int32(len(d.GetContent())), //nolint:gosec // bounded by the size of a message
		Sha256: sum[:], RegistryState: state, RegistryAnswer: answer, RegistryFlags: append([]string{}, r.GetFlags()...),
	})
	if err != nil {
		return fmt.Errorf("insert application: %w", err)
	}
	if err := q.ProofInsert(ctx, store.ProofInsertParams{ApplicationID: id, KeyID: s.safe.keyID, Ciphertext: sealed}); err != nil {
		return fmt.Errorf("insert proof: %w", err)
	}
	return nil
}

// registryAnswer is the shape of column registry_answer.
type registryAnswer struct {
	Name       string `json:"name"`
	Profession string `json:"profession"`
	Speciality string `json:"speciality"`
	ValidUntil string `json:"valid_until"`
}

// SubmitProof applies again after a rejection.
func (s *server) SubmitProof(ctx context.Context, q *datamanagementpb.SubmitProofRequest) (*datamanagementpb.SubmitProofResponse, error) {
	answer := &datamanagementpb.SubmitProofResponse{}
	// Sent again, it is the same wish whatever the registry says by then.
	wish := &datamanagementpb.SubmitProofRequest{RequestId: q.GetRequestId(), Proof: q.GetProof()}
	return answer, s.once(ctx, wish, "people.submit_proof", answer, func(tx pgx.Tx, who token.Claims, now time.Time) error {
		rows := store.New(tx)
		account, err := state(ctx, rows, who.Account)
		if err != nil {
			return err
		}
		if account.State != "rejected" {
			return errs.New(errs.Conflict, "application.not_now", "Your last application has not been decided, or you are a member already.")
		}
		if err := s.apply(ctx, tx, who.Account, q.GetProof(), q.GetRegistry(), now); err != nil {
			return err
		}
		if err := rows.AccountSetState(ctx, store.AccountSetStateParams{State: "in_review", Now: now, ID: who.Account}); err != nil {
			return fmt.Errorf("set state: %w", err)
		}
		return nil
	})
}

// Decide approves or rejects an application, once.
func (s *server) Decide(ctx context.Context, q *datamanagementpb.DecideRequest) (*datamanagementpb.DecideResponse, error) {
	id, err := uuid.Parse(q.GetApplicationId())
	if err != nil {
		return nil, errNoApplication()
	}
	reason := field.Text(q.GetReason())
	if problem := reasonProblem(q.GetApprove(), reason); problem != nil {
		return nil, problem
	}
	answer := &datamanagementpb.DecideResponse{}
	return answer, s.once(ctx, q, "people.decide", answer, func(tx pgx.Tx, who token.Claims, now time.Time) error {
		return s.decide(ctx, tx, decision{application: id, reviewer: who.Account, approve: q.GetApprove(), reason: reason, at: now})
	})
}

func reasonProblem(approve bool, reason string) error {
	var fields errs.Fields
	switch {
	case !approve && reason == "":
		fields.Add("reason", "application.reason", "Enter a reason. The applicant reads it.")
	case utf8.RuneCountInString(reason) > mostReason:
		fields.Add("reason", "application.reason_long", "Enter a reason of at most 1000 characters.")
	}
	return fields.Err()
}

type decision struct {
	application, reviewer uuid.UUID
	approve               bool
	reason                string
	at                    time.Time
}

func (s *server) decide(ctx context.Context, tx pgx.Tx, d decision) error {
	q := store.New(tx)
	application, err := q.ApplicationLock(ctx, d.application)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && application.EmailConfirmedAt == nil:
		return errNoApplication()
	case err != nil:
		return fmt.Errorf("read application: %w", err)
	case application.State != "waiting":
		return errs.New(errs.Conflict, "application.decided", "This application was decided already, perhaps by a colleague.")
	case application.AccountID == d.reviewer:
		return errs.New(errs.Forbidden, "application.own", "Nobody decides their own application. Ask a colleague.")
	}
	state := "rejected"
	var fact proto.Message = &eventpb.AccountRejected{
		AccountId: application.AccountID.String(), ApplicationId: d.application.String(), ReviewerId: d.reviewer.String(),
	}
	if d.approve {
		state = "approved"
		fact = &eventpb.AccountApproved{
			AccountId: application.AccountID.String(), ApplicationId: d.application.String(), ReviewerId: d.reviewer.String(),
		}
	}
	err = q.ApplicationDecide(ctx, store.ApplicationDecideParams{State: state, Now: d.at, ReviewerID: d.reviewer, Reason: d.reason, ID: d.application})
	if err != nil {
		return fmt.Errorf("decide application: %w", err)
	}
	if err := q.AccountSetState(ctx, store.AccountSetStateParams{State: state, Now: d.at, ID: application.AccountID}); err != nil {
		return fmt.Errorf("set state: %w", err)
	}
	err = q.ProofKeepUntil(ctx, store.ProofKeepUntilParams{DeleteAfter: d.at.Add(proofLife), ApplicationID: d.application})
	if err != nil {
		return fmt.Errorf("plan the deletion of the proof: %w", err)
	}
	if err := s.append(ctx, tx, application.AccountID, fact); err != nil || !d.approve {
		return err
	}
	return s.tell.Tell(ctx, tx, activity.Doing{
		Kind: eventpb.ActivityKind_ACTIVITY_KIND_APPROVED, Account: application.AccountID, At: d.at, Key: d.application.String(),
	})
}

// Proof decrypts a document.
func (s *server) Proof(ctx context.Context, q *datamanagementpb.ProofRequest) (*datamanagementpb.ProofResponse, error) {
	id, err := uuid.Parse(q.GetApplicationId())
	if err != nil {
		return nil, errNoApplication()
	}
	row, err := store.New(s.db).ProofRead(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.New(errs.NotFound, "proof.gone", "There is no document; documents are deleted some days after the decision.")
	}
	if err != nil {
		return nil, fmt.Errorf("read proof: %w", err)
	}
	content, err := s.safe.open(id, row.KeyID, row.Ciphertext)
	if err != nil {
		return nil, err
	}
	return &datamanagementpb.ProofResponse{Proof: &datamanagementpb.Document{
		FileName: row.FileName, MediaType: row.MediaType, Content: content,
	}}, nil
}

// UpdateProfile changes what a person may change alone.
func (s *server) UpdateProfile(ctx context.Context, q *datamanagementpb.UpdateProfileRequest) (*datamanagementpb.UpdateProfileResponse, error) {
	answer := &datamanagementpb.UpdateProfileResponse{}
	return answer, s.once(ctx, q, "people.update_profile", answer, func(tx pgx.Tx, who token.Claims, now time.Time) error {
		_, err := store.New(tx).AccountUpdateProfile(ctx, store.AccountUpdateProfileParams{
			Name: q.GetName(), Language: q.GetLanguage(), Zone: q.GetZone(), Now: now, ID: who.Account,
		})
		if err != nil {
			return fmt.Errorf("update profile: %w", refused(err))
		}
		return nil
	})
}

// state is where an account stands, which nobody changes until the transaction ends.
func state(ctx context.Context, rows *store.Queries, account uuid.UUID) (store.AccountStateRow, error) {
	row, err := rows.AccountState(ctx, account)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return row, errs.New(errs.NotFound, "account.none", "This account does not exist any more.")
	case err != nil:
		return row, fmt.Errorf("read account: %w", err)
	}
	return row, nil
}

// refused is for what the BFF checks beside each field, and the table once more: who got past the first has sent wrong input.
func refused(err error) error {
	const tooLong, checkViolation = "22001", "23514"
	if code := db.Code(err); code == tooLong || code == checkViolation {
		return errs.Wrap(err, errs.Invalid, errs.CodeInput, errs.CheckFields)
	}
	return err
}

func errNoApplication() error {
	return errs.New(errs.NotFound, "application.none", "There is no such application.")
}
