package verify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/cmd/rounds/verify"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/service/auth"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/livewebinar"
	"github.com/rounds-cme/rounds/service/notificationcenter"
	"github.com/rounds-cme/rounds/service/notificationtaskrunner"
	"github.com/rounds-cme/rounds/service/scheduler"
	"github.com/rounds-cme/rounds/service/statistics"
)

// Ids that the damage below uses.
const (
	w = `'00000000-0000-0000-0000-00000000000a'`
	a = `'00000000-0000-0000-0000-00000000000b'`
	x = `'00000000-0000-0000-0000-00000000000c'`

	webinar = `INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths, credit_rule_id,
		video_url, state, started_at, ended_at, evaluated_at, frozen_rule, created_at, updated_at)
		VALUES (` + w + `, 'heart', 'T', 'D', ` + x + `, ` + x + `, now() - interval '2 hours', 'Europe/Ljubljana', 60, 100, ` + x + `, '/clip.mp4', 'ended',
			now() - interval '2 hours', now() - interval '1 hour', now() - interval '1 hour', '{}', now(), now());`
	result = `INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted, qualified, hundredths, reasons,
		evidence_sha256, evidence, credit, at) VALUES (` + w + `, ` + a + `, 0, 0, 0, 0, true, 100, '[]', '\x00', '{}', '{}', now());`
	room = `INSERT INTO livewebinar.room (webinar_id, state, opened_at, closed_at, seed, commitment, alive_at)
		VALUES (` + w + `, 'closed', now(), now(), repeat('s', 32)::bytea, 'c', now());`
	attendance = `INSERT INTO livewebinar.attendance (webinar_id, account_id, first_joined_at, seconds, evidence, sha256)
		VALUES (` + w + `, ` + a + `, now(), 0, '{}', repeat('s', 32)::bytea);`
	message = `INSERT INTO queue.message (queue, priority, visible_at, taken, id, key, type, payload, due_at, trace)
		VALUES ('activity', 0, now() - interval '2 minutes', true, ` + x + `, '', 't', '', now(), '');`
	plan = `INSERT INTO scheduler.plan (webinar_id, starts_at, minutes, sequence) VALUES (` + w + `, now(), 60, 1);`
)

// event is one in the log, at a version and a place.
func event(stream, kind, payload, version, place string) string {
	return `INSERT INTO eventlog.event (pos, xid, stream, version, type, payload, trace, at) OVERRIDING SYSTEM VALUE
		VALUES (` + place + `, '5', '` + stream + `', ` + version + `, '` + kind + `', '` + payload + `', '', now() - interval '5 minutes');
		INSERT INTO eventlog.stream (stream, version, xid) VALUES ('` + stream + `', ` + version + `, '5')
		ON CONFLICT (stream) DO UPDATE SET version = greatest(stream.version, excluded.version);`
}

