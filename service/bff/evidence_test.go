package bff_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

// TestEvidenceProvesItself keeps evidence as a room does, and then changes one thing after the other behind its back.
func TestEvidenceProvesItself(t *testing.T) {
	t.Parallel()
	impl, database, ana := earned(t)
	run := func(statement string, arguments ...any) {
		t.Helper()
		if _, err := database.Admin().Exec(context.Background(), statement, arguments...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	var webinar uuid.UUID
	var starts time.Time
	if err := database.Admin().QueryRow(context.Background(), `SELECT id, starts_at FROM datamanagement.webinar`).Scan(&webinar, &starts); err != nil {
		t.Fatal(err)
	}
	seed := presence.Seed{1, 2, 3}
	e := credit.Evidence{Rule: credit.Default(), Programme: credit.Programme{Started: starts.UTC(), Ended: starts.Add(time.Hour).UTC()}, Offered: credit.Point}
	e.Watched = []credit.Interval{{Span: credit.Span{From: starts.UTC(), To: starts.Add(time.Hour).UTC()}, Device: "1"}}
	for i, due := range presence.Times(seed, ana.String(), e.Programme.Creditable(), presence.For(e.Rule)) {
		e.Checks = append(e.Checks, credit.Check{Number: i + 1, Due: due.UTC(), Sent: due.UTC(), Delivered: due.UTC()})
	}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(text)
	run(`INSERT INTO livewebinar.room (webinar_id, state, opened_at, closed_at, seed, commitment, alive_at) VALUES ($1, 'closed', $2, $3, $4, $5, $3)`,
		webinar, starts, starts.Add(time.Hour), seed[:], seed.Commitment())
	run(`INSERT INTO livewebinar.attendance (webinar_id, account_id, first_joined_at, seconds, evidence, sha256) VALUES ($1, $2, $3, 3600, $4, $5)`,
		webinar, ana, starts, text, hash[:])
	run(`UPDATE datamanagement.attendance_result SET evidence = $1, evidence_sha256 = $2 WHERE account_id = $3`, text, hash[:], ana)

	ask := func() *bffpb.PointsEvidenceResponse {
		t.Helper()
		answer, err := impl.Evidence(token.With(context.Background(), token.Claims{Account: ana}), &bffpb.PointsEvidenceRequest{Slug: "w"})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	answer := ask()
	if sum := sha256.Sum256([]byte(answer.GetDocument())); hex.EncodeToString(sum[:]) != answer.GetSha256() || !answer.GetIntact() {
		t.Errorf("what is downloaded has hash %x, the page shows %s, and says intact: %t", sum, answer.GetSha256(), answer.GetIntact())
	}
	if len(answer.GetChecks()) != 3 || !answer.GetRecomputed() || answer.GetSeed() != seed.Reveal() || answer.GetCommitment() != seed.Commitment() {
		t.Errorf("%d checks, recomputed: %t", len(answer.GetChecks()), answer.GetRecomputed())
	}
	span := credit.Span{From: answer.GetDrawnOver().GetFrom().AsTime(), To: answer.GetDrawnOver().GetTo().AsTime()}
	published, err := presence.ParseSeed(answer.GetSeed())
	if err != nil {
		t.Fatal(err)
	}
	for i, due := range presence.Times(published, answer.GetViewer(), credit.Union(span), presence.For(e.Rule)) {
		if !due.Equal(answer.GetChecks()[i].GetDueAt().AsTime()) {
			t.Errorf("from what is shown, check %d was due at %s; it says %s", i+1, due, answer.GetChecks()[i].GetDueAt().AsTime())
		}
	}

	run(`UPDATE datamanagement.attendance_result SET evidence = jsonb_set(evidence, '{checks,0,due}', to_jsonb($1::text)) WHERE account_id = $2`,
		e.Checks[0].Due.Add(time.Millisecond).Format(time.RFC3339Nano), ana)
	if ask().GetRecomputed() {
		t.Error("a check that came a millisecond later is said to follow from the seed")
	}
	run(`UPDATE livewebinar.attendance SET evidence = jsonb_set(evidence, '{watched,0,device}', '"2"')`)
	if ask().GetIntact() {
		t.Error("changed evidence is said to be intact")
	}
	run(`UPDATE livewebinar.room SET commitment = $1`, presence.Seed{9}.Commitment())
	run(`UPDATE datamanagement.attendance_result SET evidence = $1 WHERE account_id = $2`, text, ana)
	if ask().GetRecomputed() {
		t.Error("another seed than the one that was committed to is said to be right")
	}
	run(`UPDATE livewebinar.room SET state = 'open', closed_at = NULL`)
	if answer := ask(); answer.GetSeed() != "" || answer.GetViewer() != "" {
		t.Error("the seed of an open room is told")
	}
}
