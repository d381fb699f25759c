package e2e

import (
	"testing"

	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// stop is one page of the tour: its address, or a selector of the link that leads to it from the page before.
type stop struct{ name, path, link string }

// TestTour opens every page of the program as those for whom it is, filled with the demo, in both languages, on a phone and on a desk: none
// has a violation that axe finds, none is wider than its window, none makes the browser complain.
func TestTour(t *testing.T) {
	t.Parallel()
	p := startProgram(t)
	if !clustered() { // which is behind one anyway
		t.Run("through NGINX", func(t *testing.T) {
			t.Parallel()
			throughNGINX(t, p.URL)
		})
	}
	for _, tour := range []struct {
		role  string
		stops []stop
	}{
		{"visitor", []stop{
			{"landing", "/", ""},
			{"webinars-visitor", "/webinars", ""},
			{"webinar-locked", "", "[data-webinar] a"},
			{"articles-visitor", "/articles", ""},
			{"help", "/help", ""},
			{"privacy", "/privacy", ""},
			{"design", "/design", ""},
			{"register", "/register", ""},
			{"login", "/login", ""},
			{"forgot", "/forgot", ""},
			{"mailbox", "/mailbox", ""},
		}},
		{"applicant", []stop{{"application", "/application", ""}}},
		{"member", []stop{
			{"home", "/", ""},
			{"articles", "/articles", ""},
			{"article", "", "main a[href^='/articles/']"},
			{"webinars", "/webinars", ""},
			{"webinars-past", "/webinars?when=past", ""},
			{"webinar", "/webinars/antibiotic-rounds", ""},
			{"webinar-ended", "/webinars/sepsis-first-hours", ""},
			{"lecturer", "/lecturers/vzorec", ""},
			{"category", "/categories/infection", ""},
			{"me", "/me", ""},
			{"evidence", "/me/webinars/sepsis-first-hours", ""},
			{"record", "/webinars/sepsis-first-hours/record", ""},
			{"subscriptions", "/me/subscriptions", ""},
			{"notifications", "/notifications", ""},
			{"deliveries", "/me/notifications/deliveries", ""},
			{"profile", "/profile", ""},
			{"room-before", "/webinars/antibiotic-rounds/room", ""},
		}},
		{"administrator", []stop{
			{"backoffice", "/backoffice", ""},
			{"applications", "/backoffice/applications", ""},
			{"review", "", "main a[href^='/backoffice/applications/']"},
			{"manuscripts", "/backoffice/articles", ""},
			{"editor", "", "main a[href^='/backoffice/articles/0']"},
			{"comments", "/backoffice/comments", ""},
			{"categories", "/backoffice/categories", ""},
			{"lecturers", "/backoffice/lecturers", ""},
		}},
		{"administrator", []stop{
			{"plans", "/backoffice/webinars", ""},
			{"plan", "", "main a[href^='/backoffice/webinars/0']"},
			{"plan-new", "/backoffice/webinars/new", ""},
			{"rules", "/backoffice/rules", ""},
			{"rule-versions", "", "main [data-rules] a[href^='/backoffice/rules/0']"},
			{"rule-dry-run", "/backoffice/rules/dry-run", ""},
			{"move", "/backoffice/webinars", ""},
			{"move", "", "main a[href$='/move']"},
			{"cancel", "/backoffice/webinars", ""},
			{"cancel", "", "main a[href$='/cancel']"},
			{"points", "/backoffice/webinars/sepsis-first-hours/points", ""},
			{"appeals", "/backoffice/appeals", ""},
			{"appeal", "", "[data-row] a"},
			{"processes-over", "/backoffice/processes?over=yes", ""},
			{"messages", "/backoffice/messages", ""},
		}},
		{"host", []stop{
			{"host", "/host", ""},
			{"console-before", "/webinars/antibiotic-rounds/console", ""},
			{"record-host", "/webinars/sepsis-first-hours/record", ""},
		}},
		{"analyst", []stop{{"analyst", "/analyst", ""}}},
	} {
		t.Run(tour.role, func(t *testing.T) {
			t.Parallel()
			page := chromium.New(t, p.URL)
			if tour.role != "visitor" {
				page = p.as(t, tour.role+"@rounds.example")
			}
			for _, s := range tour.stops {
				s.visit(page)
			}
		})
	}
}

// visit looks at a page in both languages, themes and widths: axe once in each, at opposite corners.
func (s stop) visit(page *browser.Page) {
	if s.path != "" {
		page.Open(s.path)
	} else {
		page.Click(s.link)
	}
	page.See("h1")
	page.Width(1440)
	page.Fits()
	looks(page, s.name, look{390, false})
	if s.name == "mailbox" {
		return // It is for those who try Rounds out, and speaks English alone.
	}
	page.Click("footer button[lang=sl]")
	page.See("html[lang=sl] h1")
	page.Fits()
	looks(page, s.name+"-sl", look{1440, true})
	page.Click("footer button[lang=en]")
	page.See("html[lang=en] h1")
}
