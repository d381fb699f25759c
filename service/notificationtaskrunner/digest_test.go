package notificationtaskrunner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
)

// morning says that an hour has come.
func morning(w *world, at time.Time) {
	w.t.Helper()
	w.tell("scheduler", &eventpb.DigestDue{At: timestamppb.New(at)})
}

// paper publishes one more article of the category, and tells of it.
func (w *world) paper(title string) string {
	w.t.Helper()
	id := uuid.NewString()
	w.exec(`INSERT INTO datamanagement.article (id, slug, kind, language, category_id, author_id, title, summary, body_md, body_html, minutes, state,
		created_at, updated_at, published_at) VALUES ($1, $2, 'news', 'en', $3, $4, $5, 'S', 'B', 'B', 1, 'published', now(), now(), now())`,
		id, "slug-"+id, category, author, title)
	w.tell("datamanagement", &eventpb.ArticlePublished{ArticleId: id, CategoryId: category, Version: 1, First: true})
	return id
}

// digests are what each person got: the titles of each digest, the digests apart by |.
func (w *world) digests() map[string]string {
	w.t.Helper()
	got := map[string]string{}
	for _, n := range w.sent() {
		if n.GetKind() != "article.digest" {
			continue
		}
		var titles []string
		for line := range strings.Lines(n.GetData()["titles"]) {
			title, path, _ := strings.Cut(strings.TrimSpace(line), "\t")
			if !strings.HasPrefix(path, "/articles/slug-") {
				w.t.Errorf("%q leads to %q", title, path)
			}
			titles = append(titles, title)
		}
		if n.GetData()["count"] != fmt.Sprint(len(titles)) || n.GetChannel() != eventpb.Channel_CHANNEL_EMAIL || n.GetTopic() != "article" || n.GetTarget() != "" {
			w.t.Errorf("a digest says %v", n)
		}
		slices.Sort(titles) // all were gathered at the same moment of the clock of this test
		all := strings.Join(titles, ", ")
		if before := got[n.GetAccountId()]; before != "" {
			all = before + " | " + all
		}
		got[n.GetAccountId()] = all
	}
	return got
}

func TestDigestTellsEachInTheMorning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	week := late().Add(7 * 24 * time.Hour)
	who := map[string]string{}
	for _, name := range []string{"at once", "daily", "weekly", "far away", "no mail", "paused", "stopped meanwhile", "wants none any more"} {
		who[name] = w.member("category", category)
	}
	for _, name := range []string{"daily", "far away", "no mail", "paused", "stopped meanwhile", "wants none any more"} {
		w.set(who[name], false, "daily", nil)
	}
	w.set(who["weekly"], false, "weekly", nil)
	w.exec("UPDATE datamanagement.account SET zone = 'America/New_York' WHERE id = $1", who["far away"])
	w.prefer(who["no mail"], "article", "email", "", false)

	w.instanceAt(3, late)
	ended := 0
	end := func(runs int) { // waits for what was begun
		t.Helper()
		ended += runs
		w.ended(ended)
	}
	w.paper("First\tof\nall")
	second := w.paper("Second")
	end(2)
	for name, id := range who {
		want := "site, site"
		if name == "at once" {
			want = "site, email, site, email"
		}
		if got := w.told("article.published")[id]; got != want {
			t.Errorf("%s was told %q of an article, want %q", name, got, want)
		}
	}
	w.exec("UPDATE datamanagement.notification_setting SET paused_until = $2 WHERE account_id = $1", who["paused"], week)
	w.prefer(who["stopped meanwhile"], "article", "email", category, false)
	w.exec("UPDATE datamanagement.notification_setting SET article_digest = 'off' WHERE account_id = $1", who["wants none any more"])
	w.exec("UPDATE datamanagement.article SET state = 'draft' WHERE id = $1", second)

	// Wednesday, hour by hour; each hour is told of twice, as after a crash.
	wednesday := time.Date(2036, 11, 26, 0, 0, 0, 0, time.UTC)
	for hour := range 24 {
		morning(w, wednesday.Add(time.Duration(hour)*time.Hour))
		morning(w, wednesday.Add(time.Duration(hour)*time.Hour))
	}
	end(24)
	check := func(when string, wants map[string]string) {
		t.Helper()
		got := w.digests()
		for name, id := range who {
			if got[id] != wants[name] {
				t.Errorf("%s, %s: %q, want %q", when, name, got[id], wants[name])
			}
		}
	}
	check("Wednesday", map[string]string{"daily": "First of all", "far away": "First of all", "wants none any more": "First of all"})

	third := w.paper("Third")
	end(1)
	// The Monday after, at seven in Ljubljana.
	monday := time.Date(2036, 12, 1, 6, 0, 0, 0, time.UTC)
	morning(w, monday)
	end(1)
	check("Monday", map[string]string{
		"daily": "First of all | Third", "weekly": "First of all, Third", "far away": "First of all", "wants none any more": "First of all",
	})
	// Nothing new: no message.
	w.exec("UPDATE datamanagement.article SET state = 'draft' WHERE id = $1", third)
	before := len(w.sent())
	morning(w, monday.Add(24*time.Hour))
	end(1)
	if n := len(w.sent()); n != before || len(w.digests()) != 4 {
		t.Errorf("%d were told after %d, %d people with digests", n, before, len(w.digests()))
	}
	if n := w.number("SELECT count(*) FROM notificationtaskrunner.digest_item"); n != 3 {
		t.Errorf("%d items wait, want that of the one far away, and the two of who has paused", n)
	}
}

