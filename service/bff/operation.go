package bff

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	schedulerpb "github.com/rounds-cme/rounds/contract/scheduler/v1"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// operations is the work behind the pages, for administrators. The scheduler knows it; names of webinars and people are added here.
type operations struct {
	bffpb.UnimplementedOperationsServer
	*server
}

// Sagas lists what is under way, or what is over.
func (s *operations) Sagas(ctx context.Context, q *bffpb.OperationsSagasRequest) (*bffpb.OperationsSagasResponse, error) {
	list, err := s.sagas.List(ctx, &schedulerpb.SagaListRequest{Over: q.GetOver(), PageSize: q.GetPageSize(), PageToken: q.GetPageToken()})
	if err != nil {
		return nil, err
	}
	about, err := s.webinarsOf(ctx, list.GetSagas()...)
	if err != nil {
		return nil, err
	}
	answer := &bffpb.OperationsSagasResponse{NextPageToken: list.GetNextPageToken()}
	for _, one := range list.GetSagas() {
		answer.Sagas = append(answer.Sagas, sagaPB(one, about))
	}
	return answer, nil
}

// Saga is one with its timeline.
func (s *operations) Saga(ctx context.Context, q *bffpb.OperationsSagaRequest) (*bffpb.OperationsSagaResponse, error) {
	one, err := s.sagas.Get(ctx, &schedulerpb.SagaGetRequest{Id: q.GetId()})
	if err != nil {
		return nil, err
	}
	about, err := s.webinarsOf(ctx, one.GetSaga())
	if err != nil {
		return nil, err
	}
	names, err := s.namesOf(ctx, one.GetMoments())
	if err != nil {
		return nil, err
	}
	answer := &bffpb.OperationsSagaResponse{Saga: sagaPB(one.GetSaga(), about)}
	for _, m := range one.GetMoments() {
		answer.Moments = append(answer.Moments, &bffpb.SagaMoment{
			Kind: m.GetKind(), Step: m.GetStep(), Attempt: m.GetAttempt(), Reason: m.GetReason(), By: names[m.GetAccountId()],
			Final: m.GetFinal(), Undoing: m.GetUndoing(), At: m.GetAt(), AgainAt: m.GetAgainAt(),
		})
	}
	return answer, nil
}

// RetrySaga goes on at once.
func (s *operations) RetrySaga(ctx context.Context, q *bffpb.OperationsRetrySagaRequest) (*bffpb.OperationsRetrySagaResponse, error) {
	if _, err := s.sagas.Retry(ctx, &schedulerpb.SagaRetryRequest{Id: q.GetId()}); err != nil {
		return nil, err
	}
	return &bffpb.OperationsRetrySagaResponse{}, nil
}

// CompensateSaga gives one up.
func (s *operations) CompensateSaga(ctx context.Context, q *bffpb.OperationsCompensateSagaRequest) (*bffpb.OperationsCompensateSagaResponse, error) {
	_, err := s.sagas.Compensate(ctx, &schedulerpb.SagaCompensateRequest{Id: q.GetId(), Reason: q.GetReason()})
	if err != nil {
		return nil, err
	}
	return &bffpb.OperationsCompensateSagaResponse{}, nil
}

// webinarsOf finds the webinars that sagas are about.
func (s *operations) webinarsOf(ctx context.Context, sagas ...*schedulerpb.Saga) (map[string]store.WebinarsNamedRow, error) {
	var ids []uuid.UUID
	for _, one := range sagas {
		if id, err := uuid.Parse(one.GetWebinarId()); err == nil {
			ids = append(ids, id)
		}
	}
	rows, err := s.views.WebinarsNamed(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read webinars of sagas: %w", err)
	}
	found := map[string]store.WebinarsNamedRow{}
	for _, row := range rows {
		found[row.WebinarID.String()] = row
	}
	return found, nil
}

// namesOf finds who did something by hand.
func (s *operations) namesOf(ctx context.Context, moments []*schedulerpb.SagaMoment) (map[string]string, error) {
	var ids []uuid.UUID
	for _, m := range moments {
		if id, err := uuid.Parse(m.GetAccountId()); err == nil {
			ids = append(ids, id)
		}
	}
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}
	rows, err := s.views.AccountsNamed(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read operators: %w", err)
	}
	for _, row := range rows {
		names[row.AccountID.String()] = row.Name
	}
	return names, nil
}

func sagaPB(one *schedulerpb.Saga, about map[string]store.WebinarsNamedRow) *bffpb.Saga {
	webinar := about[one.GetWebinarId()]
	return &bffpb.Saga{
		Name: one.GetName(), Id: one.GetId(), Status: one.GetStatus(), Step: one.GetStep(), Attempt: one.GetAttempt(), Reason: one.GetReason(),
		BegunAt: one.GetBegunAt(), ChangedAt: one.GetChangedAt(), WakesAt: one.GetWakesAt(), Steps: one.GetSteps(), Forward: one.GetForward(),
		WebinarTitle: webinar.Title, WebinarSlug: webinar.Slug,
	}
}