// damage breaks each promise of the main database, with the least that does.
func damage() map[string]string {
	heart := `webinar/00000000-0000-0000-0000-00000000000a`
	due := `{"sequence": 1, "lead": 3600, "startsAt": "2100-01-01T00:00:00Z"}`
	return map[string]string{
		"events.gapless": event("s/1", "webinar.live", "{}", "2", "1"),
		"events.order":   event("s/1", "webinar.live", "{}", "1", "2") + event("s/1", "webinar.live", "{}", "2", "1"),
		"timers.fired":   plan + `INSERT INTO scheduler.timer (webinar_id, kind, sequence, due_at) VALUES (` + w + `, 'start', 1, now() - interval '2 minutes');`,
		"timers.once":    event(heart, "reminder.due", due, "1", "1") + event(heart, "reminder.due", due, "2", "2"),
		"timers.plan":    plan,
		"timers.marked":  plan + `INSERT INTO scheduler.timer (webinar_id, kind, sequence, lead, due_at) VALUES (` + w + `, 'reminder', 1, 3600, now());` + event(heart, "reminder.due", due, "1", "1"),
		"sagas.once":     event("saga/webinar.end/1", "saga.begun", "{}", "1", "1") + event("saga/webinar.end/1", "saga.begun", "{}", "2", "2"),
		"sagas.explained": event("saga/webinar.end/1", "saga.failed", `{"reason": ""}`, "1", "1") + event("saga/webinar.end/1", "saga.cancelled", "{}", "2", "2") +
			`INSERT INTO saga.run (role, name, id, status, wake_at) VALUES ('rounds_scheduler', 'webinar.end', '1', 'cancelled', now());`,
		"webinars.once": webinar + event(heart, "webinar.live", "{}", "1", "1") + event(heart, "webinar.live", "{}", "2", "2"),
		"webinars.plan": webinar + event(heart, "webinar.scheduled", `{"startsAt": "2100-01-01T00:00:00Z"}`, "1", "1") + `UPDATE datamanagement.webinar SET starts_at = '2100-01-02', state = 'planned';`,
		"articles.state": `INSERT INTO datamanagement.article (id, slug, kind, language, title, summary, body_md, body_html, category_id, author_id, minutes, state, created_at, updated_at)
			VALUES (` + w + `, 'a', 'news', 'en', 't', 's', 'b', 'b', ` + x + `, ` + x + `, 1, 'draft', now(), now());` +
			event(`article/00000000-0000-0000-0000-00000000000a`, "article.published", "{}", "1", "1"),
		"ledger.replay": event("account/b", "points.booked", `{"bookingId": "00000000-0000-0000-0000-00000000000c", "accountId": "00000000-0000-0000-0000-00000000000b", "hundredths": 100}`, "1", "1"),
		"queues.once": message + `INSERT INTO queue.dead (queue, priority, attempts, id, key, type, payload, due_at, trace, put_at, put_by, reason)
			VALUES ('activity', 0, 1, ` + x + `, '', 't', '', now(), '', now(), 'x', 'why');`,
		"sagas.alive":      `INSERT INTO saga.run (role, name, id, wake_at) VALUES ('rounds_scheduler', 'webinar.start', '1', now() - interval '2 minutes');`,
		"sagas.replay":     event("saga/webinar.end/1", "saga.begun", "{}", "1", "1") + `INSERT INTO saga.run (role, name, id, status, wake_at) VALUES ('rounds_scheduler', 'webinar.end', '1', 'completed', now());`,
		"webinars.state":   webinar + `UPDATE datamanagement.webinar SET state = 'live', ended_at = NULL;` + event(heart, "webinar.ended", "{}", "1", "1"),
		"queues.flow":      message,
		"queues.explained": `INSERT INTO queue.dead (queue, priority, attempts, id, key, type, payload, due_at, trace, put_at, put_by, reason) VALUES ('activity', 0, 1, ` + x + `, '', 't', '', now(), '', now(), 'x', '');`,
		"notifications.once": `INSERT INTO notificationtaskrunner.run (id, kind, subject, began_at, ended_at) VALUES ('r', 'points.booked', ` + w + `, now(), now());
			INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, at) VALUES (` + x + `, ` + a + `, 'email', 'points.booked', 'sent', 1, now());`,
		"notifications.site": `INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, at)
			VALUES (` + x + `, ` + a + `, 'site', 'points.booked', 'sent', 1, now());`,
		"notifications.runs": `INSERT INTO notificationtaskrunner.run (id, kind, subject, began_at) VALUES ('r', 'points.booked', ` + w + `, now() - interval '1 hour');`,
		"notifications.in_time": `INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, at, expires_at)
			VALUES (` + x + `, ` + a + `, 'site', 'webinar.reminder', 'sent', 1, now(), now() - interval '1 second');`,
		"rooms.chat": room + `UPDATE livewebinar.room SET last_sequence = 1;`,
		"rooms.frozen": room + `INSERT INTO livewebinar.beat (webinar_id, account_id, stream, sequence, event, at, position_ms, hidden)
			VALUES (` + w + `, ` + a + `, 's', 1, 'playing', now(), 0, false);`,
		"rooms.evidence":     room + attendance,
		"credit.everybody":   webinar + room + attendance,
		"credit.replay":      webinar + result,
		"ledger.accepted":    tell().list().booked("webinar", a, list, "100").and(nobody).rows,
		"ledger.complete":    tell().list().rows,
		"ledger.corrections": tell().and(webinar).corrected().rows,
		"requests.followed":  tell().and(webinar).asked(list, "sent", "NULL", "").rows,
		"requests.answered":  tell().and(webinar).asked(list, "refused", "NULL", "completed").rows,
		"licences.told":      tell().noted("2027-01-01", "30").rows,
	}
}

