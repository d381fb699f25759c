package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/simulation"
	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// heldUnderStandard is a webinar of the past with invented people, whose evidence was frozen and evaluated.
func (s *site) heldUnderStandard(title string, seed uint64, people int) {
	s.t.Helper()
	run := func(statement string, arguments ...any) {
		s.t.Helper()
		if _, err := s.admin.Exec(s.t.Context(), statement, arguments...); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
	}
	rule := credit.Default()
	rule.EvaluationRequired = false
	report, err := simulation.Run(s.t.Context(), simulation.Setup{Rule: rule, Viewers: people, Minutes: 60, Seed: seed, Shares: simulation.DefaultShares()})
	if err != nil {
		s.t.Fatal(err)
	}
	webinar := uuid.New()
	run(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, frozen_rule, video_url, state, started_at, ended_at, evaluated_at, created_at, updated_at)
		SELECT $1, $2, $3, 'D', l.id, c.id, at, 'UTC', 60, 100, '00000000-0000-7000-8000-000000000001', '{"version": 1}', '/clip.mp4', 'ended',
		at, at + interval '1 hour', now(), now(), now()
		FROM datamanagement.lecturer l, datamanagement.category c, (SELECT now() - make_interval(days => $4) AS at) x`,
		webinar, fmt.Sprint("held-", seed), title, int(seed))
	for i, p := range report.People {
		e := p.Evidence
		e.Offered = credit.Point
		c := credit.Evaluate(e)
		evidence, _ := json.Marshal(e)
		written, _ := json.Marshal(c)
		who := s.Account(fmt.Sprintf("viewer%d-%d@rounds.example", seed, i), fmt.Sprintf("%s %02d", []string{"Ana", "Bor", "Cvetka", "Drago"}[i%4], i))
		run(`INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted, qualified,
			hundredths, reasons, evidence_sha256, evidence, credit, at) VALUES ($1, $2, $3, $4, 0, 0, $5, $6, '[]', '\x00', $7, $8, now())`,
			webinar, who, int64(c.Watched), int64(c.Creditable), c.Verdict == credit.VerdictPassed, int64(c.Points), evidence, written)
	}
}

// TestRuleBeforeItIsUsed is an administrator who plays a webinar under a rule, changes it, sees who would have gained and who lost, and
// saves it; who somebody else was faster than is told so.
func TestRuleBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	s.Account("chief@rounds.example", "Chief", "administrator")
	s.programme(s.Account("ana@rounds.example", "Ana Novak"))
	s.heldUnderStandard("Sepsis in the first hour", 1, 60)
	s.heldUnderStandard("Stroke: every minute", 2, 30)
	chief := chromium.New(t, s.URL)
	chief.Forgive("409", "422")
	login(chief, "chief@rounds.example")
	dryRun(t, chief)

	// The next version is compared before it is saved.
	untouched := s.results()
	chief.Open("/backoffice/rules?id=00000000-0000-7000-8000-000000000001")
	chief.Fill("#f-min_percent", "200")
	chief.Press("See who gains and who loses")
	chief.SeeText("[data-error-summary]", "enter a whole number from 1 to 100")
	chief.Fill("#f-min_percent", "95")
	chief.Press("See who gains and who loses")
	chief.SeeText("h1", "version 2 compared")
	chief.SeeText("[data-compare]", "What is frozen stays frozen")
	chief.SeeText("[data-effect]", "0 would have gained")
	chief.SeeText("[data-changes]", "no longer enough")
	looks(chief, "rule-compare", look{390, false}, look{1440, true}, look{1440, false})
	chief.Set("#q-held", "1") // which sends itself
	chief.Until(`document.querySelectorAll("[data-gained]").length === 1`)
	if n := s.count(`SELECT count(*) FROM datamanagement.credit_rule WHERE version = 2`); n != 0 {
		t.Error("looking at it saved it")
	}

	// What was typed is still in the form, and in the dry run.
	chief.Click("a[href^='/backoffice/rules?'][href*='min_percent=95']")
	if got := chief.Value("#f-min_percent"); got != "95" {
		t.Errorf("the form has %q again", got)
	}
	chief.Press("See who gains and who loses")
	chief.Press("Save as version 2")
	chief.SeeText("[data-rules]", "Standard live webinar, version 2")
	if n := s.count(`SELECT count(*) FROM datamanagement.credit_rule_effect WHERE frozen_version = 1 AND gained = 0 AND lost > 0`); n != 2 {
		t.Errorf("the figures of %d webinars are kept", n)
	}
	if s.results() != untouched {
		t.Error("saving a version changed results")
	}
	chief.Click("a[href='/backoffice/rules/" + s.newestRule() + "']")
	chief.SeeText("[data-versions]", "What was shown before it was saved")
	chief.SeeText("[data-versions]", "saved by Chief")
	looks(chief, "rule-versions", look{390, false}, look{1440, true}, look{1440, false})
	somebodyFaster(s, chief)
}

// dryRun plays a webinar with a new rule, wrongly first, with an outage then.
func dryRun(t *testing.T, chief *browser.Page) {
	t.Helper()
	chief.Open("/backoffice/rules")
	chief.Fill("#f-min_percent", "85")
	chief.Press("Dry run")
	chief.SeeText("h1", "Dry run")
	chief.SeeText("main", "Watch at least 85 %")
	chief.SeeText("[data-result]", "of 1000 would pass")
	chief.SeeText("[data-behaviour=late]", "Too few minutes")
	chief.SeeText("[data-behaviour=replaying]", "Heartbeats refused, seen before")
	chief.See("[data-beware=bouncing]")
	chief.SeeText("[data-uncreditable]", "5:00 of breaks and sponsors count for nobody")
	chief.SeeText("[data-behaviour=dodging]", "Too few answers")
	looks(chief, "rule-dry-run", look{390, false}, look{390, true}, look{1440, true}, look{1440, false})
	chief.Fill("#f-viewers", "1001")
	chief.Fill("#f-share_late", "-1")
	chief.Press("Run again")
	chief.SeeText("[data-error-summary]", "Viewers: enter a whole number from 1 to 1000.")
	chief.SeeText("[data-error-summary]", "Late: enter a whole number from 0 to 1000.")
	chief.Fill("#f-viewers", "200")
	chief.Fill("#f-share_late", "12")
	chief.Fill("#f-outage_after", "20")
	chief.Fill("#f-outage_minutes", "5")
	chief.Press("Run again")
	chief.SeeText("[data-result]", "of 200 would pass")
	chief.SeeText("[data-outage]", "took 5:00 from the programme of everybody; 50:00 count")
	chief.Click("footer button[lang=sl]")
	chief.SeeText("h1", "Preizkus")
	chief.SeeText("[data-behaviour=late]", "Premalo minut")
	looks(chief, "rule-dry-run-sl", look{390, false}, look{1440, false})
	chief.Click("footer button[lang=en]")
	chief.SeeText("h1", "Dry run")
	chief.Click("a[href^='/backoffice/rules?']")
	if got := chief.Value("#f-min_percent"); got != "85" {
		t.Errorf("back in the form the share is %q", got)
	}
}

// somebodyFaster saves a version while another administrator looks at theirs.
func somebodyFaster(s *site, chief *browser.Page) {
	s.t.Helper()
	chief.Open("/backoffice/rules?id=" + s.newestRule())
	chief.Fill("#f-min_percent", "70")
	chief.Press("See who gains and who loses")
	chief.SeeText("[data-effect]", "0 would have lost")
	if _, err := s.admin.Exec(s.t.Context(), `INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at)
		SELECT $1, name, 3, rule, now() FROM datamanagement.credit_rule WHERE version = 2`, uuid.New()); err != nil {
		s.t.Fatal(err)
	}
	chief.Press("Save as version 3")
	chief.SeeText("[data-error-summary]", "Somebody else saved a version of this rule")
	chief.SeeText("#rule h2", "version 4")
	if got := chief.Value("#f-min_percent"); got != "70" {
		s.t.Errorf("what was typed became %q", got)
	}
	chief.Press("See who gains and who loses")
	chief.Press("Save as version 4")
	chief.SeeText("[data-rules]", "Standard live webinar, version 4")
}

func (s *site) newestRule() string {
	s.t.Helper()
	var id string
	err := s.admin.QueryRow(s.t.Context(), `SELECT id::text FROM datamanagement.credit_rule WHERE name = 'Standard live webinar' ORDER BY version DESC LIMIT 1`).Scan(&id)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// results is a fingerprint of what must never change.
func (s *site) results() string {
	s.t.Helper()
	var sum string
	err := s.admin.QueryRow(s.t.Context(), `SELECT md5(string_agg(r::text, ',' ORDER BY r.webinar_id, r.account_id)) FROM datamanagement.attendance_result r`).Scan(&sum)
	if err != nil {
		s.t.Fatal(err)
	}
	return sum
}
