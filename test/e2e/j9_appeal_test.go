package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
)

// short is a webinar of the last hours that somebody watched for 40 of its 60 minutes, and missed one of three checks.
func (l *library) short(account string) time.Time {
	l.t.Helper()
	started := time.Now().UTC().Truncate(time.Minute).Add(-3 * time.Hour)
	at := func(minutes int) time.Time { return started.Add(time.Duration(minutes) * time.Minute) }
	rule := credit.Default()
	rule.EvaluationRequired = false
	e := credit.Evidence{
		Rule: rule, Programme: credit.Programme{Started: started, Ended: at(60)}, Offered: credit.Point,
		Watched: []credit.Interval{{Span: credit.Span{From: started, To: at(40)}, Dropped: true}},
		Checks: []credit.Check{
			{Number: 1, Due: at(10), Sent: at(10), Delivered: at(10), Answered: at(10).Add(9 * time.Second)},
			{Number: 2, Due: at(22), Sent: at(22), Delivered: at(22)},
			{Number: 3, Due: at(31), Sent: at(31), Delivered: at(31), Answered: at(31).Add(4 * time.Second)},
		},
	}
	c := credit.Evaluate(e)
	var texts [3]string
	for i, value := range []any{e, c, c.Reasons} {
		text, err := json.Marshal(value)
		if err != nil {
			l.t.Fatal(err)
		}
		texts[i] = string(text)
	}
	webinar, lecturer, category, id := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	run := func(statement string, arguments ...any) {
		l.t.Helper()
		if _, err := l.db.Admin().Exec(l.t.Context(), statement, arguments...); err != nil {
			l.t.Fatalf("%s: %v", statement, err)
		}
	}
	run(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'c', 'C', 'C')`, category)
	run(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'l', 'L')`, lecturer)
	run(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES ($1, 'standard', 1, '{}', now())`, id)
	run(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, frozen_rule, video_url, state, started_at, ended_at, evaluated_at, created_at, updated_at)
		VALUES ($1, 'stroke', 'Stroke: the first hour', 'D', $2, $3, $5, 'UTC', 60, 100, $4, '{}', '/clip.mp4', 'ended', $5, $6, now(), now(), now())`,
		webinar, lecturer, category, id, started, at(60))
	run(`INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted, qualified,
		hundredths, reasons, evidence_sha256, evidence, credit, at)
		VALUES ($1, $2, 2400, 3600, 2, 3, false, 0, $3::jsonb, sha256('evidence'), $4::jsonb, $5::jsonb, now())`, webinar, account, texts[2], texts[0], texts[1])
	return started
}

// TestAppeal is journey 9: what a member finds wrong, decided with the evidence beside it, corrected at the agency and in the ledger.
func TestAppeal(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	bor := l.account("Bor Kranjc")
	started := l.short(bor)
	chief, member := chromium.New(t, l.base), chromium.New(t, l.base)
	chief.Forgive("422")
	chief.Forgive("409")
	member.Forgive("422")
	withoutRooms(chief, member)

	clock := func(minutes int) string { return started.Add(time.Duration(minutes) * time.Minute).Format("15:04") }
	member.Cookie("rounds_zone", "UTC")
	// Two clicks: open, send; a reason must be chosen.
	member.Open("/login-as/" + bor + "/member")
	member.Open("/me/webinars/stroke")
	member.Click("summary.btn")
	member.Press("Send the appeal")
	member.SeeText("[data-error-summary]", "Choose what went wrong")
	member.SeeText("[data-track=checks]", "2 answered (full marks), 1 missed (half marks)")
	member.Click("input[value=connection]")
	member.Fill("#f-concerns_from", "soon")
	member.Press("Send the appeal")
	member.SeeText("[data-error-summary]", "Enter a time within the webinar")
	member.Fill("#f-concerns_from", clock(40))
	member.Fill("#f-concerns_to", clock(60))
	member.Fill("#f-words", "The picture stood still after forty minutes. I stayed to the end.")
	looks(member, "appeal-form", look{390, false}, look{1440, true}, look{1440, false})
	member.Press("Send the appeal")
	member.SeeText("[data-appeal=open]", "stood still after forty minutes")
	looks(member, "appeal-open", look{390, true}, look{1440, false})
	member.Open("/me")
	member.SeeText("[data-line-appeal=open]", "Appeal: Waiting")

	chief.Cookie("rounds_zone", "UTC")
	chief.Open("/login-as/" + l.account("Chief") + "/administrator")
	chief.Open("/backoffice/appeals")
	looks(chief, "appeals", look{390, false}, look{1440, false})
	chief.Click("[data-row] a")
	chief.SeeText("[data-evidence]", "40 min 0 s")
	chief.SeeText("[data-concerns]", "About")
	if from, to := chief.Value("#f-watched_from_1"), chief.Value("#f-watched_to_1"); from != clock(40) || to != clock(60) {
		t.Errorf("the appeal is about %s to %s, and %q to %q is filled in", clock(40), clock(60), from, to)
	}
	chief.Fill("#f-watched_from_1", "nine")
	chief.Fill("#f-watched_to_1", clock(60))
	chief.Press("Compute what would come out")
	chief.SeeText("[data-error-summary]", "Enter a time within the webinar")
	chief.Fill("#f-watched_from_1", clock(40))
	chief.Press("Compute what would come out")
	chief.SeeText("[data-weighed='0']", "60 of 60 minutes (100 %), 2 of 3 checks")
	chief.Click("#f-void_2")
	chief.Press("Compute what would come out")
	chief.SeeText("[data-weighed='100']", "2 of 2 checks")
	looks(chief, "appeal-case", look{390, false}, look{1440, true}, look{1440, false})
	chief.Click("input[value=grant]")
	chief.Press("Decide")
	chief.SeeText("[data-error-summary]", "Write what the person is told")
	chief.Fill("#f-answer", "Our stream stood still in your region. We are sorry.")
	chief.Press("Decide")
	chief.See("[data-state=granted]")
	chief.See("[data-request=sent]")

	member.Open("/me/webinars/stroke")
	member.SeeText("[data-appeal=granted]", "Our stream stood still in your region")
	member.SeeText("[data-amended]", "Check 2 does not count")
	member.SeeText("[data-verdict]", "Appeal granted: ")
	looks(member, "appeal-granted", look{390, false}, look{1440, false})

	chief.Click("input[value=accepted]")
	chief.Set("#f-day", "2026-01-20")
	chief.Fill("#f-reference", "ZZS 2026/204")
	chief.Press("Continue")
	chief.See("[data-request=accepted]")
	member.Open("/me")
	member.SeeText("[data-line=accepted]", "ZZS 2026/204")
	member.SeeText("[data-block=points]", "1 of 75")
}
