package bff

import (
	"encoding/json"
	"math"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

func pointsWebinarPB(w store.DatamanagementBffPointsWebinar, t store.ResultTotalsRow, requests []store.AgencyRequestsRow) *bffpb.PointsWebinarResponse {
	answer := &bffpb.PointsWebinarResponse{
		WebinarId: w.WebinarID.String(), Slug: w.Slug, Title: w.Title, State: w.State, StartsAt: timestamppb.New(w.StartsAt),
		EvaluatedAt: stamp(w.EvaluatedAt), Viewers: t.Viewers, Qualified: t.Qualified, Hundredths: t.Hundredths,
	}
	for _, r := range requests {
		answer.Requests = append(answer.Requests, requestPB(r))
	}
	return answer
}

func correctionsPB(rows []store.CorrectionsRow) []*bffpb.PointsCorrection {
	var all []*bffpb.PointsCorrection
	for _, r := range rows {
		all = append(all, &bffpb.PointsCorrection{AccountId: r.AccountID.String(), Hundredths: r.Hundredths, State: r.State})
	}
	return all
}

func requestPB(r store.AgencyRequestsRow) *bffpb.AgencyRequest {
	return &bffpb.AgencyRequest{
		Id: r.RequestID.String(), RequestedAt: timestamppb.New(r.RequestedAt), Viewers: r.Viewers, Qualified: r.Qualified,
		Hundredths: r.Hundredths, State: r.State, AnsweredOn: r.AnsweredOn, Reference: r.Reference, Answer: r.Answer, Booked: r.Booked,
	}
}

func resultPB(row store.ResultsRow) *bffpb.PointsResult {
	return &bffpb.PointsResult{
		AccountId: row.AccountID.String(), Name: row.Name, LicenceNumber: row.LicenceNumber, Profession: row.Profession, Country: row.Country,
		Seconds: row.Seconds, Creditable: row.Creditable, ChecksAnswered: row.ChecksAnswered, ChecksCounted: row.ChecksCounted,
		Qualified: row.Qualified, Hundredths: row.Hundredths, Reasons: reasonsPB(row.Reasons),
	}
}

func linePB(row store.LedgerRow) *bffpb.LedgerLine {
	return &bffpb.LedgerLine{
		Slug: row.Slug, Title: row.Title, Kind: row.Kind, Day: row.Day, Hundredths: row.Hundredths, State: row.State,
		Reference: row.Reference, AnsweredOn: row.AnsweredOn, Answer: row.Answer, Reasons: reasonsPB(row.Reasons), Appeal: row.Appeal,
	}
}

// reasonsPB reads reasons as data management kept them; what cannot be read is left out, the numbers beside it still stand.
func reasonsPB(text []byte) []*bffpb.PointsReason {
	var reasons []credit.Reason
	if err := json.Unmarshal(text, &reasons); err != nil {
		return nil
	}
	var answer []*bffpb.PointsReason
	for _, r := range reasons {
		answer = append(answer, &bffpb.PointsReason{
			Code: string(r.Code), State: string(r.State), Have: whole(int64(r.Have)), Of: whole(int64(r.Of)), More: whole(int64(r.More)),
		})
	}
	return answer
}

func whole(n int64) int32 {
	return int32(min(max(n, math.MinInt32), math.MaxInt32)) //nolint:gosec // bounded
}
