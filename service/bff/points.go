package bff

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

const usualResults = 50

// points is what attendance was worth, to administrators and to oneself.
type points struct {
	bffpb.UnimplementedPointsServer
	*server
}

// Webinar is who qualified and why, and how the request to the agency stands.
func (s *points) Webinar(ctx context.Context, q *bffpb.PointsWebinarRequest) (*bffpb.PointsWebinarResponse, error) {
	size := q.GetPageSize()
	switch {
	case size == 0:
		size = usualResults
	case size < 0 || size > mostPage:
		return nil, errs.New(errs.Invalid, "page.size", "A page has between 1 and 100 entries.")
	}
	after, err := afterID(q.GetPageToken())
	if err != nil {
		return nil, err
	}
	w, err := s.views.PointsWebinar(ctx, q.GetSlug())
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.New(errs.NotFound, "webinar.none", "There is no such webinar.")
	}
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	totals, err := s.views.ResultTotals(ctx, w.WebinarID)
	if err != nil {
		return nil, fmt.Errorf("count results: %w", err)
	}
	results, err := s.views.Results(ctx, store.ResultsParams{WebinarID: w.WebinarID, After: after, Most: size + 1})
	if err != nil {
		return nil, fmt.Errorf("list results: %w", err)
	}
	requests, err := s.views.AgencyRequests(ctx, w.WebinarID)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	answer := pointsWebinarPB(w, totals, requests)
	if after == uuid.Nil {
		corrections, err := s.views.Corrections(ctx, w.WebinarID)
		if err != nil {
			return nil, fmt.Errorf("list corrections: %w", err)
		}
		answer.Corrections = correctionsPB(corrections)
	}
	if len(results) > int(size) {
		results = results[:size]
		last := results[size-1].AccountID
		answer.NextPageToken = base64.RawURLEncoding.EncodeToString(last[:])
	}
	evasions, err := s.evasions(ctx, w.WebinarID, results)
	if err != nil {
		return nil, err
	}
	for _, row := range results {
		result := resultPB(row)
		result.Evasion = evasions[row.AccountID]
		answer.Results = append(answer.Results, result)
	}
	return answer, nil
}

// evasions finds out of a page of people whose evidence an administrator should look at.
func (s *points) evasions(ctx context.Context, webinar uuid.UUID, results []store.ResultsRow) (map[uuid.UUID]*bffpb.Evasion, error) {
	ids := make([]uuid.UUID, len(results))
	for i, row := range results {
		ids[i] = row.AccountID
	}
	rows, err := s.views.ResultEvidence(ctx, store.ResultEvidenceParams{WebinarID: webinar, AccountIds: ids})
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	found := map[uuid.UUID]*bffpb.Evasion{}
	for _, row := range rows {
		var e credit.Evidence
		if err := json.Unmarshal(row.Evidence, &e); err != nil {
			return nil, fmt.Errorf("read evidence of %s: %w", row.AccountID, err)
		}
		found[row.AccountID] = evasionPB(e)
	}
	return found, nil
}

// evasionPB is nil for nearly everybody.
func evasionPB(e credit.Evidence) *bffpb.Evasion {
	found, again := presence.Evaded(e)
	if !again {
		return nil
	}
	m := &bffpb.Evasion{Sent: whole(int64(found.Sent))}
	for _, number := range found.Checks {
		m.Checks = append(m.Checks, whole(int64(number)))
	}
	return m
}

func afterID(pageToken string) (uuid.UUID, error) {
	if pageToken == "" {
		return uuid.Nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(pageToken)
	id, wrong := uuid.FromBytes(raw)
	if err != nil || wrong != nil {
		return uuid.Nil, errs.New(errs.Invalid, "page.token", "This page does not exist. Begin at the first page.")
	}
	return id, nil
}

// Request records that the points of a webinar were requested.
func (s *points) Request(ctx context.Context, q *bffpb.PointsRequestRequest) (*bffpb.PointsRequestResponse, error) {
	answer, err := s.points.RequestPoints(ctx, &datamanagementpb.RequestPointsRequest{
		RequestId: q.GetRequestId(), WebinarId: q.GetWebinarId(), Viewers: q.GetViewers(), Qualified: q.GetQualified(), Hundredths: q.GetHundredths(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.PointsRequestResponse{Id: answer.GetId()}, nil
}

// Answer records what the agency said.
func (s *points) Answer(ctx context.Context, q *bffpb.PointsAnswerRequest) (*bffpb.PointsAnswerResponse, error) {
	answer, err := s.points.RecordAnswer(ctx, &datamanagementpb.RecordAnswerRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Accepted: q.GetAccepted(), Day: q.GetDay(), Reference: q.GetReference(), Answer: q.GetAnswer(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.PointsAnswerResponse{Booked: answer.GetBooked()}, nil
}
