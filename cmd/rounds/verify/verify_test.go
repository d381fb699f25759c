package verify_test

import (
	"context"
	"slices"
	"testing"

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
		"events.gapless":   event("s/1", "webinar.live", "{}", "2", "1"),
		"events.order":     event("s/1", "webinar.live", "{}", "1", "2") + event("s/1", "webinar.live", "{}", "2", "1"),
		"timers.fired":     plan + `INSERT INTO scheduler.timer (webinar_id, kind, sequence, due_at) VALUES (` + w + `, 'start', 1, now() - interval '2 minutes');`,
		"timers.once":      event(heart, "reminder.due", due, "1", "1") + event(heart, "reminder.due", due, "2", "2"),
		"timers.plan":      plan,
		"sagas.alive":      `INSERT INTO saga.run (role, name, id, wake_at) VALUES ('rounds_scheduler', 'webinar.start', '1', now() - interval '2 minutes');`,
		"sagas.replay":     event("saga/webinar.end/1", "saga.begun", "{}", "1", "1") + `INSERT INTO saga.run (role, name, id, status, wake_at) VALUES ('rounds_scheduler', 'webinar.end', '1', 'completed', now());`,
		"webinars.state":   webinar + `UPDATE datamanagement.webinar SET state = 'live', ended_at = NULL;` + event(heart, "webinar.ended", "{}", "1", "1"),
		"queues.flow":      `INSERT INTO queue.message (queue, priority, visible_at, id, key, type, payload, due_at, trace) VALUES ('activity', 0, now() - interval '2 minutes', ` + x + `, '', 't', '', now(), '');`,
		"queues.explained": `INSERT INTO queue.dead (queue, priority, attempts, id, key, type, payload, due_at, trace, put_at, put_by, reason) VALUES ('activity', 0, 1, ` + x + `, '', 't', '', now(), '', now(), 'x', '');`,
		"notifications.once": `INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, at)
			VALUES (` + x + `, ` + a + `, 'site', 'points.booked', 'sent', 1, now());`,
		"notifications.runs": `INSERT INTO notificationtaskrunner.run (id, kind, subject, began_at) VALUES ('r', 'points.booked', ` + w + `, now() - interval '1 hour');`,
		"notifications.in_time": webinar + `INSERT INTO notificationtaskrunner.run (id, kind, subject, began_at, expires_at, ended_at)
			VALUES ('r', 'webinar.reminder', ` + w + `, now() - interval '3 hours', now() - interval '2 hours', now() - interval '2 hours');
			INSERT INTO notificationcenter.notification (id, account_id, kind, text, path, created_at) VALUES (` + x + `, ` + a + `, 'webinar.reminder', 't', '/webinars/heart', now());
			INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, at) VALUES (` + x + `, ` + a + `, 'site', 'webinar.reminder', 'sent', 1, now());`,
		"rooms.chat": room + `UPDATE livewebinar.room SET last_sequence = 1;`,
		"rooms.frozen": room + `INSERT INTO livewebinar.beat (webinar_id, account_id, stream, sequence, event, at, position_ms, hidden)
			VALUES (` + w + `, ` + a + `, 's', 1, 'playing', now(), 0, false);`,
		"rooms.evidence":   room + attendance,
		"credit.everybody": webinar + room + attendance,
		"credit.replay":    webinar + result,
		"ledger.accepted": webinar + `INSERT INTO datamanagement.agency_request (id, webinar_id, requested_by, requested_at, viewers, qualified, hundredths)
			VALUES (` + x + `, ` + w + `, ` + a + `, now(), 1, 1, 100);
			INSERT INTO datamanagement.booking (id, account_id, webinar_id, kind, hundredths, day, request_id, booked_at)
			VALUES (` + x + `, ` + a + `, ` + w + `, 'webinar', 100, now(), ` + x + `, now());`,
		"ledger.complete": webinar + result + `INSERT INTO datamanagement.agency_request (id, webinar_id, requested_by, requested_at, viewers, qualified, hundredths, state, answered_at, answered_on)
			VALUES (` + x + `, ` + w + `, ` + a + `, now(), 1, 1, 100, 'accepted', now(), now());`,
	}
}

// TestEveryPromiseCanBreak damages a fresh database in one way at a time: the promise that is about it does not hold any more. A new
// promise needs a damage here.
func TestEveryPromiseCanBreak(t *testing.T) {
	t.Parallel()
	harms := damage()
	for _, promise := range verify.Main() {
		harm, known := harms[promise.Name]
		if !known {
			t.Errorf("no damage breaks %s", promise.Name)
		}
		t.Run(promise.Name, func(t *testing.T) {
			t.Parallel()
			database := dbtest.New(t, queue.Schema(), eventlog.Schema(), saga.Schema(), auth.Schema(), datamanagement.Schema(), scheduler.Schema(),
				livewebinar.Schema(), notificationcenter.Schema(), notificationtaskrunner.Schema())
			if broken := names(t, database, verify.Main()); len(broken) > 0 {
				t.Errorf("broken in a fresh database: %v", broken)
			}
			hurt(t, database, harm)
			if broken := names(t, database, verify.Main()); !slices.Contains(broken, promise.Name) {
				t.Errorf("broken are %v", broken)
			}
		})
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

// hurt does what no service could: foreign keys and triggers look away.
func hurt(t *testing.T, database *dbtest.DB, harm string) {
	t.Helper()
	if _, err := database.Admin().Exec(t.Context(), "SET session_replication_role = replica; "+harm); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, database *dbtest.DB, promises []verify.Invariant) (broken []string) {
	t.Helper()
	findings, err := verify.Run(context.Background(), database.AdminURL(), promises)
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
