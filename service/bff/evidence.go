package bff

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// Evidence is what the credit of the person asking was computed from. The view is asked with their own account, so that of
// others does not exist here.
func (s *points) Evidence(ctx context.Context, q *bffpb.PointsEvidenceRequest) (*bffpb.PointsEvidenceResponse, error) {
	who, _ := token.From(ctx)
	row, err := s.views.Evidence(ctx, store.EvidenceParams{AccountID: who.Account, Slug: clean(q.GetSlug())})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.New(errs.NotFound, "evidence.none", "We have no attendance of yours for this webinar.")
	}
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	var e credit.Evidence
	if err := json.Unmarshal(row.Evidence, &e); err != nil {
		return nil, fmt.Errorf("read evidence of %s: %w", row.Slug, err)
	}
	var c credit.Credit
	if err := json.Unmarshal(row.Credit, &c); err != nil {
		return nil, fmt.Errorf("read credit of %s: %w", row.Slug, err)
	}
	return evidencePB(row, e, c), nil
}

func evidencePB(row store.EvidenceRow, e credit.Evidence, c credit.Credit) *bffpb.PointsEvidenceResponse {
	answer := &bffpb.PointsEvidenceResponse{
		Slug: row.Slug, Title: row.Title, StartedAt: stamp(row.StartedAt), EndedAt: stamp(row.EndedAt), EvaluatedAt: timestamppb.New(row.At),
		Seconds: row.Seconds, Creditable: row.Creditable, Percent: whole(int64(c.Percent)), Qualified: row.Qualified,
		Hundredths: row.Hundredths, Reasons: reasonsPB(row.Reasons), Sha256: hex.EncodeToString(row.EvidenceSha256),
		Credited: spansPB(c.Spans), Incidents: spansPB(e.Incidents), Rule: frozenPB(e.Rule), Offered: whole(int64(e.Offered)),
	}
	for _, w := range e.Watched {
		answer.Watched = append(answer.Watched, &bffpb.EvidenceInterval{
			From: timestamppb.New(w.From), To: timestamppb.New(w.To), Dropped: w.Dropped,
		})
	}
	for _, told := range credit.Fates(e) {
		answer.Checks = append(answer.Checks, &bffpb.EvidenceCheck{
			Number: whole(int64(told.Number)), AskedAt: happened(told.Sent), AnsweredAt: happened(told.Answered), Fate: string(told.Fate),
		})
	}
	return answer
}

func frozenPB(r credit.Rule) *bffpb.CreditRule {
	return &bffpb.CreditRule{
		Version: whole(int64(r.Version)), MinPercent: whole(int64(r.MinPercent)), MinChecksPercent: whole(int64(r.MinChecksPercent)),
		ChecksPerHour: whole(int64(r.ChecksPerHour)), CheckWindow: whole(int64(r.CheckWindow)), ReconnectGrace: whole(int64(r.ReconnectGrace)),
		Award: string(r.Award), MinutesPerPoint: whole(int64(r.MinutesPerPoint)), CreditStep: whole(int64(r.CreditStep)),
		DailyCap: whole(int64(r.DailyCap)),
	}
}

func spansPB(spans []credit.Span) []*bffpb.EvidenceSpan {
	var all []*bffpb.EvidenceSpan
	for _, s := range spans {
		all = append(all, &bffpb.EvidenceSpan{From: timestamppb.New(s.From), To: timestamppb.New(s.To)})
	}
	return all
}

func happened(at time.Time) *timestamppb.Timestamp {
	if at.IsZero() {
		return nil
	}
	return timestamppb.New(at)
}
