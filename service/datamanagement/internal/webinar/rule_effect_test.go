package webinar_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/simulation"
)

// held is a webinar of the past under the standard rule, with simulated people whose evidence was frozen.
func (d *desk) held(title string, seed uint64, people int, minutes int) (string, []simulation.Person) {
	d.t.Helper()
	rule := credit.Default()
	rule.EvaluationRequired = false
	report, err := simulation.Run(d.t.Context(), simulation.Setup{
		Rule: rule, Viewers: people, Minutes: minutes, Seed: seed, Shares: simulation.DefaultShares(),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	webinar := id()
	began := d.now.Add(-24 * time.Hour)
	d.exec(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, frozen_rule, video_url, state, started_at, ended_at, evaluated_at, created_at, updated_at)
		VALUES ($1, $2, $3, 'D', $4, $5, $6, 'Europe/Ljubljana', $7, 0, '00000000-0000-7000-8000-000000000001', '{"version": 1}', '/clip.mp4',
		'ended', $6, $8, $8, now(), now())`, webinar, "w-"+webinar, title, d.lecturer, d.category, began, minutes, began.Add(time.Duration(minutes)*time.Minute))
	for i, p := range report.People {
		d.result(webinar, d.named(fmt.Sprintf("%s %03d", p.Behaviour, i)), p.Evidence, 0)
	}
	return webinar, report.People
}

func (d *desk) named(name string) uuid.UUID {
	d.t.Helper()
	account := uuid.New()
	d.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
		consent_version, consent_at, created_at, updated_at)
		VALUES ($1, $2, 'x', $3, 'physician', 'X1', 'SI', 'en', 'Europe/Ljubljana', 'approved', '1', now(), now(), now())`,
		account, account.String()+"@example.org", name)
	return account
}

// result is what the evaluation of a webinar keeps of somebody.
func (d *desk) result(webinar string, account uuid.UUID, e credit.Evidence, already credit.Points) credit.Points {
	d.t.Helper()
	c := credit.Evaluate(e)
	booked := credit.CapDay(c.Points, already, e.Rule.DailyCap)
	evidence, err := json.Marshal(e)
	if err != nil {
		d.t.Fatal(err)
	}
	written, err := json.Marshal(c)
	if err != nil {
		d.t.Fatal(err)
	}
	d.now = d.now.Add(time.Millisecond)
	d.exec(`INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted, qualified,
		hundredths, reasons, evidence_sha256, evidence, credit, at) VALUES ($1, $2, $3, $4, 0, 0, $5, $6, '[]', '\x00', $7, $8, $9)`,
		webinar, account, c.Watched, c.Creditable, c.Verdict == credit.VerdictPassed, int64(booked), evidence, written, d.now)
	return booked
}

func terms(minPercent int32) *datamanagementpb.RuleTerms {
	return &datamanagementpb.RuleTerms{
		MinPercent: minPercent, MinChecksPercent: 75, ChecksPerHour: 3, CheckWindow: 75, ReconnectGrace: 60, Award: "event", MinutesPerPoint: 60,
		CreditStep: 50, DailyCap: 800,
	}
}

const standard = "Standard live webinar"

func (d *desk) compare(who context.Context, q *datamanagementpb.CompareCreditRuleRequest) *datamanagementpb.CompareCreditRuleResponse {
	d.t.Helper()
	answer, err := d.CompareCreditRule(who, q)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer
}

func TestWhoGainsAndWhoLoses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	_, first := d.held("Sepsis", 1, 120, 60)
	second, people := d.held("Stroke", 2, 90, 60)
	untouched := d.frozen()

	// Stricter: whoever passed with less than 95 percent loses, nobody gains.
	strict := d.compare(admin, &datamanagementpb.CompareCreditRuleRequest{Name: standard, Rule: terms(95)})
	want := 0
	for _, p := range append(first, people...) {
		if p.Credit.Verdict == credit.VerdictPassed && p.Credit.Percent < 95 {
			want++
		}
	}
	lost, changes := 0, 0
	for page := int32(1); page <= strict.GetPages(); page++ {
		one := d.compare(admin, &datamanagementpb.CompareCreditRuleRequest{Name: standard, Rule: terms(95), Page: page})
		for _, c := range one.GetChanges() {
			changes++
			if c.GetGains() || !c.GetPassedBefore() || c.GetPassedAfter() || c.GetHundredthsBefore() != 100 || c.GetHundredthsAfter() != 0 ||
				c.GetName() == "" || len(c.GetReasons()) != 1 || c.GetReasons()[0].GetCode() != "minutes" {
				t.Errorf("%+v", c)
			}
		}
	}
	for _, e := range strict.GetEffects() {
		lost += int(e.GetLost())
		if e.GetGained() != 0 || e.GetPassedBefore()-e.GetPassedAfter() != e.GetLost() || e.GetHundredthsBefore()-e.GetHundredthsAfter() != 100*e.GetLost() {
			t.Errorf("%+v", e)
		}
	}
	if lost != want || changes != want || want == 0 || len(strict.GetEffects()) != 2 || strict.GetVersion() != 1 || len(strict.GetChoices()) != 2 {
		t.Errorf("%d lose, %d are listed, want %d; %d webinars", lost, changes, want, len(strict.GetEffects()))
	}

	// Milder, in one webinar only: some gain, and it is said why they had failed.
	mild := d.compare(admin, &datamanagementpb.CompareCreditRuleRequest{
		Name: standard, Rule: terms(50), Held: &datamanagementpb.HeldWebinars{WebinarId: second},
	})
	if len(mild.GetEffects()) != 1 || mild.GetEffects()[0].GetGained() == 0 || mild.GetEffects()[0].GetLost() != 0 || mild.GetEffects()[0].GetWebinar().GetId() != second {
		t.Fatalf("%+v", mild.GetEffects())
	}
	if c := mild.GetChanges()[0]; !c.GetGains() || c.GetPassedBefore() || !c.GetPassedAfter() || c.GetReasons()[0].GetCode() != "minutes" {
		t.Errorf("%+v", c)
	}

	// The rule as it is changes nothing for anybody: what is computed now is what was computed then.
	for _, e := range d.compare(admin, &datamanagementpb.CompareCreditRuleRequest{Name: standard, Rule: terms(80)}).GetEffects() {
		if e.GetGained() != 0 || e.GetLost() != 0 || e.GetHundredthsBefore() != e.GetHundredthsAfter() || e.GetPassedBefore() == 0 ||
			int(e.GetPassedBefore()) != d.count(`SELECT count(*) FROM datamanagement.attendance_result WHERE webinar_id = $1 AND qualified`, e.GetWebinar().GetId()) {
			t.Errorf("%+v", e)
		}
	}
	if now := d.frozen(); now != untouched {
		t.Error("a comparison changed what was frozen")
	}
}

