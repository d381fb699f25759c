package bff

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// people is registration, one's own account, and the applications that reviewers decide.
type people struct {
	bffpb.UnimplementedPeopleServer
	*server
}

// Register checks what was typed, asks the registry, and hands over.
func (s *people) Register(ctx context.Context, q *bffpb.RegisterRequest) (*bffpb.RegisterResponse, error) {
	r, err := registration(q)
	if err != nil {
		return nil, err
	}
	r.Registry = s.registry.ask(ctx, asked{r.GetCountry(), r.GetLicenceNumber(), r.GetName(), r.GetProfession(), r.GetSpeciality()})
	if _, err := s.people.Register(ctx, r); err != nil {
		return nil, err
	}
	return &bffpb.RegisterResponse{}, nil
}

// ConfirmEmail takes the secret of the link.
func (s *people) ConfirmEmail(ctx context.Context, q *bffpb.ConfirmEmailRequest) (*bffpb.ConfirmEmailResponse, error) {
	if len(q.GetSecret()) > 100 {
		return nil, errs.New(errs.Invalid, "confirm.link", "This link is not valid any more. Log in to have a new one sent.")
	}
	if _, err := s.people.ConfirmEmail(ctx, &datamanagementpb.ConfirmEmailRequest{Secret: q.GetSecret()}); err != nil {
		return nil, err
	}
	return &bffpb.ConfirmEmailResponse{}, nil
}

// ResendConfirmation has the link sent again.
func (s *people) ResendConfirmation(ctx context.Context, q *bffpb.ResendConfirmationRequest) (*bffpb.ResendConfirmationResponse, error) {
	_, err := s.people.ResendConfirmation(ctx, &datamanagementpb.ResendConfirmationRequest{RequestId: q.GetRequestId()})
	if err != nil {
		return nil, err
	}
	return &bffpb.ResendConfirmationResponse{}, nil
}

// Me is the person asking, with where their application stands.
func (s *people) Me(ctx context.Context, _ *bffpb.MeRequest) (*bffpb.MeResponse, error) {
	who, _ := token.From(ctx)
	a, err := s.views.Account(ctx, who.Account)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoAccount()
	}
	if err != nil {
		return nil, fmt.Errorf("read account: %w", err)
	}
	last, err := s.views.LastApplication(ctx, who.Account)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read last application: %w", err)
	}
	return mePB(a, last), nil
}

