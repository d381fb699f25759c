package e2e

import (
	"testing"

	"github.com/google/uuid"
)

// evaluated is a webinar that Ana fulfilled and Bor left too early, as it stands after its end.
func (l *library) evaluated(ana, bor string) {
	l.t.Helper()
	webinar, lecturer, category, rule := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	run := func(statement string, arguments ...any) {
		l.t.Helper()
		if _, err := l.db.Admin().Exec(l.t.Context(), statement, arguments...); err != nil {
			l.t.Fatalf("%s: %v", statement, err)
		}
	}
	run(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'c', 'C', 'C')`, category)
	run(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'l', 'L')`, lecturer)
	run(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES ($1, 'standard', 1, '{}', now())`, rule)
	run(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, frozen_rule, video_url, state, started_at, ended_at, evaluated_at, created_at, updated_at)
		VALUES ($1, 'sepsis', 'Sepsis in the first hour', 'D', $2, $3, now() - interval '2 hours', 'UTC', 60, 150, $4, '{}', '/clip.mp4', 'ended',
		now() - interval '2 hours', now() - interval '1 hour', now(), now(), now())`, webinar, lecturer, category, rule)
	result := `INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted,
		qualified, hundredths, reasons, evidence_sha256, evidence, credit, at)
		VALUES ($1, $2, $3, 3600, 3, 3, $4, $5, $6, sha256('evidence'), $7::jsonb, $8::jsonb, now())`
	run(result, webinar, ana, 3300, true, 150, `[{"code": "minutes", "state": "met", "have": 55, "of": 60, "need": 48}]`, `{
		"rule": {"version": 3, "min_percent": 80, "min_checks_percent": 75, "checks_per_hour": 3, "check_window": 75, "reconnect_grace": 60, "award": "event", "daily_cap": 8},
		"offered": 1.5, "programme": {"started": "2026-03-01T17:00:00Z", "ended": "2026-03-01T18:00:00Z"},
		"watched": [{"from": "2026-03-01T17:00:00Z", "to": "2026-03-01T17:20:00Z", "dropped": true}, {"from": "2026-03-01T17:20:30Z", "to": "2026-03-01T17:55:00Z"}],
		"incidents": [{"from": "2026-03-01T17:56:00Z", "to": "2026-03-01T17:57:00Z"}],
		"checks": [{"number": 1, "due": "2026-03-01T17:10:00Z", "sent": "2026-03-01T17:10:00Z", "delivered": "2026-03-01T17:10:01Z", "answered": "2026-03-01T17:10:20Z"},
		{"number": 2, "due": "2026-03-01T17:30:00Z", "sent": "2026-03-01T17:30:00Z", "delivered": "2026-03-01T17:30:01Z"},
		{"number": 3, "due": "2026-03-01T17:40:00Z", "sent": "2026-03-01T17:40:00Z"}]}`,
		`{"percent": 93, "spans": [{"from": "2026-03-01T17:00:00Z", "to": "2026-03-01T17:55:00Z"}]}`)
	run(result, webinar, bor, 1200, false, 0, `[{"code": "minutes", "state": "unmet", "have": 20, "of": 60, "need": 48, "more": 28}]`, `{}`, `{}`)
}

// TestPoints is the second half of journey 6 and journey 7: who qualified and why, the request, a refusal, an acceptance, and what the
// member then reads on the page of her own, where the sources that are not there say so themselves.
func TestPoints(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	ana, bor := l.account("Ana Novak"), l.account("Bor Kranjc")
	l.evaluated(ana, bor)
	chief, member := chromium.New(t, l.base), chromium.New(t, l.base)
	chief.Forgive("422")
	withoutRooms(chief, member)

	member.Cookie("rounds_zone", "Europe/Ljubljana")
	member.Open("/login-as/" + ana + "/member")
	member.Open("/me")
	member.SeeText("[data-line=earned]", "Sepsis in the first hour")
	member.SeeText("[data-block=points]", "0 of 75")
	member.SeeText("[data-block=data]", "Ana Novak")
	member.SeeText("[data-block=activity]", "right now")
	member.SeeText("[data-block=missed]", "right now")

	// How it came about stands one click away, for her alone.
	member.Click("[data-evidence]")
	member.SeeText("[data-verdict]", "1.5 points")
	member.SeeText("[data-rule]", "48 of 60 minutes")
	member.SeeText("[data-watched] tr:nth-child(1)", "18:20:00")
	member.SeeText("[data-fate=missed]", "18:30:00")
	member.See("[data-fate=void]")
	member.SeeText("[data-incidents]", "18:56:00")
	member.SeeText("[data-appeal]", "support@rounds.example")
	looks(member, "evidence", look{390, false}, look{390, true}, look{1440, true}, look{1440, false})
	member.Click("footer button[lang=sl]")
	member.SeeText("h1", "Kako so nastale moje točke")
	looks(member, "evidence-sl", look{390, false}, look{1440, false})
	member.Open("/me")
	member.SeeText("[data-licence]", "Še manjka")
	looks(member, "personal-sl", look{390, false}, look{1440, true}, look{1440, false})
	member.Open("/")
	member.SeeText("[data-block=standing]", "0 od 75")
	member.Click("footer button[lang=en]")
	member.SeeText("[data-block=standing]", "You have 0 of 75 points. 0 this year.")
	stranger := chromium.New(t, l.base)
	stranger.Forgive("404")
	stranger.Open("/login-as/" + l.account("Cene Tujec") + "/member")
	stranger.Open("/me/webinars/sepsis")
	stranger.SeeText("main", "We have no attendance of yours")

	chief.Open("/login-as/" + l.account("Chief") + "/administrator")
	chief.Open("/backoffice/webinars/sepsis/points")
	chief.SeeText("[data-row]", "minutes")
	looks(chief, "points", look{390, false}, look{1440, true}, look{1440, false})
	chief.Press("Request the points")
	chief.SeeText("[data-sure]", "1.5")
	looks(chief, "points-sure", look{390, false}, look{1440, false})
	chief.Press("Yes, that is right")
	chief.SeeText("[data-request=sent]", "waits for the answer")
	chief.Press("Continue")
	chief.SeeText("[data-error-summary]", "Choose what the agency answered")
	looks(chief, "points-answer", look{390, false}, look{1440, false})

	answer := func(decision string) {
		chief.Click("input[value=" + decision + "]")
		chief.Set("#f-day", "2026-01-20")
		chief.Fill("#f-reference", "ZZS 2026/117")
		chief.Fill("#f-answer", "The number of the event is missing.")
		chief.Press("Continue")
		chief.SeeText("[data-sure]", "Sepsis")
		chief.Press("Yes, that is right")
	}
	answer("refused")
	chief.See("[data-request=refused]")
	chief.Press("Request the points")
	chief.Press("Yes, that is right")
	chief.See("[data-request=sent]")
	answer("accepted")
	chief.See("[data-request=accepted]")

	member.Open("/me")
	member.SeeText("[data-line=accepted]", "ZZS 2026/117")
	member.SeeText("[data-block=points]", "1.5 of 75")
	looks(member, "personal", look{390, false}, look{1440, true}, look{1440, false})
	member.Open("/")
	member.SeeText("[data-block=standing]", "You have 1.5 of 75 points. 1.5 this year.")
	member.SeeText("[data-block=standing]", "Still missing: 73.5 points, until")
	looks(member, "home", look{390, false}, look{390, true}, look{1440, true}, look{1440, false})
}
