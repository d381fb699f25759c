package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/postgres"
)

// audit checks what must hold whatever was killed.
func (c *chaos) audit() {
	c.t.Helper()
	c.wait("everything in the queues is done", `SELECT count(*) WHERE NOT EXISTS (SELECT 1 FROM queue.message)`)
	c.is("nothing was put aside", `SELECT 1 - count(*) FROM queue.dead`)
	c.told()
	for _, w := range []*webinar{c.main, c.late} {
		c.lived(w)
	}
	c.is("each saga of a start and of an end is completed", `SELECT count(*) FROM (SELECT 1 FROM saga.run WHERE name LIKE 'webinar.%'
		HAVING count(*) = 4 AND count(*) FILTER (WHERE status = 'completed') = 4) four`)
	c.is("no timer is stuck", `SELECT 1 - count(*) FROM scheduler.timer WHERE state = 'waiting' AND due_at < now()`)
	c.is("the one that is not near is still planned", `SELECT count(*) FROM datamanagement.webinar WHERE id = $1 AND state = 'planned'`, c.reminded.id)
	c.earned()
	c.verified()
}

// verified has the program itself look at every promise, as an operator would.
func (c *chaos) verified() {
	c.t.Helper()
	if code, stdout, stderr := once(c.t, "verify", "--directory", c.data); code != 0 || strings.Contains(stdout, "BROKEN") {
		c.t.Errorf("verify: code %d\n%s%s", code, stdout, stderr)
	}
}

// told checks the reminders: everybody once on each channel, nobody after the start, nobody once it has come.
func (c *chaos) told() {
	c.t.Helper()
	for _, table := range []struct{ name, about, who, reminders string }{
		{"notificationcenter.notification", "path", "account_id::text", "kind = 'webinar.reminder'"},
		{"notificationcenter.mail", "body_text", "recipient", "subject NOT LIKE 'Live now:%'"},
	} {
		from := ` FROM ` + table.name + ` WHERE ` + table.about + ` LIKE '%/webinars/' || $1 || '%' AND ` + table.reminders
		all, people := c.number(`SELECT count(*)`+from, c.reminded.slug), c.number(`SELECT count(DISTINCT `+table.who+`)`+from, c.reminded.slug)
		if all != subscribers || people != subscribers {
			c.t.Errorf("%s: %d people were reminded %d times, want each of %d once", table.name, people, all, subscribers)
		}
		all, people = c.number(`SELECT count(*)`+from, c.late.slug), c.number(`SELECT count(DISTINCT `+table.who+`)`+from, c.late.slug)
		if all != people || all >= subscribers {
			c.t.Errorf("%s: of the one that began meanwhile %d people were told %d times", table.name, people, all)
		}
		at := map[string]string{"notificationcenter.notification": "created_at", "notificationcenter.mail": "at"}[table.name]
		if n := c.number(`SELECT count(*)`+from+` AND `+at+` >= $2`, c.late.slug, c.late.starts); n != 0 {
			c.t.Errorf("%s: %d were reminded after the start", table.name, n)
		}
	}
	c.is("nobody is reminded of a webinar that was planned when it had begun", `SELECT 1 - count(*)`+runOf, c.main.id)
	c.is("one reminder is due for each webinar ahead", `SELECT count(*) FROM (SELECT 1 FROM eventlog.event WHERE type = 'reminder.due'
		HAVING count(*) = 2 AND count(DISTINCT stream) = 2) two`)
}

// lived checks that a webinar was started and ended once, each step told once, in order, and attendance was frozen once.
func (c *chaos) lived(w *webinar) {
	c.t.Helper()
	rows, err := c.db.Query(context.Background(), `SELECT type FROM eventlog.event WHERE stream = $1 AND type NOT IN
		('reminder.due', 'hosts.missing') AND type NOT LIKE 'points.%' ORDER BY version`, "webinar/"+w.id.String())
	if err != nil {
		c.t.Fatal(err)
	}
	history, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		c.t.Fatal(err)
	}
	want := []string{
		"start.requested", "room.opened", "webinar.live", "start.completed", "end.requested", "room.closed", "webinar.ended",
		"attendance.evaluated", "end.completed",
	}
	if !slices.Equal(history, want) {
		c.t.Errorf("%s: happened %v\n    want %v", w.slug, history, want)
	}
	c.is(w.slug+" has ended", `SELECT count(*) FROM datamanagement.webinar WHERE id = $1 AND state = 'ended' AND evaluated_at IS NOT NULL`, w.id)
	c.is(w.slug+" has a closed room", `SELECT count(*) FROM livewebinar.room WHERE webinar_id = $1 AND state = 'closed'`, w.id)
	if n := c.number(`SELECT count(*) FROM livewebinar.attendance WHERE webinar_id = $1`, w.id); n != watchers {
		c.t.Errorf("%s: attendance of %d was frozen, want %d", w.slug, n, watchers)
	}
	if n := c.number(`SELECT count(*) FROM datamanagement.attendance_result WHERE webinar_id = $1`, w.id); n != watchers {
		c.t.Errorf("%s: the credit of %d was computed, want %d", w.slug, n, watchers)
	}
}

// earned checks that everybody who qualified was booked, told and counted once.
func (c *chaos) earned() {
	c.t.Helper()
	c.wait("everybody who earned is told", `SELECT count(*) FROM (SELECT 1 FROM notificationcenter.notification WHERE kind = 'points.booked'
		AND $1 > 0 HAVING count(*) >= $1) told`, earn)
	for what, query := range map[string]string{
		"qualified": `SELECT count(*) FROM datamanagement.attendance_result WHERE webinar_id = $1 AND qualified AND hundredths = 150`,
		"booked":    `SELECT count(*) FROM datamanagement.booking WHERE webinar_id = $1`,
		"people":    `SELECT count(DISTINCT account_id) FROM datamanagement.booking WHERE webinar_id = $1 AND hundredths = 150`,
		"events":    `SELECT count(*) FROM eventlog.event WHERE type = 'points.booked' AND payload->>'webinarId' = $1::uuid::text`,
		"told":      `SELECT count(DISTINCT account_id) FROM notificationcenter.notification WHERE kind = 'points.booked' AND $1::uuid IS NOT NULL`,
		"messages":  `SELECT count(*) FROM notificationcenter.notification WHERE kind = 'points.booked' AND $1::uuid IS NOT NULL`,
	} {
		if n := c.number(query, c.main.id); n != earn {
			c.t.Errorf("%s: %d, want %d", what, n, earn)
		}
	}
	c.is("the agency was asked and answered once", `SELECT count(*) FROM datamanagement.agency_request WHERE state = 'accepted'`)
	figures, err := pgx.Connect(context.Background(), postgres.URL(postgres.SocketDir(filepath.Join(c.data, "postgres")), "rounds_admin", statisticsDatabase))
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = figures.Close(context.Background()) }()
	var counted int
	c.p.await("the bookings are counted", func() bool {
		err := figures.QueryRow(context.Background(), "SELECT count(*) FROM statistics.activity WHERE kind = 10").Scan(&counted)
		return err == nil && counted >= earn
	})
	if counted != earn {
		c.t.Errorf("statistics counted %d bookings, want %d", counted, earn)
	}
}