// house is a database of all services, and what empties it again: a copy for each damage takes much longer than the damage.
func house(t *testing.T) (database *dbtest.DB, clean func()) {
	t.Helper()
	database = dbtest.New(t, queue.Schema(), eventlog.Schema(), saga.Schema(), auth.Schema(), datamanagement.Schema(), scheduler.Schema(),
		livewebinar.Schema(), notificationcenter.Schema(), notificationtaskrunner.Schema())
	rows, err := database.Admin().Query(t.Context(), `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var empty strings.Builder
	for _, table := range tables {
		var filled bool // by a migration
		if err := database.Admin().QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM "+table+")").Scan(&filled); err != nil {
			t.Fatal(err)
		}
		if !filled {
			fmt.Fprintf(&empty, "DELETE FROM %s;", table)
		}
	}
	return database, func() { hurt(t, database, empty.String()) }
}

// TestEveryPromiseCanBreak damages a database in one way at a time: the promise that is about it does not hold any more. A new
// promise needs a damage here.
func TestEveryPromiseCanBreak(t *testing.T) {
	t.Parallel()
	database, clean := house(t)
	harms := damage()
	for _, promise := range verify.Main() {
		harm, known := harms[promise.Name]
		if !known || promise.Mend == "" || promise.Says == "" {
			t.Errorf("no damage breaks %s, or it does not say what it is and what to do", promise.Name)
		}
		clean()
		alone := []verify.Invariant{promise}
		if broken := names(t, database, alone); len(broken) > 0 {
			t.Errorf("%s is broken before anything happened", promise.Name)
		}
		hurt(t, database, harm)
		if broken := names(t, database, alone); len(broken) == 0 {
			t.Errorf("%s holds after the damage", promise.Name)
		}
	}
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t, statistics.Schema())
	if broken := names(t, database, verify.Statistics()); len(broken) > 0 {
		t.Errorf("broken in a fresh database: %v", broken)
	}
	hurt(t, database, `INSERT INTO statistics.hour (at, kind, number) VALUES (now(), 1, 1);`)
	if broken := names(t, database, verify.Statistics()); !slices.Equal(broken, []string{"statistics.counted"}) {
		t.Errorf("broken are %v", broken)
	}
}

// TestToldFromWhatHappened knows a message by what it was made of, whichever of several events of one kind it was.
func TestToldFromWhatHappened(t *testing.T) {
	t.Parallel()
	database, _ := house(t)
	account := uuid.MustParse("00000000-0000-0000-0000-00000000000b")
	for n, run := range []string{"first", "second", "third"} {
		id := uuid.NewSHA1(uuid.MustParse("6d0f2b1e-43c1-4f86-9d0b-6f8f3f6c1a52"), []byte(run+"/"+account.String()+"/CHANNEL_EMAIL"))
		hurt(t, database, fmt.Sprintf(`INSERT INTO notificationtaskrunner.run (id, kind, subject, began_at, ended_at)
			VALUES ('%s', 'points.booked', %s, now() - interval '%d minutes', now());
			INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, at) VALUES ('%s', '%s', 'email', 'points.booked', 'sent', 1, now());`,
			run, w, n, id, account))
	}
	if broken := names(t, database, verify.Main()); len(broken) > 0 {
		t.Errorf("broken are %v", broken)
	}
}

// TestCarriedByABroker looks at what left the outbox.
func TestCarriedByABroker(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		driver carrier
		want   []string
	}{
		"all is well":           {carrier{stats: queue.Stats{Ready: 3, Oldest: time.Second, Dead: 1}, letters: []queue.Letter{{Reason: "no such mailbox"}}}, nil},
		"nobody takes":          {carrier{stats: queue.Stats{Ready: 3, Oldest: time.Hour}}, []string{"broker.flow"}},
		"due later":             {carrier{stats: queue.Stats{Delayed: 3, Oldest: time.Hour}}, nil},
		"it is away":            {carrier{failure: errors.New("connection refused")}, []string{"broker.flow"}},
		"dead, nobody says why": {carrier{letters: []queue.Letter{{}}}, []string{"broker.explained"}},
	} {
		var broken []string
		for _, f := range verify.Carried(t.Context(), c.driver, "activity", time.Minute) {
			if !f.Holds() {
				broken = append(broken, f.Name)
			}
			if f.Mend == "" {
				t.Errorf("%s: %s does not say what to do", what, f.Name)
			}
		}
		if !slices.Equal(broken, c.want) {
			t.Errorf("%s: broken are %v, want %v", what, broken, c.want)
		}
	}
}

// carrier is a driver of which only the numbers are asked.
type carrier struct {
	queue.Driver

	stats   queue.Stats
	letters []queue.Letter
	failure error
}

func (c carrier) Stats(context.Context, string) (queue.Stats, error) { return c.stats, c.failure }

func (c carrier) Dead(context.Context, string, int) ([]queue.Letter, error) {
	return c.letters, c.failure
}

// hurt does what no service could: foreign keys and triggers look away.
func hurt(t *testing.T, database *dbtest.DB, harm string) {
	t.Helper()
	if _, err := database.Admin().Exec(t.Context(), "SET session_replication_role = replica; "+harm); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, database *dbtest.DB, promises []verify.Invariant) (broken []string) {
	t.Helper()
	findings, err := verify.Run(context.Background(), database.AdminURL(), promises, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if !f.Holds() {
			broken = append(broken, f.Name)
		}
	}
	return broken
}
