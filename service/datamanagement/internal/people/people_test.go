package people_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/contract/event"
	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/datamanagement"
)

// house is data management behind its contract, as the BFF sees it.
type house struct {
	t      *testing.T
	people datamanagementpb.PeopleClient
	admin  *pgxpool.Pool
	signer *token.Signer
	check  *token.Verifier
}

func build(t *testing.T) *house {
	t.Helper()
	data := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema())
	keys := t.TempDir()
	if err := token.Ensure(keys, time.Now()); err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, admin: data.Admin(), signer: token.NewSigner(keys, time.Now), check: token.NewVerifier(filepath.Join(keys, token.PublicFile), time.Now)}
	types := eventlog.Types{}
	for _, e := range event.Catalog() {
		types[e.Key] = e.Message
	}
	quiet, metrics, pool := slog.New(slog.DiscardHandler), prometheus.NewRegistry(), data.Pool("datamanagement")
	s, err := datamanagement.New(&run.Deps{
		Name: "datamanagement", Now: time.Now, NewID: uuid.New, Rand: rand.Reader, Log: quiet, Metrics: metrics, DB: pool,
		Events: eventlog.New(pool, quiet, metrics, types), Tokens: h.check, Dial: rpc.NewDialer("datamanagement", rpc.NewLocal(), nil).Dial,
	}, datamanagement.Config{ProofKey: conf.Secret(base64.StdEncoding.EncodeToString(make([]byte, 32)))})
	if err != nil {
		t.Fatal(err)
	}
	local := rpc.NewLocal("datamanagement")
	server := rpc.NewServer(rpc.Options{Name: "datamanagement", Log: quiet, Metrics: prometheus.NewRegistry(), Tokens: h.check}, s.RPC...)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(local.Listener("datamanagement")) })
	t.Cleanup(func() { server.Stop(); serving.Wait() })
	h.people = datamanagementpb.NewPeopleClient(rpc.NewDialer("bff", local, nil).Dial("datamanagement"))
	return h
}