// frozen is a fingerprint of everything that must never change.
func (d *desk) frozen() string {
	d.t.Helper()
	var sum string
	err := d.db.Admin().QueryRow(d.t.Context(), `SELECT md5(string_agg(r::text, ',' ORDER BY r.webinar_id, r.account_id)) ||
		(SELECT md5(string_agg(w.id || w.frozen_rule::text || w.credit_rule_id, ',' ORDER BY w.id)) FROM datamanagement.webinar w)
		FROM datamanagement.attendance_result r`).Scan(&sum)
	if err != nil {
		d.t.Fatal(err)
	}
	return sum
}

func TestEffectIsKeptWithTheVersion(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	d.held("Sepsis", 3, 60, 60)
	second, _ := d.held("Stroke", 4, 60, 60)
	untouched := d.frozen()
	shown := d.compare(admin, &datamanagementpb.CompareCreditRuleRequest{Name: standard, Rule: terms(95), Held: &datamanagementpb.HeldWebinars{Last: 1}})

	save := func(base int32, held *datamanagementpb.HeldWebinars) (*datamanagementpb.SaveCreditRuleResponse, error) {
		return d.SaveCreditRule(admin, &datamanagementpb.SaveCreditRuleRequest{
			RequestId: id(), Name: standard, MinPercent: 95, MinChecksPercent: 75, ChecksPerHour: 3, CheckWindow: 75, ReconnectGrace: 60, Award: "event",
			MinutesPerPoint: 60, CreditStep: 50, DailyCap: 800, BaseVersion: base, Compared: held,
		})
	}
	saved, err := save(1, &datamanagementpb.HeldWebinars{Last: 1})
	if err != nil || saved.GetVersion() != 2 {
		t.Fatalf("%v %v", saved, err)
	}
	e := shown.GetEffects()[0]
	if n := d.count(`SELECT count(*) FROM datamanagement.credit_rule_effect WHERE credit_rule_id = $1 AND webinar_id = $2 AND frozen_version = 1 AND people = 60
		AND lost = $3 AND gained = 0 AND passed_before = $4 AND passed_after = $5 AND hundredths_before = $6 AND hundredths_after = $7`,
		saved.GetId(), second, e.GetLost(), e.GetPassedBefore(), e.GetPassedAfter(), e.GetHundredthsBefore(), e.GetHundredthsAfter()); n != 1 || e.GetLost() == 0 {
		t.Errorf("what was shown is not what was kept: %+v", e)
	}
	if n := d.count(`SELECT count(*) FROM datamanagement.credit_rule r JOIN datamanagement.account a ON a.id = r.saved_by WHERE r.id = $1`, saved.GetId()); n != 1 {
		t.Error("nobody knows who saved the version")
	}
	if d.frozen() != untouched {
		t.Error("a new version changed what was frozen")
	}
	_, err = save(1, nil)
	refused(t, err, "rule.version")
	_, err = save(2, &datamanagementpb.HeldWebinars{WebinarId: id()})
	refused(t, err, "content.choice")
	_, err = save(2, &datamanagementpb.HeldWebinars{Last: 11})
	refused(t, err, "rule.range")
	if n := d.count(`SELECT count(*) FROM datamanagement.credit_rule WHERE name = $1`, standard); n != 2 {
		t.Errorf("%d versions; what was refused must not be saved", n)
	}
}

