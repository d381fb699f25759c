package notificationtaskrunner_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
)

// late is half past eleven in the evening in Ljubljana, on a Tuesday.
func late() time.Time { return time.Date(2036, 11, 25, 22, 30, 0, 0, time.UTC) }

// member makes an approved member who follows something, and gives the id.
func (w *world) member(kind, target string) string {
	w.t.Helper()
	id := uuid.NewString()
	w.person(id, "approved")
	w.exec("INSERT INTO datamanagement.subscription VALUES ($1, $2, $3, now())", id, kind, target)
	return id
}

// prefer says what somebody wants: topic, channel, target ("" for the whole topic), yes or no.
func (w *world) prefer(id, topic, channel, target string, on bool) {
	w.t.Helper()
	if target == "" {
		target = uuid.Nil.String()
	}
	w.exec("INSERT INTO datamanagement.preference VALUES ($1, $2, $3, $4, $5, now())", id, topic, target, channel, on)
}

// set says how: quiet hours from 22:00 to 6:30, a digest, a pause.
func (w *world) set(id string, quiet bool, digest string, pausedUntil *time.Time) {
	w.t.Helper()
	w.exec(`INSERT INTO datamanagement.notification_setting VALUES ($1, CASE WHEN $2 THEN 1320 END, CASE WHEN $2 THEN 390 END, $3, $4, now())`,
		id, quiet, digest, pausedUntil)
}

// device gives somebody a browser that takes push.
func (w *world) device(id string) {
	w.t.Helper()
	w.exec(`INSERT INTO notificationcenter.push_subscription (id, account_id, endpoint, p256dh, auth, label, created_at)
		VALUES (gen_random_uuid(), $1, gen_random_uuid()::text, 'p', 'a', 'Firefox', now())`, id)
}

// told is how each person was told of a kind: "site", or "site, email", with the time until which it waits.
func (w *world) told(kind string) map[string]string {
	w.t.Helper()
	all := map[string]string{}
	for _, n := range w.puts() {
		if n.GetKind() != kind {
			continue
		}
		channel := strings.ToLower(strings.TrimPrefix(n.GetChannel().String(), "CHANNEL_")) + n.late
		if before := all[n.GetAccountId()]; before != "" {
			channel = before + ", " + channel
		}
		all[n.GetAccountId()] = channel
	}
	return all
}

// starting moves the webinar of the world.
func (w *world) starting(at time.Time) {
	w.t.Helper()
	w.exec("UPDATE datamanagement.webinar SET starts_at = $1", at)
}

func TestEachIsToldAsTheyWish(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	starts, week := late().Add(20*time.Hour), late().Add(7*24*time.Hour)
	w.starting(starts)
	who := map[string]string{}
	for _, name := range []string{"plain", "quiet", "no mail", "only mail", "nothing", "this one not", "paused", "quiet and paused", "was paused"} {
		who[name] = w.member("webinar", webinar)
	}
	who["this lecturer all the same"] = w.member("lecturer", lecturer)
	who["lecturer before category"] = w.member("category", category)
	who["paused, by category"] = w.member("category", category)
	who["with a phone"] = w.member("webinar", webinar)
	who["with a quiet phone"] = w.member("webinar", webinar)
	who["no push"] = w.member("webinar", webinar)
	for _, name := range []string{"with a phone", "with a quiet phone", "no push", "paused"} {
		w.device(who[name])
	}

	w.set(who["quiet"], true, "off", nil)
	w.set(who["with a quiet phone"], true, "off", nil)
	w.prefer(who["no push"], "webinar", "push", "", false)
	w.prefer(who["no mail"], "webinar", "email", "", false)
	w.prefer(who["only mail"], "webinar", "site", "", false)
	for _, topic := range []string{"webinar", "change"} {
		w.prefer(who["nothing"], topic, "site", "", false)
		w.prefer(who["nothing"], topic, "email", "", false)
	}
	w.prefer(who["this one not"], "webinar", "email", webinar, false)
	w.prefer(who["this one not"], "webinar", "email", lecturer, true)
	w.prefer(who["this lecturer all the same"], "webinar", "email", "", false)
	w.prefer(who["this lecturer all the same"], "webinar", "email", lecturer, true)
	w.prefer(who["lecturer before category"], "webinar", "email", lecturer, false)
	w.prefer(who["lecturer before category"], "webinar", "email", category, true)
	before := late().Add(-time.Minute)
	w.set(who["paused"], false, "off", &week)
	w.set(who["was paused"], false, "off", &before)
	w.set(who["quiet and paused"], true, "off", &week)
	w.set(who["paused, by category"], false, "off", &week)

	w.instanceAt(5, late)
	w.tell("scheduler", &eventpb.ReminderDue{WebinarId: webinar, StartsAt: timestamppb.New(starts), Sequence: 1, Lead: 72000})
	w.tell("datamanagement", &eventpb.WebinarMoved{WebinarId: webinar, WasAt: timestamppb.New(starts.Add(-time.Hour)), StartsAt: timestamppb.New(starts), Sequence: 1})
	w.ended(2)
	for kind, wants := range map[string]map[string]string{
		"webinar.reminder": {
			"plain": "site, email", "quiet": "site, email at 05:30", "no mail": "site", "only mail": "email", "this one not": "site",
			"this lecturer all the same": "site, email", "lecturer before category": "site", "paused": "site", "quiet and paused": "site",
			"was paused": "site, email", "paused, by category": "site", "with a phone": "site, email, push",
			"with a quiet phone": "site, email at 05:30, push at 05:30", "no push": "site, email",
		},
		"webinar.moved": {
			"plain": "site, email", "quiet": "site, email at 05:30", "no mail": "site, email", "only mail": "site, email", "nothing": "site",
			"this one not": "site, email", "this lecturer all the same": "site, email", "lecturer before category": "site, email",
			"paused": "site, email, push", "quiet and paused": "site, email at 05:30", "was paused": "site, email", "paused, by category": "site",
			"with a phone": "site, email, push", "with a quiet phone": "site, email at 05:30, push at 05:30", "no push": "site, email, push",
		},
	} {
		told := w.told(kind)
		for name, id := range who {
			if told[id] != wants[name] {
				t.Errorf("%s, %s: %q, want %q", kind, name, told[id], wants[name])
			}
		}
	}
	// Each message says what stops it; the person sees what waits.
	for _, n := range w.sent() {
		topic := map[string]string{"webinar.reminder": "webinar", "webinar.moved": "change"}[n.GetKind()]
		if n.GetTopic() != topic || n.GetTarget() != webinar {
			t.Errorf("%s is of topic %q about %q", n.GetKind(), n.GetTopic(), n.GetTarget())
		}
	}
	if n := w.number(`SELECT count(*) FROM notificationcenter.delivery WHERE state = 'waiting' AND channel = 'email' AND reason = 'quiet_hours'
		AND until = '2036-11-26T05:30:00Z'`); n != 5 {
		t.Errorf("%d mails are shown to wait, want 5", n)
	}
}

