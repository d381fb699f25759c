package bff_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/livewebinar"
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

// earned is the bff, with every peer missing, over one webinar that Ana fulfilled and Bor did not.
func earned(t *testing.T) (impl bffpb.PointsServer, database *dbtest.DB, ana uuid.UUID) {
	t.Helper()
	database = dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema(), livewebinar.Schema(), notificationcenter.Schema())
	service, err := bff.New(&run.Deps{
		Name: "bff", Now: time.Now, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		DB: database.Pool("bff"), BaseURL: "http://localhost", Dial: rpc.NewDialer("bff", rpc.NewLocal(), nil).Dial,
	}, bff.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range service.RPC {
		if found, ok := r.Impl.(bffpb.PointsServer); ok {
			impl = found
		}
	}
	ana = uuid.New()
	webinar, lecturer, category, rule := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	run := func(statement string, arguments ...any) {
		t.Helper()
		if _, err := database.Admin().Exec(context.Background(), statement, arguments...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	run(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'c', 'C', 'C')`, category)
	run(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'l', 'L')`, lecturer)
	run(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES ($1, 'standard', 1, '{}', now())`, rule)
	run(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, frozen_rule, video_url, state, started_at, ended_at, evaluated_at, created_at, updated_at)
		VALUES ($1, 'w', 'T', 'D', $2, $3, now(), 'UTC', 60, 150, $4, '{}', '/clip.mp4', 'ended', now(), now(), now(), now(), now())`,
		webinar, lecturer, category, rule)
	for account, qualified := range map[uuid.UUID]bool{ana: true, uuid.New(): false} {
		run(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
			consent_version, consent_at, created_at, updated_at)
			VALUES ($1, $2, '', 'A', 'doctor', '1', 'SI', 'en', 'UTC', 'approved', '1', now(), now(), now())`, account, account.String()+"@rounds.example")
		run(`INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted, qualified,
			hundredths, reasons, evidence_sha256, evidence, credit, at)
			VALUES ($1, $2, 3000, 3600, 3, 4, $3::boolean, CASE WHEN $3 THEN 150 ELSE 0 END,
			'[{"code": "minutes", "state": "met", "have": 50, "of": 60, "need": 48}]', '', '{}', '{}', now())`, webinar, account, qualified)
	}
	return impl, database, ana
}

func TestPersonalStandsWithoutASource(t *testing.T) {
	t.Parallel()
	impl, database, ana := earned(t)
	ctx := token.With(context.Background(), token.Claims{Account: ana})
	p, err := impl.Personal(ctx, &bffpb.PointsPersonalRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if p.GetActivity() != nil {
		t.Error("there are statistics, though nobody answers for them")
	}
	if p.GetData().GetCountry() != "SI" || p.GetMissed() == nil {
		t.Errorf("a part is missing that has its source: %v", p)
	}
	if points := p.GetPoints(); points.GetHave() != 0 || points.GetNeed() != 7500 || len(points.GetLines()) != 1 || points.GetLines()[0].GetState() != "earned" {
		t.Errorf("before the answer of the agency: %v", points)
	}
	_, err = database.Admin().Exec(context.Background(), `INSERT INTO datamanagement.booking (id, account_id, webinar_id, kind, hundredths, day, booked_at)
		SELECT gen_random_uuid(), $1, id, 'webinar', 150, now()::date, now() FROM datamanagement.webinar`, ana)
	if err != nil {
		t.Fatal(err)
	}
	p, err = impl.Personal(ctx, &bffpb.PointsPersonalRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if points := p.GetPoints(); points.GetMissing() != 7350 || points.GetCycleYears() != 7 || points.GetDaysLeft() < 2550 || len(points.GetParts()) != 2 ||
		points.GetSource() == "" {
		t.Errorf("what is missing, and whose rule it is: %v", points)
	}
	if points := p.GetPoints(); points.GetHave() != 150 || points.GetThisYear() != 150 || points.GetLines()[0].GetState() != "accepted" {
		t.Errorf("after the booking: %v", points)
	}
	// Another source is gone: the page still comes.
	if _, err := database.Admin().Exec(context.Background(), `DROP VIEW notificationcenter.bff_notification`); err != nil {
		t.Fatal(err)
	}
	p, err = impl.Personal(ctx, &bffpb.PointsPersonalRequest{})
	if err != nil || p.GetMissed() != nil || p.GetPoints() == nil {
		t.Errorf("without notifications: %v, %v", p, err)
	}
	// So is the ledger: the person and the notifications stand.
	if _, err := database.Admin().Exec(context.Background(), `DROP VIEW datamanagement.bff_ledger`); err != nil {
		t.Fatal(err)
	}
	p, err = impl.Personal(ctx, &bffpb.PointsPersonalRequest{})
	if err != nil || p.GetPoints() != nil || p.GetData() == nil {
		t.Errorf("without the ledger: %v, %v", p, err)
	}
	if _, err := impl.Standing(ctx, &bffpb.PointsStandingRequest{}); err == nil {
		t.Error("a standing without a ledger")
	}
}

// TestEvidenceIsOwn shows what the credit was computed from to its person, and to nobody else.
func TestEvidenceIsOwn(t *testing.T) {
	t.Parallel()
	impl, database, ana := earned(t)
	_, err := database.Admin().Exec(context.Background(), `UPDATE datamanagement.attendance_result SET evidence_sha256 = '\xab01', evidence =
		'{"rule": {"version": 2, "min_percent": 80, "check_window": 75}, "programme": {"started": "2026-03-01T17:00:00Z", "ended": "2026-03-01T18:00:00Z"},
		"watched": [{"from": "2026-03-01T17:00:00Z", "to": "2026-03-01T17:50:00Z", "dropped": true}],
		"checks": [{"number": 1, "due": "2026-03-01T17:10:00Z", "sent": "2026-03-01T17:10:00Z", "delivered": "2026-03-01T17:10:01Z", "answered": "2026-03-01T17:10:20Z"},
		{"number": 2, "due": "2026-03-01T17:30:00Z", "sent": "2026-03-01T17:30:00Z", "delivered": "2026-03-01T17:30:01Z"},
		{"number": 3, "due": "2026-03-01T17:40:00Z", "sent": "2026-03-01T17:40:00Z"}]}' WHERE account_id = $1`, ana)
	if err != nil {
		t.Fatal(err)
	}
	in := &bffpb.PointsEvidenceRequest{Slug: "w"}
	e, err := impl.Evidence(token.With(context.Background(), token.Claims{Account: ana}), in)
	if err != nil {
		t.Fatal(err)
	}
	var fates []string
	for _, c := range e.GetChecks() {
		fates = append(fates, c.GetFate())
	}
	if len(e.GetWatched()) != 1 || !e.GetWatched()[0].GetDropped() || !slices.Equal(fates, []string{"answered", "missed", "void"}) ||
		e.GetSha256() != "ab01" || e.GetRule().GetVersion() != 2 || !e.GetQualified() {
		t.Errorf("evidence %v", e)
	}
	for _, slug := range []string{"w", "none", "\x00", "\xff"} {
		stranger := token.With(context.Background(), token.Claims{Account: uuid.New()})
		if _, err := impl.Evidence(stranger, &bffpb.PointsEvidenceRequest{Slug: slug}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a stranger asks for %q: %v", slug, err)
		}
	}
}