// The daily cap is part of a rule too: what was earned earlier on the day is taken into account, then and now.
func TestEffectOfTheDailyCap(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	first, _ := d.held("Morning", 5, 1, 60)
	second, _ := d.held("Noon", 6, 1, 60)
	d.exec(`DELETE FROM datamanagement.attendance_result`)
	report, err := simulation.Run(t.Context(), simulation.Setup{
		Rule: credit.Default(), Viewers: 1, Minutes: 60, Seed: 8, Shares: simulation.Shares{simulation.Honest: 1},
	})
	if err != nil || report.Passed != 1 {
		t.Fatalf("%+v, %v", report.Groups, err)
	}
	who, e := d.named("Ana"), report.People[0].Evidence
	already := d.result(first, who, e, 0)
	d.result(second, who, e, already)

	capped := terms(80)
	capped.DailyCap = 150
	answer := d.compare(admin, &datamanagementpb.CompareCreditRuleRequest{Name: standard, Rule: capped})
	if len(answer.GetChanges()) != 1 {
		t.Fatalf("%+v", answer.GetChanges())
	}
	c := answer.GetChanges()[0]
	if c.GetWebinarId() != second || c.GetGains() || c.GetHundredthsBefore() != 100 || c.GetHundredthsAfter() != 50 || !c.GetPassedAfter() || len(c.GetReasons()) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	for code, q := range map[string]*datamanagementpb.CompareCreditRuleRequest{
		"content.none":      {Name: "Nobody's", Rule: terms(80)},
		"rule.range":        {Name: standard, Rule: terms(101)},
		"content.choice":    {Name: standard, Rule: terms(80), Held: &datamanagementpb.HeldWebinars{WebinarId: "x"}},
		"content.too_short": {Name: "", Rule: terms(80)},
	} {
		if _, err := d.CompareCreditRule(admin, q); err == nil {
			t.Errorf("%s: accepted", code)
		} else if code != "content.too_short" {
			refused(t, err, code)
		}
	}
	empty := d.compare(admin, &datamanagementpb.CompareCreditRuleRequest{Name: standard, Rule: terms(80), Page: -5})
	if len(empty.GetEffects()) != 0 || empty.GetPage() != 1 || empty.GetPages() != 1 {
		t.Errorf("%+v", empty)
	}
}

func TestSimulateWebinar(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	q := &datamanagementpb.SimulateWebinarRequest{Rule: terms(80), Viewers: 1000, Minutes: 60, Seed: 1, OutageAfter: 20, OutageMinutes: 5}
	answer, err := d.SimulateWebinar(admin, q)
	if err != nil {
		t.Fatal(err)
	}
	people := int32(0)
	for _, g := range answer.GetGroups() {
		people += g.GetPeople()
		if g.GetCheat() && g.GetCredited() > g.GetTruth()+g.GetExcess() {
			t.Errorf("%s is credited above the truth: %+v", g.GetBehaviour(), g)
		}
	}
	if people != 1000 || answer.GetLeftOut() != 300 || answer.GetCreditable() != 3300 || answer.GetPassed() == 0 {
		t.Errorf("%d people, %d s left out of %d", people, answer.GetLeftOut(), answer.GetCreditable())
	}
	for _, c := range []struct {
		code   string
		change func()
	}{
		{"rule.range", func() { q.Viewers = 1001 }},
		{"rule.range", func() { q.Minutes = 481 }},
		{"rule.range", func() { q.OutageAfter, q.OutageMinutes = 60, 1 }},
		{"content.choice", func() { q.Shares = map[string]int32{"sleeping": 1} }},
		{"rule.range", func() { q.Shares = map[string]int32{"honest": -1, "late": 2} }},
		{"rule.range", func() { q.Rule = nil }},
	} {
		kept := datamanagementpb.SimulateWebinarRequest{Rule: terms(80), Viewers: 10, Minutes: 60}
		q = &kept
		c.change()
		_, err := d.SimulateWebinar(admin, q)
		refused(t, err, c.code)
	}
	late, cancel := context.WithDeadline(admin, time.Now().Add(-time.Second))
	defer cancel()
	_, err = d.SimulateWebinar(late, &datamanagementpb.SimulateWebinarRequest{Rule: terms(80), Viewers: 10, Minutes: 60})
	refused(t, err, "rule.busy")
}