// as is a context in which an account asks.
func (h *house) as(account uuid.UUID, roles ...string) context.Context {
	h.t.Helper()
	raw, err := h.signer.Sign(token.Claims{Account: account, Session: uuid.New(), Roles: roles, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		h.t.Fatal(err)
	}
	claims, err := h.check.Verify(raw)
	if err != nil {
		h.t.Fatal(err)
	}
	return token.With(h.t.Context(), claims)
}

func (h *house) count(sql string, args ...any) int {
	h.t.Helper()
	var n int
	if err := h.admin.QueryRow(h.t.Context(), sql, args...).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func registration(email string) *datamanagementpb.RegisterRequest {
	return &datamanagementpb.RegisterRequest{
		RequestId: uuid.NewString(), Email: email, Password: "zelena kava ob sedmih", Name: "Nika Zgled", Profession: "physician",
		Speciality: "paediatrics", LicenceNumber: "0029001", Country: "SI", Language: "sl", Zone: "Europe/Ljubljana", ConsentVersion: "1",
		Proof: &datamanagementpb.Document{FileName: "licence.pdf", MediaType: "application/pdf", Content: []byte("%PDF-1.4 my licence %%EOF")},
	}
}

// applicant registers and confirms, and answers account and application.
func (h *house) applicant(email string) (account, application uuid.UUID) {
	h.t.Helper()
	if _, err := h.people.Register(h.t.Context(), registration(email)); err != nil {
		h.t.Fatal(err)
	}
	err := h.admin.QueryRow(h.t.Context(), `UPDATE datamanagement.account SET state = 'in_review', email_confirmed_at = now() WHERE email = $1 RETURNING id`, email).Scan(&account)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.admin.QueryRow(h.t.Context(), `SELECT id FROM datamanagement.application WHERE account_id = $1`, account).Scan(&application); err != nil {
		h.t.Fatal(err)
	}
	return account, application
}

// TestRegisterOnce sends one registration eight times at once, then somebody else's with the same address.
func TestRegisterOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	q := registration("nika@example.org")
	var clicks sync.WaitGroup
	for range 8 {
		clicks.Go(func() {
			if _, err := h.people.Register(t.Context(), q); err != nil {
				t.Error(err)
			}
		})
	}
	clicks.Wait()
	if _, err := h.people.Register(t.Context(), registration("Nika@Example.org")); err != nil {
		t.Errorf("the address is known, which nobody may learn: %v", err)
	}
	for sql, want := range map[string]int{
		`SELECT count(*) FROM datamanagement.account`:                                        1,
		`SELECT count(*) FROM datamanagement.application`:                                    1,
		`SELECT count(*) FROM eventlog.event WHERE type = 'account.registered'`:              1,
		`SELECT count(*) FROM queue.message WHERE queue = 'activity'`:                        1,
		`SELECT count(*) FROM datamanagement.email_confirmation`:                             2, // once more to the owner, who has not confirmed
		`SELECT count(*) FROM datamanagement.account WHERE password_hash LIKE '$argon2id$%'`: 1,
		`SELECT count(*) FROM datamanagement.proof WHERE position('%PDF' in ciphertext) > 0`: 0,
	} {
		if got := h.count(sql); got != want {
			t.Errorf("%s = %d, want %d", sql, got, want)
		}
	}
}

func TestNothingHalf(t *testing.T) {
	t.Parallel()
	h := build(t)
	q := registration("nika@example.org")
	q.Proof.MediaType = "text/html"
	if _, err := h.people.Register(t.Context(), q); err == nil {
		t.Fatal("a proof of a type that is not allowed was kept")
	}
	if n := h.count(`SELECT count(*) FROM datamanagement.account`) + h.count(`SELECT count(*) FROM datamanagement.command`); n != 0 {
		t.Errorf("%d rows of a registration that failed", n)
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	h := build(t)
	if _, err := h.people.Register(t.Context(), registration("nika@example.org")); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "x", "' OR true --"} {
		if _, err := h.people.ConfirmEmail(t.Context(), &datamanagementpb.ConfirmEmailRequest{Secret: wrong}); !errs.HasCode(err, "confirm.link") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	sum := "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90" // SHA-256 of alice
	if _, err := h.admin.Exec(t.Context(), `UPDATE datamanagement.email_confirmation SET secret_hash = decode($1, 'hex')`, sum); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the link again is answered as the first time
		if _, err := h.people.ConfirmEmail(t.Context(), &datamanagementpb.ConfirmEmailRequest{Secret: "alice"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.count(`SELECT count(*) FROM datamanagement.account WHERE state = 'in_review' AND email_confirmed_at IS NOT NULL`); n != 1 {
		t.Error("the account is not in review")
	}
	if n := h.count(`SELECT count(*) FROM eventlog.event WHERE type = 'account.confirmed'`); n != 1 {
		t.Errorf("%d events", n)
	}
	if _, err := h.admin.Exec(t.Context(), `UPDATE datamanagement.email_confirmation SET used_at = NULL, expires_at = now()`); err != nil {
		t.Fatal(err)
	}
	if _, err := h.people.ConfirmEmail(t.Context(), &datamanagementpb.ConfirmEmailRequest{Secret: "alice"}); !errs.HasCode(err, "confirm.link") {
		t.Errorf("an old link: %v", err)
	}
}

// TestDecide lets eight reviewers decide at once: one does.
func TestDecide(t *testing.T) {
	t.Parallel()
	h := build(t)
	account, application := h.applicant("nika@example.org")
	reviewer, _ := h.applicant("ada@example.org")
	admin := h.as(reviewer, token.Member, token.Administrator)
	if _, err := h.people.Decide(admin, &datamanagementpb.DecideRequest{RequestId: uuid.NewString(), ApplicationId: application.String(), Reason: " "}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a rejection without a reason: %v", err)
	}
	if _, err := h.people.Decide(admin, &datamanagementpb.DecideRequest{RequestId: uuid.NewString(), ApplicationId: uuid.NewString(), Approve: true}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("an application that does not exist: %v", err)
	}
	if _, err := h.people.Decide(h.as(account, token.Administrator), &datamanagementpb.DecideRequest{RequestId: uuid.NewString(), ApplicationId: application.String(), Approve: true}); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("one's own application: %v", err)
	}
	done := make(chan error, 8)
	var reviewers sync.WaitGroup
	for range 8 {
		reviewers.Go(func() {
			_, err := h.people.Decide(admin, &datamanagementpb.DecideRequest{RequestId: uuid.NewString(), ApplicationId: application.String(), Reason: "not readable"})
			done <- err
		})
	}
	reviewers.Wait()
	close(done)
	ok := 0
	for err := range done {
		if err == nil {
			ok++
		} else if !errs.HasCode(err, "application.decided") {
			t.Errorf("a reviewer who came late: %v", err)
		}
	}
	if n := h.count(`SELECT count(*) FROM eventlog.event WHERE type = 'account.rejected'`); ok != 1 || n != 1 {
		t.Errorf("%d decided, %d events", ok, n)
	}
	// The applicant applies again, and is approved.
	mine := h.as(account, token.Applicant)
	again := &datamanagementpb.SubmitProofRequest{RequestId: uuid.NewString(), Proof: registration("").GetProof()}
	for range 2 { // a double click
		if _, err := h.people.SubmitProof(mine, again); err != nil {
			t.Fatal(err)
		}
	}
	again.RequestId = uuid.NewString()
	if _, err := h.people.SubmitProof(mine, again); errs.KindOf(err) != errs.Conflict {
		t.Errorf("a second application beside the first: %v", err)
	}
	approved := &datamanagementpb.DecideRequest{RequestId: uuid.NewString(), Approve: true}
	if err := h.admin.QueryRow(t.Context(), `SELECT id::text FROM datamanagement.application WHERE state = 'waiting' AND account_id = $1`, account).
		Scan(&approved.ApplicationId); err != nil {
		t.Fatal(err)
	}
	if _, err := h.people.Decide(admin, approved); err != nil {
		t.Fatal(err)
	}
	// Both registered, one of them was approved; that somebody was rejected is nothing for the statistics.
	if n := h.count(`SELECT count(*) FROM queue.message WHERE queue = 'activity'`); n != 3 {
		t.Errorf("the statistics hear of %d, want 3", n)
	}
}

// TestProof is for reviewers only, and comes back as it was sent.
func TestProof(t *testing.T) {
	t.Parallel()
	h := build(t)
	account, application := h.applicant("nika@example.org")
	_, other := h.applicant("other@example.org")
	q := &datamanagementpb.ProofRequest{ApplicationId: application.String()}
	for _, roles := range [][]string{{token.Applicant}, {token.Member}, {token.Host}, {token.Analyst}} {
		if _, err := h.people.Proof(h.as(account, roles...), q); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("%v: %v", roles, err)
		}
	}
	if _, err := h.people.Proof(t.Context(), q); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
	admin := h.as(uuid.New(), token.Administrator)
	answer, err := h.people.Proof(admin, q)
	if err != nil || string(answer.GetProof().GetContent()) != "%PDF-1.4 my licence %%EOF" || answer.GetProof().GetMediaType() != "application/pdf" {
		t.Errorf("%v, %v", answer, err)
	}
	// A document that was put in the place of another does not open.
	_, err = h.admin.Exec(t.Context(), `UPDATE datamanagement.proof SET ciphertext = (SELECT ciphertext FROM datamanagement.proof WHERE application_id = $2) WHERE application_id = $1`, application, other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.people.Proof(admin, q); errs.KindOf(err) != errs.Internal {
		t.Errorf("somebody else's document opened: %v", err)
	}
}
