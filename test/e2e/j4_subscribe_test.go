package e2e

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/scheduler"
	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// office plans and publishes through the RPCs that the backoffice uses, as an administrator.
type office struct {
	s                  *site
	ctx                context.Context //nolint:containedctx // It says who plans.
	webinars           bffpb.WebinarsClient
	content            bffpb.ContentClient
	lecturer, category string
}

func (s *site) office() *office {
	s.t.Helper()
	ada := s.Account("ada@rounds.example", "Ada Min", token.Administrator)
	raw, err := token.NewSigner(s.keys, time.Now).Sign(token.Claims{
		Account: ada, Session: uuid.New(), Roles: []string{token.Administrator}, Language: "en", Zone: "UTC", Issued: time.Now(),
		Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	claims, err := token.NewVerifier(filepath.Join(s.keys, token.PublicFile), time.Now).Verify(raw)
	if err != nil {
		s.t.Fatal(err)
	}
	bff := rpc.NewDialer("ssr", s.local, nil).Dial("bff")
	o := &office{s: s, ctx: token.With(s.t.Context(), claims), webinars: bffpb.NewWebinarsClient(bff), content: bffpb.NewContentClient(bff)}
	category, err := o.content.SaveCategory(o.ctx, &bffpb.SaveCategoryRequest{
		RequestId: uuid.NewString(), NameEn: "Intensive care", NameSl: "Intenzivna medicina", Slug: "intensive-care",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	lecturer, err := o.content.SaveLecturer(o.ctx, &bffpb.SaveLecturerRequest{
		RequestId: uuid.NewString(), Name: "Živa Čuk", Title: "Intensivist", Bio: "Works at night.", Slug: "ziva-cuk",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	o.category, o.lecturer = category.GetId(), lecturer.GetId()
	return o
}

func (o *office) plan(slug, title string, start time.Time) {
	o.s.t.Helper()
	_, err := o.webinars.ScheduleWebinar(o.ctx, &bffpb.ScheduleWebinarRequest{
		RequestId: uuid.NewString(), Slug: slug, Title: title, Description: "The **first hour** decides.", LecturerId: o.lecturer,
		CategoryId: o.category, Start: &bffpb.LocalStart{Time: start.UTC().Format("2006-01-02T15:04:05"), Zone: "UTC"},
		Minutes: 60, Hundredths: 150, VideoUrl: "/media/clip.mp4",
	})
	if err != nil {
		o.s.t.Fatal(err)
	}
}

func (o *office) publish(title string) {
	o.s.t.Helper()
	saved, err := o.content.SaveArticle(o.ctx, &bffpb.SaveArticleRequest{
		RequestId: uuid.NewString(), Kind: "news", Language: "en", CategoryId: o.category, Title: title, Summary: "What is new.", Body: "New.",
	})
	if err != nil {
		o.s.t.Fatal(err)
	}
	_, err = o.content.PublishArticle(o.ctx, &bffpb.PublishArticleRequest{RequestId: uuid.NewString(), Id: saved.GetId(), Version: saved.GetVersion()})
	if err != nil {
		o.s.t.Fatal(err)
	}
}

// passes lets time do what was planned: from now on somebody reminds, starts and ends.
func (s *site) passes(lead time.Duration) {
	s.t.Helper()
	member := s.member("scheduler", func(d *run.Deps) (*run.Service, error) {
		return scheduler.New(d, scheduler.Config{
			ReminderLeads: []time.Duration{lead}, Lease: 3 * time.Second, StartTimeout: 10 * time.Second, StartAttempts: 5,
			StartPause: time.Second, EndTimeout: 30 * time.Second,
		})
	})
	group := run.NewGroup(siteLog(), member)
	group.Start()
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := group.Stop(ctx); err != nil {
			s.t.Errorf("stop the scheduler: %v", err)
		}
	})
}

const (
	mine      = "[data-follows=webinar]"
	topic     = "[data-follows=category]"
	speaker   = "[data-follows=lecturer]"
	followed  = "[data-on]"
	pressable = " button[type=submit]"
)

// press presses a button that subscribes, and sees on the page to which it comes back that it did.
func press(p *browser.Page, which, said string) {
	p.Click(which + pressable)
	p.SeeText("[data-toast]", said)
}

// TestSubscribe is journey 4: a member follows a webinar, a category and a lecturer with one press each, is reminded before the
// start, and hears of a new article.
func TestSubscribe(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	s.Account("ana@rounds.example", "Ana Novak")
	o := s.office()
	begun := time.Now()
	soon := begun.Add(10 * time.Minute).Truncate(time.Second) // on the slowest machine all this is over before
	o.plan("sepsis", "Sepsis in the first hour", soon)
	early := begun.Add(5 * time.Second).Truncate(time.Second)
	o.plan("shock", "Shock, and what to do", early)
	ana, visitor := chromium.New(t, s.URL), chromium.New(t, s.URL)
	ana.Forgive("favicon") // which the mailbox lacks

	// A visitor reads when and with whom, and is led to the login and back.
	visitor.Open("/webinars/sepsis")
	visitor.SeeText("h1", "Sepsis in the first hour")
	visitor.SeeText("[data-locked]", "for members")
	visitor.SeeText("[data-rule]", "48 of 60 minutes")
	visitor.Gone("[data-body]")
	visitor.Open("/")
	ana.Open("/webinars/sepsis")
	ana.Click("a[href='/login?next=%2Fwebinars%2Fsepsis']")
	ana.Until(`location.pathname === "/login"`)
	ana.Fill("#f-email", "ana@rounds.example")
	ana.Fill("#f-password", passphrase)
	ana.Click("main form button.btn-primary")
	ana.At("/webinars/sepsis")
	ana.SeeText("[data-body] strong", "first hour")

	// One press each.
	press(ana, mine, "You have subscribed: Sepsis in the first hour.")
	ana.See(mine + followed)
	press(ana, topic, "You have subscribed: Intensive care.")
	ana.See(topic + followed)
	press(ana, speaker, "You have subscribed: Živa Čuk.")
	ana.See(speaker + followed)
	s.await("the start of the other webinar", func() bool { return time.Now().After(early) })
	s.passes(max(time.Until(soon)-4*time.Second, time.Second)) // the reminder is due in four seconds

	// What she follows stands in one list; what she ends can be taken back at once.
	ana.Open("/me/subscriptions")
	ana.Until(`document.querySelectorAll("[data-subscription]").length === 3`)
	press(ana, "[data-subscription=webinar] "+mine, "You have unsubscribed: Sepsis in the first hour.")
	ana.Gone("[data-subscription=webinar]")
	ana.Press("Undo")
	ana.SeeText("[data-subscription=webinar]", "Sepsis in the first hour")

	// The other webinar has begun while she did that; who looks at the first page sees it without loading it again.
	visitor.See("[data-webinar=shock][data-state=live]")
	ana.Open("/")
	ana.SeeText("[data-webinar=shock]", "Enter the room")
	ana.SeeText("[data-block=followed]", "Sepsis in the first hour")

	// The reminder comes by mail and as a number on the bell, before the start. That a webinar is live now is told beside.
	const ahead = `subject NOT LIKE 'Live now:%'`
	const reminder = `SELECT count(*) FROM notificationcenter.mail WHERE recipient = 'ana@rounds.example' AND subject LIKE $1 AND ` + ahead
	s.await("a reminder", func() bool { return s.count(reminder, "%: Sepsis in the first hour") == 1 })
	if late := s.count(`SELECT count(*) FROM notificationcenter.mail WHERE subject LIKE '%Sepsis in%' AND at >= $1 AND `+ahead, soon); late > 0 {
		t.Errorf("%d reminders after the start", late)
	}
	s.await("the reminder on the site", func() bool { return s.count(`SELECT count(*) FROM notificationcenter.bff_unseen`) > 0 })
	ana.Reload()
	ana.See("[data-bell] [data-badge]")
	ana.Open("/mailbox?to=ana@rounds.example")
	ana.SeeText("body", "Sepsis in the first hour")

	// Of the one that had begun before anybody could remind, nobody is reminded.
	if n := s.count(reminder, "%Shock%"); n != 0 {
		t.Errorf("%d reminders of a webinar that had begun", n)
	}

	// Nothing is missing for those who see, tap or listen otherwise. That takes its time, so it comes when nothing is due any more.
	for _, page := range []struct{ name, path string }{
		{"home", "/"}, {"webinar", "/webinars/sepsis"}, {"subscriptions", "/me/subscriptions"}, {"lecturer", "/lecturers/ziva-cuk"},
	} {
		ana.Open(page.path)
		looks(ana, page.name, look{390, false}, look{390, true}, look{1440, true}, look{1440, false})
	}
	visitor.Open("/webinars/sepsis")
	looks(visitor, "webinar-visitor", look{390, false}, look{1440, true}, look{1440, false})
	visitor.Open("/")
	looks(visitor, "landing-live", look{390, false}, look{1440, true}, look{1440, false})

	o.publish("Lactate, measured twice")
	s.await("a mail of the article", func() bool { return s.count(reminder, "New article: Lactate, measured twice") == 1 })
	s.await("the article on the site", func() bool {
		return s.count(`SELECT count(*) FROM notificationcenter.notification WHERE kind IN ('webinar.reminder', 'article.published')`) == 2
	})
	ana.Open("/categories/intensive-care")
	ana.See("[data-bell] [data-badge]")
	ana.SeeText("[data-newest]", "Lactate, measured twice")
	looks(ana, "category", look{390, false}, look{1440, true}, look{1440, false})
	press(ana, topic, "You have unsubscribed: Intensive care.")
	ana.Gone(topic + followed)
	ana.Open("/lecturers/ziva-cuk")
	ana.SeeText("main", "Works at night.")
}

// TestWebinarList filters, says what to do where there is nothing, and gives a calendar what it can read.
func TestWebinarList(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	s.Account("ana@rounds.example", "Ana Novak")
	ana := chromium.New(t, s.URL)
	ana.Open("/webinars")
	ana.SeeText("[data-empty]", "No webinar is planned yet")
	o := s.office()
	o.plan("sepsis", "Sepsis in the first hour", time.Now().Add(48*time.Hour))
	login(ana, "ana@rounds.example")
	ana.Open("/me/subscriptions")
	ana.SeeText("[data-empty]", "You follow nothing yet")
	looks(ana, "subscriptions-empty", look{390, false}, look{1440, false})
	ana.Open("/webinars")
	ana.See("[data-webinar=sepsis]")
	looks(ana, "webinars", look{390, false}, look{390, true}, look{1440, true}, look{1440, false})
	ana.Choose("#q-category", "intensive-care")
	ana.At("category=intensive-care")
	ana.See("[data-webinar=sepsis]")
	ana.Click("#q-followed")
	ana.At("followed=1")
	ana.SeeText("[data-empty]", "Subscribe to a category or a lecturer")
	looks(ana, "webinars-empty", look{390, false}, look{1440, false})
	ana.Press("Past")
	ana.At("when=past")
	ana.SeeText("[data-empty]", "Nothing of what you follow")
	ana.Open("/webinars/sepsis")
	ana.Click("footer button[lang=sl]")
	ana.SeeText("[data-rule]", "48 od 60 minut")
	ana.SeeText("[data-rule]", "dobi 1,5 točke")
	looks(ana, "webinar-sl", look{390, true}, look{1440, false})

	answer, err := http.Get(s.URL + "/webinars/sepsis/calendar.ics") //nolint:noctx // A test of its own server.
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if got := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/calendar") {
		t.Errorf("the calendar is answered with %d, %s", answer.StatusCode, got)
	}
}