// Two runners at once, and hours that come late: each article once.
func TestDigestsOfManyHoursAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const people = 40
	w.people(people, "category", category)
	w.exec(`INSERT INTO datamanagement.notification_setting SELECT account_id, NULL, NULL, 'daily', NULL, now() FROM datamanagement.subscription WHERE kind = 'category'`)
	w.exec(`INSERT INTO notificationtaskrunner.digest_item SELECT account_id, $1, now() FROM datamanagement.subscription WHERE kind = 'category'`, article)
	w.exec(`INSERT INTO notificationcenter.push_subscription (id, account_id, endpoint, p256dh, auth, label, created_at)
		SELECT account_id, account_id, account_id::text, 'p', 'a', 'Firefox', now() FROM datamanagement.subscription WHERE kind = 'category'`)
	for day := range 5 {
		morning(w, time.Date(2036, 11, 24+day, 6, 0, 0, 0, time.UTC))
	}
	w.instanceAt(3, late)
	w.instanceAt(3, late)
	w.ended(5)
	w.everybody("article.digest", people, eventpb.Channel_CHANNEL_EMAIL, eventpb.Channel_CHANNEL_PUSH)
}

// TestDigestAfterAnOutage: nothing ran from Sunday to Tuesday; everybody whose mornings were among those days gets one digest, and who
// wants it weekly too, since a Monday was among them. Who has no morning between gets none.
func TestDigestAfterAnOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	daily, weekly, far := w.member("category", category), w.member("category", category), w.member("category", category)
	w.set(daily, false, "daily", nil)
	w.set(weekly, false, "weekly", nil)
	w.set(far, false, "daily", nil)
	w.exec("UPDATE datamanagement.account SET zone = 'Pacific/Auckland' WHERE id = $1", far)
	w.instanceAt(3, late)
	w.paper("One")
	w.paper("Two")
	w.ended(2)
	due := func(since, at time.Time) {
		t.Helper()
		w.tell("scheduler", &eventpb.DigestDue{At: timestamppb.New(at), Since: timestamppb.New(since)})
	}
	sunday := time.Date(2036, 11, 30, 0, 0, 0, 0, time.UTC)
	due(sunday.Add(10*time.Hour), sunday.Add(12*time.Hour)) // nobody's morning
	w.ended(3)
	if got := w.digests(); len(got) != 0 {
		t.Errorf("before any morning: %v", got)
	}
	due(sunday.Add(12*time.Hour), sunday.Add(20*time.Hour)) // seven in Auckland, where it is Monday
	due(sunday.Add(20*time.Hour), sunday.Add(2*24*time.Hour+9*time.Hour))
	w.ended(5)
	got := w.digests()
	for name, id := range map[string]string{"daily": daily, "weekly": weekly, "far away": far} {
		if got[id] != "One, Two" {
			t.Errorf("%s: %q", name, got[id])
		}
	}
}

// TestDigestWhileOnlyTheRunnerWasAway: the scheduler went on and told of every hour, and articles were published on both days. Everybody gets
// one digest of both days, and not one for each morning within minutes.
func TestDigestWhileOnlyTheRunnerWasAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	daily, weekly := w.member("category", category), w.member("category", category)
	w.set(daily, false, "daily", nil)
	w.set(weekly, false, "weekly", nil)
	hours := func(from, to time.Time) {
		t.Helper()
		for at := from; !at.After(to); at = at.Add(time.Hour) {
			w.tell("scheduler", &eventpb.DigestDue{At: timestamppb.New(at), Since: timestamppb.New(at.Add(-time.Hour))})
		}
	}
	sunday, back := time.Date(2036, 11, 30, 4, 0, 0, 0, time.UTC), time.Date(2036, 12, 2, 9, 20, 0, 0, time.UTC)
	w.paper("One")
	hours(sunday, sunday.Add(24*time.Hour)) // two mornings, of which one is a Monday's
	w.paper("Two")
	hours(sunday.Add(25*time.Hour), back.Truncate(time.Hour))
	begun := time.Now()
	w.instanceAt(3, func() time.Time { return back.Add(time.Since(begun)) })
	w.ended(2 + int(back.Truncate(time.Hour).Sub(sunday)/time.Hour) + 1)
	got := w.digests()
	for name, id := range map[string]string{"daily": daily, "weekly": weekly} {
		if got[id] != "One, Two" {
			t.Errorf("%s: %q", name, got[id])
		}
	}
}
