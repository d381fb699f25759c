package e2e

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// programme adds what a webinar is planned with, and somebody who follows its category.
func (s *site) programme(follower uuid.UUID) {
	s.t.Helper()
	category := uuid.New()
	run := func(statement string, arguments ...any) {
		s.t.Helper()
		if _, err := s.admin.Exec(s.t.Context(), statement, arguments...); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
	}
	run(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'intensive-care', 'Intensive care', 'Intenzivna terapija')`, category)
	run(`INSERT INTO datamanagement.lecturer (id, slug, name, title) VALUES ($1, 'ziva-cuk', 'Živa Čuk', 'Consultant in intensive care')`, uuid.New())
	run(`INSERT INTO datamanagement.subscription (account_id, kind, target_id, created_at) VALUES ($1, 'category', $2, now())`, follower, category)
}

// plan fills the form of a new webinar.
func plan(p *browser.Page, title, start string) {
	p.Open("/backoffice/webinars/new")
	p.Fill("#f-title", title)
	p.Fill("#f-description", "## For whom\n\nFor everybody who meets **sepsis** first.")
	p.Until(`(document.querySelector("#f-lecturer_id").selectedIndex = 1) === 1`)
	p.Until(`(document.querySelector("#f-category_id").selectedIndex = 1) === 1`)
	p.Set("#f-start", start)
	p.Fill("#f-zone", "Europe/Ljubljana")
	p.Fill("#f-minutes", "45")
	p.Fill("#f-hundredths", "1,5")
	p.Fill("#f-video_url", "/media/lecture.mp4")
}

// TestSchedule is the planning of journey 3: a credit rule, a webinar on a night of clock change, its change, its move, and the calling
// off of another; who follows is told.
func TestSchedule(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	s.Account("chief@rounds.example", "Chief", "administrator")
	s.programme(s.Account("ana@rounds.example", "Ana Novak"))
	chief, ana := chromium.New(t, s.URL), chromium.New(t, s.URL)
	chief.Forgive("422", "400", "409")
	ana.Forgive("favicon") // the mailbox has none
	login(chief, "chief@rounds.example")
	login(ana, "ana@rounds.example")

	chief.Open("/backoffice/webinars")
	chief.SeeText("[data-empty]", "No webinars here")
	makeRule(chief)

	// Everything that is wrong is said at once, and what was typed stays.
	plan(chief, "Sepsis in the first hour", "2027-03-28T02:30")
	looks(chief, "plan-new", look{390, false}, look{1440, true}, look{1440, false})
	chief.Fill("#f-hundredths", "a lot")
	chief.Fill("#f-minutes", "0")
	chief.Fill("#f-video_url", "http://example.org/lecture.avi")
	chief.Press("Plan a webinar")
	chief.SeeText("[data-error-summary]", "that ends in .m3u8 or .mp4")
	chief.SeeText("[data-error-summary]", "Enter points from 0 to 100")
	chief.SeeText("[data-error-summary]", "Enter a length in whole minutes, from 1 to 720")
	chief.SeeText("[data-error-summary]", "skip this time")
	if got := chief.Value("#f-hundredths"); got != "a lot" {
		t.Errorf("the points became %q", got)
	}

	// That night the clocks go from 2:00 to 3:00.
	chief.SeeText("label[for=f-instead-0]", "01:30 CET")
	chief.SeeText("label[for=f-instead-1]", "03:30 CEST")
	looks(chief, "plan-errors", look{390, false}, look{1440, false})
	chief.Click("#f-instead-1")
	chief.Fill("#f-hundredths", "1,3")
	chief.Fill("#f-minutes", "45")
	chief.Fill("#f-video_url", "/media/lecture.mp4")
	chief.Press("Plan a webinar")
	chief.SeeText("[data-error-summary]", "in steps of 0.5")
	if got := chief.Value("#f-start"); got != "2027-03-28T03:30" {
		t.Errorf("the start became %q", got)
	}
	chief.Fill("#f-hundredths", "1.5")
	chief.Press("Preview")
	chief.SeeText("[data-preview] h2", "For whom")
	chief.Press("Plan a webinar")
	chief.See("[data-state=planned]")
	if n := s.count(`SELECT count(*) FROM datamanagement.webinar WHERE starts_at = '2027-03-28 01:30Z' AND hundredths = 150 AND minutes = 45`); n != 1 {
		t.Errorf("%d webinars at 3:30", n)
	}
	looks(chief, "plan-edit", look{390, false}, look{1440, true}, look{1440, false})
	s.twoEditors(chief)
	moveWebinar(s, chief, ana)
	callOff(s, chief, ana)
	s.goneLive(chief)
}

// makeRule makes a rule, wrongly first, and its next version.
func makeRule(chief *browser.Page) {
	chief.Open("/backoffice/rules")
	chief.Fill("#f-name", "Standard live webinar")
	chief.Press("Save")
	chief.SeeText("[data-error-summary]", "There is a rule of this name")
	chief.Fill("#f-name", "workshop")
	chief.Fill("#f-min_percent", "101")
	chief.Fill("#f-daily_cap", "x")
	chief.Press("Save")
	chief.SeeText("[data-error-summary]", "Share to be watched, in percent: enter a whole number from 1 to 100.")
	chief.SeeText("[data-error-summary]", "Most points on one day: enter a number from 0 to 100, with at most two decimals.")
	looks(chief, "rules-errors", look{390, false}, look{1440, false})
	chief.Fill("#f-min_percent", "90")
	chief.Fill("#f-daily_cap", "6,5")
	chief.Press("Save")
	chief.SeeText("[data-rules]", "workshop, version 1")
	chief.SeeText("[data-rules]", "Not more than 6.5 points")
	chief.Press("Dismiss") // the notice lies over the last link
	chief.Click("[data-rules] section:last-of-type a")
	chief.SeeText("h2", "workshop: version 2")
	chief.Fill("#f-min_percent", "85")
	chief.Click("#f-award-1")
	chief.Press("See who gains and who loses")
	chief.SeeText("[data-compare]", "No webinar was held under this rule yet")
	chief.Press("Save as version 2")
	chief.SeeText("[data-rules]", "workshop, version 2")
	chief.SeeText("[data-rules]", "Watch at least 85 %")
	looks(chief, "rules", look{390, false}, look{1440, true}, look{1440, false})
}

// twoEditors changes a webinar twice from the same beginning: the second one sees what the first one saved.
func (s *site) twoEditors(chief *browser.Page) {
	s.t.Helper()
	var id string
	if err := s.admin.QueryRow(s.t.Context(), `UPDATE datamanagement.webinar SET version = version + 1, title = 'Sepsis, by somebody else' RETURNING id::text`).Scan(&id); err != nil {
		s.t.Fatal(err)
	}
	chief.Fill("#f-title", "Sepsis: the first hour")
	chief.Press("Save")
	chief.SeeText("[data-error-summary]", "Somebody else changed this webinar")
	chief.SeeText("[data-theirs]", "Sepsis, by somebody else")
	looks(chief, "plan-conflict", look{390, false}, look{1440, false})
	chief.Press("Save")
	chief.SeeText("h1", "Sepsis: the first hour")
	chief.At("/backoffice/webinars/" + id)
}

// moveWebinar moves it to a time that comes twice.
func moveWebinar(s *site, chief, ana *browser.Page) {
	s.t.Helper()
	chief.Press("Move")
	chief.SeeText("[data-told]", "1 person who subscribed is told")
	looks(chief, "plan-move", look{390, false}, look{1440, false})
	chief.Press("Continue")
	chief.SeeText("[data-error-summary]", "This is when it is already")
	chief.Set("#f-start", "2027-10-31T02:30")
	chief.Press("Continue")
	chief.SeeText("[data-error-summary]", "this time comes twice")
	chief.SeeText("label[for=f-occurrence-1]", "02:30 CET")
	looks(chief, "plan-twice", look{390, false}, look{1440, false})
	chief.Click("#f-occurrence-1")
	chief.Fill("#f-minutes", "90")
	chief.Press("Continue")
	chief.SeeText("[data-sure]", "Sunday 31 October 2027, 02:30 CET")
	looks(chief, "plan-move-sure", look{390, false}, look{1440, true}, look{1440, false})
	ana.Open("/notifications")
	ana.Gone("[data-bell] [data-badge]")
	chief.Press("Move")
	chief.SeeText("[data-toast]", "The webinar is moved")
	if n := s.count(`SELECT count(*) FROM datamanagement.webinar WHERE starts_at = '2027-10-31 01:30Z' AND minutes = 90 AND sequence = 2`); n != 1 {
		s.t.Errorf("%d webinars moved", n)
	}
	// She has the list open and touches nothing: the bell and the list tell her by themselves.
	ana.SeeText("[data-notifications-list]", "Sepsis: the first hour")
	ana.SeeText("[data-bell] [data-badge]", "1")
	ana.SeeText("[data-bell-says]", "1 new notification")
	s.openMail(ana, "ana@rounds.example", "New time: Sepsis: the first hour")
}

// callOff calls another webinar off.
func callOff(s *site, chief, ana *browser.Page) {
	s.t.Helper()
	plan(chief, "Shock in children", "2027-02-01T18:00")
	chief.Press("Plan a webinar")
	chief.See("[data-state=planned]")
	chief.Press("Call off")
	chief.SeeText("main", "There is no way back")
	chief.Press("Call off")
	chief.SeeText("[data-error-summary]", "Enter why it is called off")
	chief.SeeText("[data-error-summary]", "Tick the box")
	chief.Fill("#f-reason", "The lecturer is ill.")
	looks(chief, "plan-cancel", look{390, false}, look{1440, true}, look{1440, false})
	chief.Click("#f-sure")
	chief.Press("Call off")
	chief.SeeText("[data-state=cancelled]", "Cancelled")
	chief.SeeText("[data-reason]", "The lecturer is ill.")
	looks(chief, "plan-cancelled", look{390, false}, look{1440, false})
	s.openMail(ana, "ana@rounds.example", "Cancelled: Shock in children")
	ana.Open("/notifications")
	ana.SeeText("main", "Shock in children")

	chief.Open("/backoffice/webinars")
	chief.SeeText("[data-row=shock-in-children]", "Cancelled")
	looks(chief, "plans", look{390, false}, look{1440, true}, look{1440, false})
	chief.Press("Planned")
	chief.At("state=planned")
	chief.Gone("[data-row=shock-in-children]")
}

// goneLive changes a webinar after it went live: what it says can be corrected, what people were promised cannot.
func (s *site) goneLive(chief *browser.Page) {
	s.t.Helper()
	soon := time.Now().Add(26 * time.Hour).Format("2006-01-02T15:04")
	plan(chief, "Delirium", soon)
	chief.Press("Plan a webinar")
	chief.See("[data-state=planned]")
	chief.Open("/backoffice")
	chief.SeeText("[data-work]", "1 webinar in the next seven days")
	looks(chief, "work-webinars", look{390, false}, look{1440, false})
	var id string
	err := s.admin.QueryRow(s.t.Context(), `UPDATE datamanagement.webinar w SET state = 'live', started_at = now(), version = version + 1,
		frozen_rule = (SELECT r.rule FROM datamanagement.credit_rule r WHERE r.id = w.credit_rule_id) WHERE title = 'Delirium' RETURNING id::text`).Scan(&id)
	if err != nil {
		s.t.Fatal(err)
	}
	chief.Open("/backoffice/webinars/" + id + "/move")
	chief.SeeText("[data-empty]", "This is no longer possible")
	chief.Press("Back to the webinar")
	chief.SeeText("main", "Points and credit rule are fixed")
	chief.Gone("#f-hundredths")
	looks(chief, "plan-live", look{390, false}, look{1440, false})
	chief.Fill("#f-title", "Delirium on the ward")
	chief.Press("Save")
	chief.SeeText("h1", "Delirium on the ward")
	if n := s.count(`SELECT count(*) FROM datamanagement.webinar WHERE title = 'Delirium on the ward' AND hundredths = 150`); n != 1 {
		s.t.Errorf("%d webinars corrected", n)
	}

	// The same in Slovenian.
	chief.Click("footer button[lang=sl]")
	chief.Until(`document.documentElement.lang === "sl"`)
	for name, path := range map[string]string{
		"plans-sl": "", "plan-live-sl": "/" + id, "plan-new-sl": "/new", "plan-cancel-sl": "/" + s.planned() + "/cancel", "plan-move-sl": "/" + s.planned() + "/move",
	} {
		chief.Open("/backoffice/webinars" + path)
		looks(chief, name, look{390, true}, look{1440, false})
	}
	chief.Open("/backoffice/rules")
	looks(chief, "rules-sl", look{390, true}, look{1440, false})
	chief.Open("/backoffice")
	looks(chief, "work-sl", look{390, true}, look{1440, false})
}

// planned is a webinar that is still only planned.
func (s *site) planned() string {
	s.t.Helper()
	var id string
	if err := s.admin.QueryRow(s.t.Context(), `SELECT id::text FROM datamanagement.webinar WHERE state = 'planned' LIMIT 1`).Scan(&id); err != nil {
		s.t.Fatal(err)
	}
	return id
}
