package bff_test

import (
	"context"
	"log/slog"
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
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

// programme is the bff over six webinars: one live, two planned, one cancelled, two past. Ana follows the category of all but one.
type programme struct {
	bffpb.WebinarsServer

	hosting  bffpb.HostingServer
	t        *testing.T
	db       *dbtest.DB
	now      time.Time
	ana      uuid.UUID
	category [2]uuid.UUID
}

func newProgramme(t *testing.T) *programme {
	t.Helper()
	p := &programme{
		t: t, db: dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema(), notificationcenter.Schema()),
		now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), ana: uuid.New(), category: [2]uuid.UUID{uuid.New(), uuid.New()},
	}
	service, err := bff.New(&run.Deps{
		Name: "bff", Now: func() time.Time { return p.now }, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		DB: p.db.Pool("bff"), BaseURL: "http://localhost", Dial: rpc.NewDialer("bff", rpc.NewLocal(), nil).Dial,
	}, bff.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range service.RPC {
		if found, ok := r.Impl.(bffpb.WebinarsServer); ok {
			p.WebinarsServer = found
		}
		if found, ok := r.Impl.(bffpb.HostingServer); ok {
			p.hosting = found
		}
	}
	p.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'heart', 'Heart', 'Srce'), ($2, 'lungs', 'Lungs', 'Pljuča')`,
		p.category[0], p.category[1])
	lecturer := uuid.New()
	p.exec(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'host', 'Doc Host')`, lecturer)
	for i, w := range []struct {
		slug, state string
		in          time.Duration
	}{
		{"now", "live", -10 * time.Minute},
		{"soon", "planned", time.Hour},
		{"later", "planned", 48 * time.Hour},
		{"off", "cancelled", 2 * time.Hour},
		{"last", "ended", -24 * time.Hour},
		{"first", "ended", -48 * time.Hour},
		{"off-long-ago", "cancelled", -72 * time.Hour},
	} {
		at := p.now.Add(w.in)
		p.exec(`INSERT INTO datamanagement.webinar (id, slug, title, description, description_html, lecturer_id, category_id, starts_at, zone, minutes,
			hundredths, credit_rule_id, frozen_rule, video_url, state, started_at, ended_at, created_at, updated_at)
			VALUES ($1, $2, 'T', 'D', '<p>D</p>', $3, $4, $5, 'Europe/Ljubljana', 60, 150, '00000000-0000-7000-8000-000000000001', '{}', '/clip.mp4',
			$6, $5, $5, now(), now())`, uuid.New(), w.slug, lecturer, p.category[min(i, 1)], at, w.state)
	}
	p.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
		consent_version, consent_at, created_at, updated_at)
		VALUES ($1, 'ana@rounds.example', '', 'A', 'doctor', '1', 'SI', 'en', 'UTC', 'approved', '1', now(), now(), now())`, p.ana)
	p.exec(`INSERT INTO datamanagement.subscription VALUES ($1, 'category', $2, $3)`, p.ana, p.category[1], p.now)
	p.exec(`INSERT INTO datamanagement.subscription SELECT $1, 'webinar', id, $2 FROM datamanagement.webinar WHERE slug = 'soon'`, p.ana, p.now.Add(-time.Hour))
	return p
}

func (p *programme) exec(statement string, arguments ...any) {
	p.t.Helper()
	if _, err := p.db.Admin().Exec(context.Background(), statement, arguments...); err != nil {
		p.t.Fatalf("%s: %v", statement, err)
	}
}

func (p *programme) as(roles ...string) context.Context {
	return token.With(p.t.Context(), token.Claims{Account: p.ana, Roles: roles})
}

// slugs lists page by page, two at a time.
func (p *programme) slugs(ctx context.Context, q *bffpb.WebinarsRequest) []string {
	p.t.Helper()
	var all []string
	q.PageSize = 2
	for {
		answer, err := p.Webinars(ctx, q)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, w := range answer.GetWebinars() {
			all = append(all, w.GetSlug())
		}
		if q.PageToken = answer.GetNextPageToken(); q.GetPageToken() == "" {
			return all
		}
	}
}

func TestWebinarLists(t *testing.T) {
	t.Parallel()
	p := newProgramme(t)
	visitor, member := t.Context(), p.as(token.Member)
	for _, c := range []struct {
		name string
		ctx  context.Context
		q    *bffpb.WebinarsRequest
		want []string
	}{
		{"live", visitor, &bffpb.WebinarsRequest{When: "live"}, []string{"now"}},
		{"upcoming", visitor, &bffpb.WebinarsRequest{When: "upcoming"}, []string{"soon", "off", "later"}},
		{"past", visitor, &bffpb.WebinarsRequest{When: "past"}, []string{"last", "first"}},
		{"a category", visitor, &bffpb.WebinarsRequest{When: "live", Category: "lungs"}, nil},
		{"a lecturer", visitor, &bffpb.WebinarsRequest{When: "live", Lecturer: "host"}, []string{"now"}},
		{"followed by a visitor", visitor, &bffpb.WebinarsRequest{When: "upcoming", Followed: true}, nil},
		{"followed, live", member, &bffpb.WebinarsRequest{When: "live", Followed: true}, nil},
		{"followed, past", member, &bffpb.WebinarsRequest{When: "past", Followed: true}, []string{"last", "first"}},
	} {
		if got := p.slugs(c.ctx, c.q); !equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	for _, q := range []*bffpb.WebinarsRequest{{When: ""}, {When: "live", PageSize: 101}, {When: "past", PageToken: "?"}} {
		if _, err := p.Webinars(visitor, q); errs.Of(err).Kind != errs.Invalid {
			t.Errorf("%v: %v", q, err)
		}
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestWebinarPage(t *testing.T) {
	t.Parallel()
	p := newProgramme(t)
	open, err := p.Webinar(p.as(token.Member), &bffpb.WebinarRequest{Slug: "soon"})
	if err != nil {
		t.Fatal(err)
	}
	if open.GetLocked() || open.GetHtml() != "<p>D</p>" || !open.GetCard().GetSubscribed() || !open.GetFollowsCategory() || open.GetFollowsLecturer() ||
		open.GetRule().GetMinPercent() != 80 {
		t.Errorf("a member sees %v", open)
	}
	for name, ctx := range map[string]context.Context{"a visitor": t.Context(), "an applicant": p.as(token.Applicant)} {
		shut, err := p.Webinar(ctx, &bffpb.WebinarRequest{Slug: "soon"})
		if err != nil || !shut.GetLocked() || shut.GetHtml() != "" {
			t.Errorf("%s sees %v, %v", name, shut, err)
		}
	}
	for _, slug := range []string{"none", "", "\x00", "'"} {
		if _, err := p.Webinar(t.Context(), &bffpb.WebinarRequest{Slug: slug}); errs.Of(err).Kind != errs.NotFound {
			t.Errorf("%q: %v", slug, err)
		}
	}
	lecturer, err := p.Lecturer(p.as(token.Member), &bffpb.LecturerRequest{Slug: "host"})
	if err != nil || lecturer.GetFollowed() {
		t.Errorf("the lecturer: %v, %v", lecturer, err)
	}
	category, err := p.Category(p.as(token.Member), &bffpb.CategoryRequest{Slug: "lungs"})
	if err != nil || !category.GetFollowed() {
		t.Errorf("the category: %v, %v", category, err)
	}
	follows, err := p.Subscriptions(p.as(token.Member), &bffpb.SubscriptionsRequest{})
	if err != nil || len(follows.GetSubscriptions()) != 2 || follows.GetSubscriptions()[0].GetNameSl() != "Pljuča" ||
		!follows.GetSubscriptions()[1].GetStartsAt().AsTime().Equal(p.now.Add(time.Hour)) {
		t.Errorf("Ana follows %v, %v", follows, err)
	}
}

func TestWebinarPlan(t *testing.T) {
	t.Parallel()
	p := newProgramme(t)
	all, err := p.WebinarPlans(p.as(token.Administrator), &bffpb.WebinarPlansRequest{})
	if err != nil || len(all.GetPlans()) != 7 {
		t.Fatalf("%d plans, %v", len(all.GetPlans()), err)
	}
	for _, one := range all.GetPlans() {
		want, told := int32(0), int32(1) // Ana follows one directly, and the category of all but one.
		switch one.GetCard().GetSlug() {
		case "soon":
			want = 1
		case "now":
			told = 0
		}
		if one.GetSubscribers() != want {
			t.Errorf("%s has %d subscribers", one.GetCard().GetSlug(), one.GetSubscribers())
		}
		plan, err := p.WebinarPlan(p.as(token.Administrator), &bffpb.WebinarPlanRequest{Id: one.GetCard().GetId()})
		if err != nil || plan.GetTold() != told {
			t.Errorf("%s: %d are told of changes, %v", one.GetCard().GetSlug(), plan.GetTold(), err)
		}
	}
	p.exec(`UPDATE datamanagement.webinar SET starts_at = '2026-10-25 01:30Z' WHERE slug = 'soon'`)
	plan, err := p.WebinarPlan(p.as(token.Administrator), &bffpb.WebinarPlanRequest{Id: soon(all)})
	if err != nil {
		t.Fatal(err)
	}
	if s := plan.GetStart(); s.GetTime() != "2026-10-25T02:30" || s.GetZone() != "Europe/Ljubljana" || s.GetOccurrence() != "second" {
		t.Errorf("starts %v", s)
	}
	if _, err := p.WebinarPlan(t.Context(), &bffpb.WebinarPlanRequest{Id: "x"}); errs.Of(err).Kind != errs.NotFound {
		t.Errorf("an id that is none: %v", err)
	}
	rules, err := p.CreditRules(t.Context(), &bffpb.CreditRulesRequest{})
	if err != nil || len(rules.GetRules()) != 1 || rules.GetRules()[0].GetDailyCap() != 800 {
		t.Errorf("rules %v, %v", rules, err)
	}
}

func soon(all *bffpb.WebinarPlansResponse) string {
	for _, one := range all.GetPlans() {
		if one.GetCard().GetSlug() == "soon" {
			return one.GetCard().GetId()
		}
	}
	return ""
}

// TestPlanPoints follows the points of a webinar: not evaluated, nobody qualified, to be requested, requested, refused, accepted.
func TestPlanPoints(t *testing.T) {
	t.Parallel()
	p := newProgramme(t)
	points := func(want string) {
		t.Helper()
		list, err := p.WebinarPlans(p.as(token.Administrator), &bffpb.WebinarPlansRequest{State: "ended"})
		if err != nil || len(list.GetPlans()) != 2 {
			t.Fatalf("%d plans, %v", len(list.GetPlans()), err)
		}
		last := list.GetPlans()[0]
		if last.GetPoints() != want || last.GetRule() != "Standard live webinar" || last.GetRuleVersion() != 1 {
			t.Errorf("points %q by %s %d, want %q", last.GetPoints(), last.GetRule(), last.GetRuleVersion(), want)
		}
	}
	points("")
	p.exec(`UPDATE datamanagement.webinar SET evaluated_at = now() WHERE slug = 'last'`)
	points("none")
	p.exec(`INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted, qualified,
		hundredths, reasons, evidence_sha256, evidence, credit, at)
		SELECT id, $1, 3600, 3600, 3, 3, true, 150, '[]', '', '{}', '{}', now() FROM datamanagement.webinar WHERE slug = 'last'`, p.ana)
	points("due")
	request := `INSERT INTO datamanagement.agency_request (id, webinar_id, requested_by, requested_at, viewers, qualified, hundredths)
		SELECT $1, id, $2, $3, 1, 1, 150 FROM datamanagement.webinar WHERE slug = 'last'`
	answer := `UPDATE datamanagement.agency_request SET state = $1, answered_at = now(), answered_on = now(), answered_by = $2 WHERE state = 'sent'`
	p.exec(request, uuid.New(), p.ana, p.now)
	points("sent")
	p.exec(answer, "refused", p.ana)
	points("due")
	p.exec(request, uuid.New(), p.ana, p.now.Add(time.Hour))
	p.exec(answer, "accepted", p.ana)
	points("accepted")
}