func TestWebinarResultsArePaged(t *testing.T) {
	t.Parallel()
	impl, _, _ := earned(t)
	ctx := context.Background()
	seen := map[string]bool{}
	in := &bffpb.PointsWebinarRequest{Slug: "w", PageSize: 1}
	for {
		page, err := impl.Webinar(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if page.GetViewers() != 2 || page.GetQualified() != 1 || page.GetHundredths() != 150 {
			t.Fatalf("totals %v", page)
		}
		for _, r := range page.GetResults() {
			seen[r.GetAccountId()] = true
		}
		if in.PageToken = page.GetNextPageToken(); in.GetPageToken() == "" {
			break
		}
	}
	if len(seen) != 2 {
		t.Errorf("the pages show %d people, want 2", len(seen))
	}
	for code, bad := range map[string]*bffpb.PointsWebinarRequest{
		"webinar.none": {Slug: "x"}, "page.size": {Slug: "w", PageSize: 101}, "page.token": {Slug: "w", PageToken: "!"},
	} {
		if _, err := impl.Webinar(ctx, bad); !errs.HasCode(err, code) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// TestGrantedAppealIsACorrection stands beside the results of a webinar, with how its newest request to the agency stands.
func TestGrantedAppealIsACorrection(t *testing.T) {
	t.Parallel()
	impl, database, ana := earned(t)
	run := func(statement string, arguments ...any) {
		t.Helper()
		if _, err := database.Admin().Exec(t.Context(), statement, arguments...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	appeal := `INSERT INTO datamanagement.appeal (id, webinar_id, account_id, reason, state, made_at, closed_at, decided_by, amendment, evidence, credit, hundredths)
		SELECT gen_random_uuid(), webinar_id, account_id, 'check', `
	run(appeal+`'refused', now(), now(), $1, NULL, NULL, NULL, 0 FROM datamanagement.attendance_result WHERE account_id = $1`, ana)
	run(appeal+`'granted', now(), now(), $1, '{}', '{}', '{}', 50 FROM datamanagement.attendance_result WHERE account_id <> $1`, ana)
	for i, state := range []string{"refused", "sent"} {
		run(`INSERT INTO datamanagement.agency_request (id, webinar_id, appeal_id, requested_by, requested_at, viewers, qualified, hundredths, state, answer, answered_on, answered_by, answered_at)
			SELECT gen_random_uuid(), webinar_id, id, account_id, now() + $1 * interval '1 minute', 1, 1, 50, $2::text, CASE $2 WHEN 'refused' THEN 'No.' ELSE '' END,
			CASE $2 WHEN 'refused' THEN now()::date END, CASE $2 WHEN 'refused' THEN account_id END, CASE $2 WHEN 'refused' THEN now() END
			FROM datamanagement.appeal WHERE state = 'granted'`, i, state)
	}
	first, err := impl.Webinar(t.Context(), &bffpb.PointsWebinarRequest{Slug: "w", PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	all := first.GetCorrections()
	if len(all) != 1 || all[0].GetHundredths() != 50 || all[0].GetState() != "sent" || all[0].GetAccountId() == ana.String() || len(first.GetRequests()) != 0 {
		t.Errorf("corrections %v, requests %v", all, first.GetRequests())
	}
	second, err := impl.Webinar(t.Context(), &bffpb.PointsWebinarRequest{Slug: "w", PageSize: 1, PageToken: first.GetNextPageToken()})
	if err != nil || len(second.GetResults()) != 1 || len(second.GetCorrections()) != 0 {
		t.Errorf("corrections again on the second page: %v, %v", second, err)
	}
}
