package bff

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// Evidence is what the credit of the person asking was computed from. The view is asked with their own account, so that of
// others does not exist here.
func (s *points) Evidence(ctx context.Context, q *bffpb.PointsEvidenceRequest) (*bffpb.PointsEvidenceResponse, error) {
	who, _ := token.From(ctx)
	answer, _, err := s.evidenceOf(ctx, who.Account, clean(q.GetSlug()))
	if err != nil {
		return nil, err
	}
	webinar, err := uuid.Parse(answer.GetWebinarId())
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	row, err := s.views.AppealLatest(ctx, store.AppealLatestParams{WebinarID: webinar, AccountID: who.Account})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read appeal: %w", err)
	}
	if err == nil {
		answer.Appeal = appealPB(store.AppealGetRow(row))
		answer.Appeal.Name, answer.Appeal.LicenceNumber, answer.Appeal.DecidedBy = "", "", ""
	}
	answer.AppealUntil = s.appealUntil(answer)
	return answer, nil
}

// appealUntil is nil when there is nothing to gain, or the time is over. Data management decides; this is for the page.
func (s *points) appealUntil(e *bffpb.PointsEvidenceResponse) *timestamppb.Timestamp {
	state := e.GetAppeal().GetState()
	if e.GetEndedAt() == nil || state == "open" || state == "granted" || e.GetQualified() && e.GetHundredths() >= e.GetOffered() {
		return nil
	}
	until := e.GetEndedAt().AsTime().Add(credit.AppealTime)
	if s.now().After(until) {
		return nil
	}
	return timestamppb.New(until)
}

// evidenceOf is the evidence of one person, with the proof that nobody chose the times of the checks.
func (s *points) evidenceOf(ctx context.Context, account uuid.UUID, slug string) (*bffpb.PointsEvidenceResponse, credit.Evidence, error) {
	var e credit.Evidence
	row, err := s.views.Evidence(ctx, store.EvidenceParams{AccountID: account, Slug: slug})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, e, errs.New(errs.NotFound, "evidence.none", "We have no attendance of yours for this webinar.")
	}
	if err != nil {
		return nil, e, fmt.Errorf("read evidence: %w", err)
	}
	if err := json.Unmarshal(row.Evidence, &e); err != nil {
		return nil, e, fmt.Errorf("read evidence of %s: %w", row.Slug, err)
	}
	var c credit.Credit
	if err := json.Unmarshal(row.Credit, &c); err != nil {
		return nil, e, fmt.Errorf("read credit of %s: %w", row.Slug, err)
	}
	answer := evidencePB(row, e, c)
	answer.Document, answer.Intact = s.document(ctx, row, account)
	room, err := s.views.RoomOf(ctx, row.WebinarID)
	if err != nil { // the evidence stands without the proof
		if !errors.Is(err, pgx.ErrNoRows) {
			obs.Event(ctx).Set("missing", err.Error())
		}
		return answer, e, nil
	}
	drawn := credit.Span{From: room.OpenedAt, To: presence.PlannedEnd(room.StartsAt, room.OpenedAt, time.Duration(room.Minutes)*time.Minute)}
	answer.Commitment, answer.Seed, answer.Recomputed = room.Commitment, room.Seed, recomputed(room, drawn, account, e)
	if room.Seed != "" {
		answer.Viewer, answer.DrawnOver = account.String(), spansPB([]credit.Span{drawn})[0]
	}
	return answer, e, nil
}

// document is what the room wrote down, and whether it still has the hash that was taken then. Without the room it is what the credit
// was computed from.
func (s *points) document(ctx context.Context, row store.EvidenceRow, account uuid.UUID) (text string, intact bool) {
	wrote, err := s.views.RoomEvidence(ctx, store.RoomEvidenceParams{WebinarID: row.WebinarID, AccountID: account})
	if err != nil {
		if !errors.Is(err, pgx.ErrNoRows) {
			obs.Event(ctx).Set("missing", err.Error())
		}
		return string(row.Evidence), false
	}
	var e credit.Evidence
	if err := json.Unmarshal(wrote.Evidence, &e); err != nil {
		return string(wrote.Evidence), false
	}
	again, err := json.Marshal(e) // as it was hashed: the database keeps the values, not their order
	if err != nil {
		return string(wrote.Evidence), false
	}
	hash := sha256.Sum256(again)
	return string(again), bytes.Equal(hash[:], wrote.Sha256) && bytes.Equal(hash[:], row.EvidenceSha256)
}

// recomputed says that the seed is the one that was committed to, and that each check was due when it follows from it.
func recomputed(room store.RoomOfRow, drawn credit.Span, account uuid.UUID, e credit.Evidence) bool {
	seed, err := presence.ParseSeed(room.Seed)
	if err != nil || !seed.Matches(room.Commitment) {
		return false
	}
	times := presence.Times(seed, account.String(), credit.Union(drawn), presence.For(e.Rule))
	for _, c := range e.Checks {
		if c.Number < 1 || c.Number > len(times) || !times[c.Number-1].Equal(c.Due) {
			return false
		}
	}
	return true
}

func evidencePB(row store.EvidenceRow, e credit.Evidence, c credit.Credit) *bffpb.PointsEvidenceResponse {
	answer := &bffpb.PointsEvidenceResponse{
		WebinarId: row.WebinarID.String(), Slug: row.Slug, Title: row.Title, StartedAt: stamp(row.StartedAt), EndedAt: stamp(row.EndedAt), EvaluatedAt: timestamppb.New(row.At),
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
			DueAt: happened(told.Due), DeliveredAt: happened(told.Delivered),
		})
	}
	for _, part := range e.Programme.Segments {
		answer.Segments = append(answer.Segments, &bffpb.EvidenceSegment{
			Kind: string(part.Kind), From: timestamppb.New(part.From), To: timestamppb.New(part.To),
		})
	}
	return answer
}

func frozenPB(r credit.Rule) *bffpb.CreditRule {
	return &bffpb.CreditRule{
		Version: whole(int64(r.Version)), MinPercent: whole(int64(r.MinPercent)), MinChecksPercent: whole(int64(r.MinChecksPercent)),
		ChecksPerHour: whole(int64(r.ChecksPerHour)), CheckWindow: whole(int64(r.CheckWindow)), ReconnectGrace: whole(int64(r.ReconnectGrace)),
		Award: string(r.Award), MinutesPerPoint: whole(int64(r.MinutesPerPoint)), CreditStep: whole(int64(r.CreditStep)),
		DailyCap: whole(int64(r.DailyCap)), ReconnectPercent: proto.Int32(whole(int64(r.ReconnectPercent))),
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
