package scheduler

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	schedulerpb "github.com/rounds-cme/rounds/contract/scheduler/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/typed"
)

const (
	sagasOnPage  = 20
	sagasMost    = 100
	longestCause = 500
)

// operations is what an operator sees of sagas and may do with them.
type operations struct {
	schedulerpb.UnimplementedSagasServer

	sagas *saga.Engine
}

// List implements the contract.
func (o *operations) List(ctx context.Context, in *schedulerpb.SagaListRequest) (*schedulerpb.SagaListResponse, error) {
	size := int(in.GetPageSize())
	if size <= 0 {
		size = sagasOnPage
	}
	size = min(size, sagasMost)
	after, err := place(in.GetPageToken())
	if err != nil {
		return nil, err
	}
	all, err := o.sagas.List(ctx, saga.Query{Open: !in.GetOver(), After: after, Most: size + 1})
	if err != nil {
		return nil, err
	}
	answer := &schedulerpb.SagaListResponse{}
	if len(all) > size {
		all = all[:size]
		answer.NextPageToken = placeToken(all[size-1])
	}
	for _, s := range all {
		answer.Sagas = append(answer.Sagas, o.sagaPB(s))
	}
	return answer, nil
}

// Get implements the contract.
func (o *operations) Get(ctx context.Context, in *schedulerpb.SagaGetRequest) (*schedulerpb.SagaGetResponse, error) {
	name, id := named(in.GetId())
	found, moments, err := o.sagas.Timeline(ctx, name, id)
	if err != nil {
		return nil, err
	}
	answer := &schedulerpb.SagaGetResponse{Saga: o.sagaPB(found)}
	for _, m := range moments {
		answer.Moments = append(answer.Moments, &schedulerpb.SagaMoment{
			Kind: m.Kind, Step: m.Step, Attempt: number(m.Attempt), Reason: m.Reason, AccountId: m.By, Final: m.Final, Undoing: m.Undoing,
			At: timestamppb.New(m.At), AgainAt: maybe(m.Again),
		})
	}
	return answer, nil
}

// Retry implements the contract.
func (o *operations) Retry(ctx context.Context, in *schedulerpb.SagaRetryRequest) (*schedulerpb.SagaRetryResponse, error) {
	who, _ := token.From(ctx)
	name, id := named(in.GetId())
	if err := o.sagas.Hurry(ctx, name, id, who.Account.String()); err != nil {
		return nil, err
	}
	return &schedulerpb.SagaRetryResponse{}, nil
}

// Compensate implements the contract.
func (o *operations) Compensate(ctx context.Context, in *schedulerpb.SagaCompensateRequest) (*schedulerpb.SagaCompensateResponse, error) {
	who, _ := token.From(ctx)
	reason := typed.Text(in.GetReason())
	if reason == "" || utf8.RuneCountInString(reason) > longestCause {
		return nil, errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
			Field("reason", "saga.reason", "Say in at most 500 characters why this is given up.")
	}
	name, id := named(in.GetId())
	if err := o.sagas.TurnRound(ctx, name, id, who.Account.String(), reason); err != nil {
		return nil, err
	}
	return &schedulerpb.SagaCompensateResponse{}, nil
}

func (o *operations) sagaPB(s saga.Summary) *schedulerpb.Saga {
	m := &schedulerpb.Saga{
		Name: s.Name, Id: s.Name + ":" + s.ID, Status: string(s.Status), Attempt: number(s.Attempt), Reason: s.Reason, WebinarId: s.Data["webinar"],
		BegunAt: timestamppb.New(s.BegunAt), ChangedAt: timestamppb.New(s.ChangedAt),
	}
	m.Steps, m.Forward = o.sagas.Steps(&s.State)
	if s.Over() {
		return m
	}
	m.WakesAt = maybe(s.Wake)
	if s.Step >= 0 && s.Step < len(m.GetSteps()) {
		m.Step = m.GetSteps()[s.Step]
	}
	return m
}

// named takes an id apart. Text with a zero in it names nothing, and PostgreSQL refuses it.
func named(text string) (name, id string) {
	if strings.ContainsRune(text, 0) {
		return "", ""
	}
	name, id, _ = strings.Cut(text, ":")
	return name, id
}

func number(n int) int32 { return int32(min(n, math.MaxInt32)) } //nolint:gosec // Bounded.

func maybe(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// spot is a place in a list, as a page token carries it.
type spot struct {
	Name, ID  string
	BegunAt   time.Time
	ChangedAt time.Time
}

func placeToken(s saga.Summary) string {
	text, _ := json.Marshal(spot{s.Name, s.ID, s.BegunAt, s.ChangedAt}) // a struct of texts and times always marshals
	return base64.RawURLEncoding.EncodeToString(text)
}

func place(text string) (saga.Summary, error) {
	s := saga.Summary{}
	if text == "" {
		return s, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	at := spot{}
	if err == nil {
		err = json.Unmarshal(raw, &at)
	}
	if err != nil || strings.ContainsRune(at.Name+at.ID, 0) {
		return s, errs.New(errs.Invalid, "page.token", "This page does not exist. Begin at the first page.")
	}
	s.Name, s.ID, s.BegunAt, s.ChangedAt = at.Name, at.ID, at.BegunAt, at.ChangedAt
	return s, nil
}
