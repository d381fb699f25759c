package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/rounds-cme/rounds/test/e2e/browser"
	"github.com/rounds-cme/rounds/test/fake/registry"
)

// proofFile writes a document to upload.
func proofFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func picture(t *testing.T) []byte {
	t.Helper()
	canvas := image.NewRGBA(image.Rect(0, 0, 320, 200))
	for x := range 320 {
		for y := range 200 {
			canvas.Set(x, y, color.RGBA{R: uint8(x), G: uint8(y), B: 120, A: 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, canvas); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fillRegistration types what Nika types.
func fillRegistration(p *browser.Page, email, proof string) {
	p.Fill("#f-name", "Nika Zgled")
	p.Fill("#f-email", email)
	p.Fill("#f-password", passphrase)
	p.Choose("#f-profession", "physician")
	p.Choose("#f-speciality", "paediatrics")
	p.Choose("#f-country", "SI")
	p.Fill("#f-licence_number", "0029001")
	p.Upload("#f-proof", proof)
	p.Click("#f-consent")
}

// openMail waits for a mail to somebody and looks at it in the mailbox.
func (s *site) openMail(p *browser.Page, email, subject string) {
	s.t.Helper()
	s.await("a mail: "+subject, func() bool {
		return s.count(`SELECT count(*) FROM notificationcenter.mail WHERE recipient = $1 AND subject = $2`, email, subject) > 0
	})
	p.Open("/mailbox?to=" + email)
	p.SeeText("body", subject)
}

func login(p *browser.Page, email string) {
	p.Open("/login")
	p.Fill("#f-email", email)
	p.Fill("#f-password", passphrase)
	p.Click("main form button.btn-primary")
	p.See("[data-bell]")
}

// TestRegister is journey 1: a visitor registers with a proof, confirms, is rejected, applies again, and is approved.
func TestRegister(t *testing.T) {
	t.Parallel()
	s := openSite(t, registry.Person{
		Country: "SI", Licence: "0029001", Name: "Nika Zgled", Profession: "physician", Speciality: "cardiology", ValidUntil: "2031-06-30", Status: "active",
	})
	s.Account("admin@rounds.example", "Ada Min", "administrator")
	nika, admin := chromium.New(t, s.URL), chromium.New(t, s.URL)
	nika.Forgive("422", "400", "409", "favicon")
	admin.Forgive("422", "400")

	// The landing page leads to the form, which says everything that is wrong at once and keeps what was typed.
	nika.Open("/")
	nika.Click("main a[href='/register']")
	nika.SeeText("h1", "Register")
	looks(nika, "register", look{390, false}, look{1440, true}, look{1440, false})
	nika.Fill("#f-name", "Nika Zgled")
	nika.Click("main form button.btn-primary")
	nika.See("[data-error-summary]")
	nika.SeeText("[data-error-summary]", "Choose the file with your proof of profession.")
	if got := nika.Value("#f-name"); got != "Nika Zgled" {
		t.Errorf("the name became %q", got)
	}
	looks(nika, "register-errors", look{390, false}, look{1440, false})

	// A file that is not what it claims is refused.
	nika.Open("/register")
	fillRegistration(nika, "nika@rounds.example", proofFile(t, "licence.pdf", []byte("MZ this is a program")))
	nika.Click("main form button.btn-primary")
	nika.SeeText("[data-error-summary]", "This file is not a PDF, JPEG or PNG.")

	nika.Open("/register")
	fillRegistration(nika, "nika@rounds.example", proofFile(t, "licence.png", picture(t)))
	nika.Click("main form button.btn-primary")
	nika.SeeText("h1", "Confirm your e-mail address")

	// Before the confirmation nobody reviews.
	s.openMail(nika, "nika@rounds.example", "Confirm your e-mail address")
	nika.Open(s.link("nika@rounds.example", "/confirm"))
	nika.Press("Confirm the address")
	nika.SeeText("h1", "Your address is confirmed")
	login(nika, "nika@rounds.example")
	nika.See("[data-application=in_review]")
	looks(nika, "in-review", look{390, false}, look{1440, false})

	// The administrator sees what differs from the registry, and the document, and rejects with a reason.
	login(admin, "admin@rounds.example")
	admin.Open("/backoffice")
	admin.SeeText("[data-work]", "1 application to review")
	looks(admin, "work", look{390, false}, look{1440, false})
	admin.Click("[data-work] a")
	admin.SeeText("main table", "Nika Zgled")
	looks(admin, "applications", look{390, false}, look{1440, true}, look{1440, false})
	// The queue goes by keyboard, unless somebody turned that off.
	admin.SeeText("[data-keys]", "next")
	admin.Click("[data-keys-switch]")
	admin.Gone("[data-keys-list]")
	admin.Click("[data-keys-switch]")
	admin.See("[data-keys] kbd")
	admin.Key("j")
	admin.Until(`document.activeElement.matches("[data-key-row]")`)
	admin.Key(kb.Enter)
	admin.See("[data-registry=found]")
	admin.SeeText("main", "No other application waits")
	admin.Key("r")
	admin.Until(`document.querySelector("#f-decision-1").checked && document.activeElement.id === "f-reason"`)
	admin.Reload()
	admin.See("[data-registry=found]")
	admin.SeeText("main", "differs")
	admin.Until(`document.querySelector("main img").complete && document.querySelector("main img").naturalWidth === 320`)
	looks(admin, "review", look{390, false}, look{1440, false})
	admin.Click("#f-decision-1")
	admin.Press("Continue")
	admin.SeeText("[data-error-summary]", "Enter a reason.")
	admin.Fill("#f-reason", "The name on the licence cannot be read.")
	admin.Press("Continue")
	admin.See("[data-sure]")
	looks(admin, "review-sure", look{390, false}, look{1440, false})
	admin.Press("Reject")
	admin.SeeText("[data-toast]", "was rejected")

	// Nika is told, by mail and on the site, and applies again.
	s.openMail(nika, "nika@rounds.example", "We could not accept your proof")
	nika.Open("/application")
	nika.SeeText("[data-reason]", "The name on the licence cannot be read.")
	looks(nika, "rejected", look{390, false}, look{1440, false})
	nika.Upload("#f-proof", proofFile(t, "licence2.pdf", []byte("%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")))
	nika.Press("Apply again")
	nika.See("[data-application=in_review]")

	admin.Open("/backoffice/applications")
	admin.Click("main table a")
	admin.Click("#f-decision-0")
	admin.Press("Continue")
	admin.Press("Approve")
	admin.SeeText("[data-toast]", "is a member now")
	s.openMail(nika, "nika@rounds.example", "Your account is approved")

	// Without logging in again Nika is a member, as soon as the pages ask anew.
	s.await("Nika's token says member", func() bool {
		nika.Open("/application")
		return nika.Count("[data-application=approved]") == 1
	})
	nika.Open("/profile")
	// A second device appears, and is logged out from the first.
	phone := chromium.New(t, s.URL)
	phone.Forgive("favicon")
	login(phone, "nika@rounds.example")
	nika.Reload()
	nika.SeeText("[data-device]", "This device")
	nika.Until(`document.querySelectorAll("[data-device]").length === 2`)
	looks(nika, "profile", look{390, false}, look{390, true}, look{1440, true}, look{1440, false})
	nika.Press("Log out there")
	nika.SeeText("[data-toast]", "That device is logged out")
	nika.Until(`document.querySelectorAll("[data-device]").length === 1`)
	s.await("the phone is logged out", func() bool {
		phone.Open("/profile")
		return phone.Count("[data-device]") == 0
	})
	nika.Choose("#f-language", "sl")
	nika.Press("Save")
	nika.SeeText("h1", "Profil")
}

// TestRegisterTells nobody who is a member: the second registration with an address looks like the first.
func TestRegisterTells(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	s.Registry.Suffer(registry.Trouble{Status: http.StatusServiceUnavailable})
	s.Account("ana@rounds.example", "Ana Novak")
	p := chromium.New(t, s.URL)
	p.Forgive("400", "401", "favicon")
	p.Open("/register")
	fillRegistration(p, "Ana@rounds.example", proofFile(t, "licence.png", picture(t)))
	p.Click("main form button.btn-primary")
	p.SeeText("h1", "Confirm your e-mail address")
	if n := s.count(`SELECT count(*) FROM datamanagement.application`); n != 0 {
		t.Errorf("%d applications for somebody else's account", n)
	}
	s.openMail(p, "ana@rounds.example", "You already have an account")
}

// TestForgotten sets a new password by the link in the mail.
func TestForgotten(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	s.Account("ana@rounds.example", "Ana Novak")
	p := chromium.New(t, s.URL)
	p.Forgive("400", "401", "favicon")
	p.Open("/login")
	looks(p, "login", look{390, false}, look{1440, true}, look{1440, false})
	p.Fill("#f-email", "ana@rounds.example")
	p.Fill("#f-password", "not the right one")
	p.Click("main form button.btn-primary")
	p.SeeText("[data-error-summary]", "is not right")
	if got := p.Value("#f-email"); got != "ana@rounds.example" {
		t.Errorf("the address became %q", got)
	}
	p.Click("main a[href='/forgot']")
	p.Fill("#f-email", "ana@rounds.example")
	p.Press("Send the link")
	p.SeeText("h1", "Look into your mail")
	s.openMail(p, "ana@rounds.example", "Choose a new password")
	p.Open(s.link("ana@rounds.example", "/reset"))
	p.Fill("#f-password", "short")
	p.Press("Set the password")
	p.SeeText("[data-error-summary]", "at least 10 characters")
	p.Fill("#f-password", passphrase+" sharp")
	p.Press("Set the password")
	p.SeeText("main", "Your new password is set")
	looks(p, "reset-done", look{390, false})
	p.Fill("#f-email", "ana@rounds.example")
	p.Fill("#f-password", passphrase+" sharp")
	p.Click("main form button.btn-primary")
	p.See("[data-bell]")
	p.Open("/profile")
	p.SeeText("h1", "Profile")
	p.Press("Log out everywhere")
	p.SeeText("main", "You are logged out on every device")
}

// TestRegisterWithoutRegistry registers while the registry is slow, and while it is down: nobody waits longer than it may take,
// nobody is turned away, and the reviewer is told that nobody answered. Once it is well again, it is asked again.
func TestRegisterWithoutRegistry(t *testing.T) {
	t.Parallel()
	s := openSite(t, registry.Person{
		Country: "SI", Licence: "0029001", Name: "Nika Zgled", Profession: "physician", Speciality: "paediatrics", Status: "active",
	})
	p := chromium.New(t, s.URL)
	p.Forgive("favicon")
	for _, c := range []struct {
		email, state string
		trouble      registry.Trouble
	}{
		{"slow@rounds.example", "unavailable", registry.Trouble{Delay: time.Hour}},
		{"down@rounds.example", "unavailable", registry.Trouble{Status: http.StatusServiceUnavailable}},
		{"well@rounds.example", "found", registry.Trouble{}},
	} {
		s.Registry.Suffer(c.trouble)
		asked := s.Registry.Asked()
		p.Open("/register")
		fillRegistration(p, c.email, proofFile(t, "licence.png", picture(t)))
		began := time.Now()
		p.Click("main form button.btn-primary")
		p.SeeText("h1", "Confirm your e-mail address")
		t.Logf("%s waited %s", c.email, time.Since(began))
		if n := s.count(`SELECT count(*) FROM datamanagement.application p JOIN datamanagement.account a ON a.id = p.account_id
			WHERE a.email = $1 AND p.registry_state = $2`, c.email, c.state); n != 1 {
			t.Errorf("%s: the application does not say %q", c.email, c.state)
		}
		if s.Registry.Asked() != asked+1 {
			t.Errorf("%s: the registry was asked %d times", c.email, s.Registry.Asked()-asked)
		}
	}
	s.Account("admin@rounds.example", "Ada Min", "administrator")
	s.openMail(p, "slow@rounds.example", "Confirm your e-mail address")
	p.Open(s.link("slow@rounds.example", "/confirm"))
	p.Press("Confirm the address")
	p.SeeText("h1", "Your address is confirmed")
	login(p, "admin@rounds.example")
	p.Open("/backoffice/applications")
	p.Click("main table a")
	p.See("[data-registry=unavailable]")
	p.Screenshot("review-registry-unavailable")
}