// What would be worth nothing in the morning comes at once: it was asked for.
func TestQuietHoursSilenceNoReminder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	quiet := w.member("category", category)
	w.set(quiet, true, "off", nil)
	w.instanceAt(5, late)
	for i, c := range []struct {
		starts time.Duration
		want   string
	}{
		{time.Hour, "site, email"},                             // it begins at half past midnight
		{7*time.Hour + 30*time.Minute, "site, email"},          // half an hour after the quiet hours
		{8*time.Hour + 15*time.Minute, "site, email at 05:30"}, // an hour and a quarter after
	} {
		w.exec("DELETE FROM queue.message")
		starts := late().Add(c.starts)
		w.exec("UPDATE datamanagement.webinar SET starts_at = $1, sequence = $2", starts, i+1)
		w.tell("scheduler", &eventpb.ReminderDue{WebinarId: webinar, StartsAt: timestamppb.New(starts), Sequence: int32(i + 1)}) //nolint:gosec // Few.
		w.ended(i + 1)
		if got := w.told("webinar.reminder")[quiet]; got != c.want {
			t.Errorf("a webinar in %s: %q, want %q", c.starts, got, c.want)
		}
	}
	// A webinar that was to begin in an hour is put off by a day: who hears of it in the morning has waited in vain.
	w.exec("DELETE FROM queue.message")
	w.exec("UPDATE datamanagement.webinar SET starts_at = $1, sequence = 9", late().Add(25*time.Hour))
	w.tell("datamanagement", &eventpb.WebinarMoved{WebinarId: webinar, WasAt: timestamppb.New(late().Add(time.Hour)), Sequence: 9})
	// That it is live now is news for now.
	w.exec(`UPDATE datamanagement.webinar SET state = 'live', started_at = $1, frozen_rule = '{}', starts_at = $1 WHERE slug = 'sepsis'`, late())
	w.tell("scheduler", &eventpb.WebinarLive{WebinarId: webinar, StartedAt: timestamppb.New(late())})
	w.ended(5)
	for _, kind := range []string{"webinar.moved", "webinar.live"} {
		if got := w.told(kind)[quiet]; got != "site, email" {
			t.Errorf("%s: %q", kind, got)
		}
	}
}

// counter counts the questions that the task runner asks of the database.
type counter struct{ asked atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	for _, counted := range []string{"_preference", "_setting", "_push", "SubscribedToWebinar", "put_off", "digest_item"} {
		if strings.Contains(q.SQL, counted) {
			c.asked.Add(1)
			return ctx
		}
	}
	return ctx
}

func (*counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Ten thousand people who all want something of their own cost a handful of questions a page, whatever they want.
func TestWishesAreReadAPageAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const people, page = 300, 100
	w.people(people, "webinar", webinar)
	w.starting(late().Add(20 * time.Hour))
	w.exec(`INSERT INTO datamanagement.preference SELECT id, 'webinar', t, 'email', true, now() FROM datamanagement.account,
		unnest(ARRAY[$1::uuid, $2, $3]) t WHERE id <> $4`, uuid.Nil, lecturer, webinar, author)
	w.exec(`INSERT INTO datamanagement.notification_setting SELECT id, 1320, 390, 'daily', now() - interval '1 year', now() FROM datamanagement.account`)
	config := w.database.Pool("notificationtaskrunner").Config()
	questions := &counter{}
	config.ConnConfig.Tracer = questions
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	stop, err := start(pool, page, late)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	w.tell("scheduler", &eventpb.ReminderDue{WebinarId: webinar, StartsAt: timestamppb.New(late().Add(20 * time.Hour)), Sequence: 1})
	w.ended(1)
	told := w.told("webinar.reminder")
	if values := slices.Collect(maps.Values(told)); len(told) != people || slices.ContainsFunc(values, func(how string) bool { return how != "site, email at 05:30" }) {
		t.Errorf("%d were told", len(told))
	}
	// Devices, choices, settings and what waits: four questions for each full page; the page after the last asks nothing.
	if n := questions.asked.Load(); n != 4*people/page {
		t.Errorf("%d questions about the wishes of %d people in pages of %d, want 4 a page", n, people, page)
	}
}
