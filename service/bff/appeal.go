package bff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// Appeal takes down what the person asking finds wrong.
func (s *points) Appeal(ctx context.Context, q *bffpb.PointsAppealRequest) (*bffpb.PointsAppealResponse, error) {
	in := &datamanagementpb.AppealRequest{RequestId: q.GetRequestId(), WebinarId: q.GetWebinarId(), Reason: q.GetReason(), Words: q.GetWords()}
	if span := q.GetConcerns(); span != nil {
		in.Concerns = &datamanagementpb.AmendedSpan{From: span.GetFrom(), To: span.GetTo()}
	}
	answer, err := s.points.Appeal(ctx, in)
	if err != nil {
		return nil, err
	}
	return &bffpb.PointsAppealResponse{Id: answer.GetId()}, nil
}

// WithdrawAppeal takes an own appeal back.
func (s *points) WithdrawAppeal(ctx context.Context, q *bffpb.PointsWithdrawAppealRequest) (*bffpb.PointsWithdrawAppealResponse, error) {
	_, err := s.points.WithdrawAppeal(ctx, &datamanagementpb.WithdrawAppealRequest{RequestId: q.GetRequestId(), Id: q.GetId()})
	if err != nil {
		return nil, err
	}
	return &bffpb.PointsWithdrawAppealResponse{}, nil
}

// Appeals are those that wait, or those that do not any more.
func (s *points) Appeals(ctx context.Context, q *bffpb.PointsAppealsRequest) (*bffpb.PointsAppealsResponse, error) {
	size, at, id, err := page(q.GetPageSize(), usualPage, q.GetPageToken())
	if err != nil {
		return nil, err
	}
	answer := &bffpb.PointsAppealsResponse{}
	if answer.Waiting, err = s.views.AppealsWaiting(ctx); err != nil {
		return nil, fmt.Errorf("count appeals: %w", err)
	}
	rows := []store.AppealGetRow{}
	if q.GetClosed() {
		if at.IsZero() {
			at = s.now().AddDate(1, 0, 0)
		}
		closed, err := s.views.AppealsClosed(ctx, store.AppealsClosedParams{Before: at, BeforeID: id, Most: size + 1})
		if err != nil {
			return nil, fmt.Errorf("list appeals: %w", err)
		}
		for _, row := range closed {
			rows = append(rows, store.AppealGetRow(row))
		}
	} else {
		open, err := s.views.AppealsOpen(ctx, store.AppealsOpenParams{After: at, AfterID: id, Most: size + 1})
		if err != nil {
			return nil, fmt.Errorf("list appeals: %w", err)
		}
		for _, row := range open {
			rows = append(rows, store.AppealGetRow(row))
		}
	}
	if len(rows) > int(size) {
		rows = rows[:size]
		last := rows[size-1]
		at = last.MadeAt
		if last.ClosedAt != nil {
			at = *last.ClosedAt
		}
		answer.NextPageToken = pageToken(at, last.AppealID)
	}
	for _, row := range rows {
		answer.Appeals = append(answer.Appeals, appealPB(row))
	}
	return answer, nil
}

// AppealCase is one appeal with the evidence beside it.
func (s *points) AppealCase(ctx context.Context, q *bffpb.PointsAppealCaseRequest) (*bffpb.PointsAppealCaseResponse, error) {
	id, err := uuid.Parse(q.GetId())
	if err != nil {
		return nil, errNoAppeal()
	}
	row, err := s.views.AppealGet(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoAppeal()
	}
	if err != nil {
		return nil, fmt.Errorf("read appeal: %w", err)
	}
	evidence, from, err := s.evidenceOf(ctx, row.AccountID, row.Slug)
	if err != nil {
		return nil, err
	}
	requests, err := s.views.CorrectionRequests(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list corrections: %w", err)
	}
	answer := &bffpb.PointsAppealCaseResponse{Appeal: appealPB(row), Evidence: evidence, Evasion: evasionPB(from)}
	for _, r := range requests {
		answer.Requests = append(answer.Requests, requestPB(store.AgencyRequestsRow(r)))
	}
	return answer, nil
}