// UpdateProfile changes what a person may change alone.
func (s *people) UpdateProfile(ctx context.Context, q *bffpb.UpdateProfileRequest) (*bffpb.UpdateProfileResponse, error) {
	var f errs.Fields
	name := clean(q.GetName())
	checkName(&f, name)
	checkTongue(&f, q.GetLanguage(), q.GetZone())
	if err := f.Err(); err != nil {
		return nil, err
	}
	_, err := s.people.UpdateProfile(ctx, &datamanagementpb.UpdateProfileRequest{
		RequestId: q.GetRequestId(), Name: name, Language: q.GetLanguage(), Zone: q.GetZone(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.UpdateProfileResponse{}, nil
}

// SubmitProof applies again; the registry is asked again too, because it may know more now.
func (s *people) SubmitProof(ctx context.Context, q *bffpb.SubmitProofRequest) (*bffpb.SubmitProofResponse, error) {
	var f errs.Fields
	proof := document(&f, q.GetProof())
	if err := f.Err(); err != nil {
		return nil, err
	}
	me, err := s.Me(ctx, &bffpb.MeRequest{})
	if err != nil {
		return nil, err
	}
	_, err = s.people.SubmitProof(ctx, &datamanagementpb.SubmitProofRequest{
		RequestId: q.GetRequestId(), Proof: proof,
		Registry: s.registry.ask(ctx, asked{me.GetCountry(), me.GetLicenceNumber(), me.GetName(), me.GetProfession(), me.GetSpeciality()}),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.SubmitProofResponse{}, nil
}

const (
	mostPage  = 100
	usualPage = 25
)

// Applications is the queue of reviewers, the oldest first, or what was decided, the newest first.
func (s *people) Applications(ctx context.Context, q *bffpb.ApplicationsRequest) (*bffpb.ApplicationsResponse, error) {
	size := q.GetPageSize()
	switch {
	case size == 0:
		size = usualPage
	case size < 0 || size > mostPage:
		return nil, errs.New(errs.Invalid, "page.size", "A page has between 1 and 100 entries.")
	}
	at, id, err := cursor(q.GetPageToken())
	if err != nil {
		return nil, err
	}
	var rows []store.DatamanagementBffApplication
	switch q.GetState() {
	case "", "waiting":
		rows, err = s.views.ApplicationsWaiting(ctx, store.ApplicationsWaitingParams{After: at, AfterID: id, Most: size + 1})
	case "approved", "rejected":
		if at.IsZero() {
			at = s.now().AddDate(1, 0, 0)
		}
		rows, err = s.views.ApplicationsDecided(ctx, store.ApplicationsDecidedParams{State: q.GetState(), Before: at, BeforeID: id, Most: size + 1})
	default:
		return nil, errs.New(errs.Invalid, "application.state", "There are applications that wait, that were approved and that were rejected.")
	}
	if err != nil {
		return nil, fmt.Errorf("list applications: %w", err)
	}
	waiting, err := s.views.ApplicationsWaitingCount(ctx)
	if err != nil {
		return nil, fmt.Errorf("count applications: %w", err)
	}
	answer := &bffpb.ApplicationsResponse{Waiting: int32(min(waiting, 1<<30))} //nolint:gosec // bounded
	if len(rows) > int(size) {
		rows = rows[:size]
		last := rows[size-1]
		answer.NextPageToken = pageToken(last.SubmittedAt, last.ApplicationID)
	}
	for _, row := range rows {
		answer.Applications = append(answer.Applications, applicationPB(row))
	}
	return answer, nil
}

// pageToken is where the next page begins, for us to read and nobody else to make something of.
func pageToken(at time.Time, id uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(at.UTC().Format(time.RFC3339Nano) + " " + id.String()))
}

func cursor(pageToken string) (time.Time, uuid.UUID, error) {
	if pageToken == "" {
		return time.Time{}, uuid.Nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(pageToken)
	moment, name, _ := strings.Cut(string(raw), " ")
	at, wrongTime := time.Parse(time.RFC3339Nano, moment)
	id, wrongID := uuid.Parse(name)
	if err != nil || wrongTime != nil || wrongID != nil {
		return at, id, errs.New(errs.Invalid, "page.token", "This page does not exist. Begin at the first page.")
	}
	return at, id, nil
}

// Application is one application, and which waits next.
func (s *people) Application(ctx context.Context, q *bffpb.ApplicationRequest) (*bffpb.ApplicationResponse, error) {
	id, err := uuid.Parse(q.GetId())
	if err != nil {
		return nil, errNoApplication()
	}
	row, err := s.views.Application(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoApplication()
	}
	if err != nil {
		return nil, fmt.Errorf("read application: %w", err)
	}
	answer := &bffpb.ApplicationResponse{Application: applicationPB(row)}
	next, err := s.views.ApplicationNext(ctx, id)
	switch {
	case err == nil:
		answer.NextId = next.String()
	case !errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("find the next application: %w", err)
	}
	return answer, nil
}

// Proof is the document of an application, for reviewers.
func (s *people) Proof(ctx context.Context, q *bffpb.ProofRequest) (*bffpb.ProofResponse, error) {
	answer, err := s.people.Proof(ctx, &datamanagementpb.ProofRequest{ApplicationId: q.GetApplicationId()})
	if err != nil {
		return nil, err
	}
	d := answer.GetProof()
	return &bffpb.ProofResponse{Proof: &bffpb.Document{FileName: d.GetFileName(), MediaType: d.GetMediaType(), Content: d.GetContent()}}, nil
}

// Decide approves or rejects.
func (s *people) Decide(ctx context.Context, q *bffpb.DecideRequest) (*bffpb.DecideResponse, error) {
	_, err := s.people.Decide(ctx, &datamanagementpb.DecideRequest{
		RequestId: q.GetRequestId(), ApplicationId: q.GetApplicationId(), Approve: q.GetApprove(), Reason: q.GetReason(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.DecideResponse{}, nil
}

func errNoApplication() error {
	return errs.New(errs.NotFound, "application.none", "There is no such application.")
}

func errNoAccount() error {
	return errs.New(errs.NotFound, "account.none", "This account does not exist any more.")
}