// WeighAppeal tells what would come out.
func (s *points) WeighAppeal(ctx context.Context, q *bffpb.PointsWeighAppealRequest) (*bffpb.PointsWeighAppealResponse, error) {
	w, err := s.points.WeighAppeal(ctx, &datamanagementpb.WeighAppealRequest{Id: q.GetId(), Amendment: amendmentOf(q.GetAmendment())})
	if err != nil {
		return nil, err
	}
	return &bffpb.PointsWeighAppealResponse{
		Qualified: w.GetQualified(), Seconds: w.GetSeconds(), Creditable: w.GetCreditable(), Percent: w.GetPercent(),
		ChecksAnswered: w.GetChecksAnswered(), ChecksCounted: w.GetChecksCounted(), Hundredths: w.GetHundredths(), More: w.GetMore(),
	}, nil
}

// DecideAppeal grants or refuses.
func (s *points) DecideAppeal(ctx context.Context, q *bffpb.PointsDecideAppealRequest) (*bffpb.PointsDecideAppealResponse, error) {
	answer, err := s.points.DecideAppeal(ctx, &datamanagementpb.DecideAppealRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Grant: q.GetGrant(), Amendment: amendmentOf(q.GetAmendment()), Answer: q.GetAnswer(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.PointsDecideAppealResponse{More: answer.GetMore()}, nil
}

// RequestCorrection asks the agency again.
func (s *points) RequestCorrection(ctx context.Context, q *bffpb.PointsRequestCorrectionRequest) (*bffpb.PointsRequestCorrectionResponse, error) {
	answer, err := s.points.RequestCorrection(ctx, &datamanagementpb.RequestCorrectionRequest{RequestId: q.GetRequestId(), AppealId: q.GetAppealId()})
	if err != nil {
		return nil, err
	}
	return &bffpb.PointsRequestCorrectionResponse{Id: answer.GetId()}, nil
}

func errNoAppeal() error {
	return errs.New(errs.NotFound, "appeal.none", "There is no such appeal.")
}

func appealPB(row store.AppealGetRow) *bffpb.Appeal {
	a := &bffpb.Appeal{
		Id: row.AppealID.String(), WebinarSlug: row.Slug, WebinarTitle: row.Title, Name: row.Name, LicenceNumber: row.LicenceNumber,
		Reason: row.Reason, Words: row.Words, State: row.State, MadeAt: timestamppb.New(row.MadeAt), ClosedAt: stamp(row.ClosedAt),
		Answer: row.Answer, DecidedBy: row.DecidedBy, More: row.Hundredths,
	}
	if row.ConcernsFrom != nil && row.ConcernsTo != nil {
		a.Concerns = &bffpb.EvidenceSpan{From: timestamppb.New(*row.ConcernsFrom), To: timestamppb.New(*row.ConcernsTo)}
	}
	var amendment credit.Amendment
	if row.Amendment == nil || json.Unmarshal(row.Amendment, &amendment) != nil {
		return a
	}
	a.Amendment = &bffpb.Amendment{Watched: spansPB(amendment.Watched), Incidents: spansPB(amendment.Incidents)}
	for _, number := range amendment.VoidChecks {
		a.Amendment.VoidChecks = append(a.Amendment.VoidChecks, whole(int64(number)))
	}
	return a
}

func amendmentOf(a *bffpb.Amendment) *datamanagementpb.Amendment {
	m := &datamanagementpb.Amendment{VoidChecks: a.GetVoidChecks()}
	for _, s := range a.GetWatched() {
		m.Watched = append(m.Watched, &datamanagementpb.AmendedSpan{From: s.GetFrom(), To: s.GetTo()})
	}
	for _, s := range a.GetIncidents() {
		m.Incidents = append(m.Incidents, &datamanagementpb.AmendedSpan{From: s.GetFrom(), To: s.GetTo()})
	}
	return m
}
