package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/password"
	"github.com/rounds-cme/rounds/kit/postgres"
)

// People and numbers of the test.
const (
	subscribers = 2000
	watchers    = 40 // of whom ten leave at once
	earn        = 30
	worth       = 150
)

// TestKilledInTheMiddle kills the whole program with -9, its database with it, in the middle of everything that takes more
// than one step, and starts it again: a reminder run (twice, once so that the start comes meanwhile), the saga of a start, the
// saga of an end while attendance is frozen and while credit is computed, the booking of points. Then every promise must hold.
//
// To be in the middle for certain the test looks at the database from outside and holds a lock on what comes next; the lock
// dies with the database.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	for _, step := range []func(){c.remind, c.remindTooLate, c.start, c.freeze, c.evaluate, c.book, c.release, c.audit, c.kill} {
		step()
	}
}

// chaos is one Rounds that is killed again and again.
type chaos struct {
	t      *testing.T
	data   string
	p      *process
	site   string
	db     *pgx.Conn // as the database's administrator
	killed time.Time

	reminded, late, main *webinar
	client               *http.Client
}

// webinar is one that the test planned.
type webinar struct {
	id     uuid.UUID
	slug   string
	starts time.Time
}

func newChaos(t *testing.T) *chaos {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &chaos{t: t, data: filepath.Join(t.TempDir(), "data"), client: &http.Client{Jar: jar}}
	c.up()
	hash, err := password.New(nil).Hash(t.Context(), "zelena kava ob sedmih")
	if err != nil {
		t.Fatal(err)
	}
	c.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES (gen_random_uuid(), 'heart', 'Heart', 'Srce')`)
	c.exec(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES (gen_random_uuid(), 'host', 'Doc Host')`)
	c.exec(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES (gen_random_uuid(), 'chaos', 1,
		'{"min_percent": 50, "min_checks_percent": 0, "checks_per_hour": 0, "evaluation_required": false}', now())`)
	c.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, roles,
		state, consent_version, consent_at, created_at, updated_at, email_confirmed_at)
		SELECT gen_random_uuid(), 'p' || n || '@rounds.example', $1, 'Person ' || n, 'physician', n::text, 'SI', 'en', 'Europe/Ljubljana',
		CASE n WHEN 0 THEN '{administrator}'::text[] ELSE '{}' END, 'approved', '1', now(), now(), now(), now()
		FROM generate_series(0, $2::integer) n`, hash, subscribers)
	return c
}

// up starts the program and waits until it serves.
func (c *chaos) up() {
	c.t.Helper()
	c.p, c.site, _ = upIn(c.t, c.data, "--notificationtaskrunner-page=50", "--scheduler-lease=1s",
		"--scheduler-start-timeout=40s", "--scheduler-end-timeout=40s") // Longer than the test: asking again would hide a loss.
	c.db = c.connect()
}

func (c *chaos) connect() *pgx.Conn {
	c.t.Helper()
	conn, err := pgx.Connect(context.Background(), postgres.URL(postgres.SocketDir(filepath.Join(c.data, "postgres")), "rounds_admin", mainDatabase))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// kill ends the program as a power cut does; nothing of it is left.
func (c *chaos) kill() {
	c.t.Helper()
	database := databasePid(c.t, c.data)
	c.p.stop(syscall.SIGKILL)
	await(c.t, "PostgreSQL ends after kill -9 of its parent", func() bool { return !alive(database) })
	await(c.t, "no process of it is left", func() bool { return len(processesOf(c.data)) == 0 })
	c.killed = time.Now()
}

// processesOf lists those that were started in a directory, by what stands in their command lines.
func processesOf(data string) []int {
	entries, _ := os.ReadDir("/proc") //nolint:errcheck // Then there are none.
	var found []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() || !alive(pid) {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if err == nil && strings.Contains(string(line), data) {
			found = append(found, pid)
		}
	}
	return found
}

func (c *chaos) exec(statement string, arguments ...any) {
	c.t.Helper()
	if _, err := c.db.Exec(context.Background(), statement, arguments...); err != nil {
		c.t.Fatalf("%s: %v", statement, err)
	}
}

func (c *chaos) number(query string, arguments ...any) (n int) {
	c.t.Helper()
	if err := c.db.QueryRow(context.Background(), query, arguments...).Scan(&n); err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (c *chaos) wait(what, query string, arguments ...any) {
	c.t.Helper()
	c.p.await(what, func() bool { return c.number(query, arguments...) > 0 })
}

// hold takes a lock that ends with the database.
func (c *chaos) hold(statement string) {
	c.t.Helper()
	conn := c.connect()
	for _, one := range []string{"BEGIN", statement} {
		if _, err := conn.Exec(context.Background(), one); err != nil {
			c.t.Fatalf("%s: %v", one, err)
		}
	}
}

// held waits until somebody wants what the lock keeps from them.
func (c *chaos) held(table string) {
	c.t.Helper()
	c.wait("something waits for "+table, `SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::regclass`, table)
}

// plan makes a webinar as data management does, the row and the plan in one transaction, with everybody subscribed.
func (c *chaos) plan(slug string, in time.Duration) *webinar {
	c.t.Helper()
	w := &webinar{id: uuid.Must(uuid.NewV7()), slug: slug, starts: time.Now().Add(in).Truncate(time.Microsecond)}
	err := pgx.BeginFunc(context.Background(), c.db, func(tx pgx.Tx) error {
		for _, statement := range []string{
			`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
				credit_rule_id, video_url, sequence, created_at, updated_at)
				SELECT @id, @slug, 'Webinar ' || @slug, 'D', l.id, c.id, @starts, 'Europe/Ljubljana', 30, 150, r.id, '/clip.mp4', 1, now(), now()
				FROM datamanagement.lecturer l, datamanagement.category c, datamanagement.credit_rule r WHERE r.name = 'chaos'`,
			`INSERT INTO datamanagement.subscription (account_id, kind, target_id, created_at)
				SELECT id, 'webinar', @id, now() FROM datamanagement.account WHERE roles = '{}'`,
			`SELECT scheduler.plan_webinar(@id, @starts, 30, 1, false)`,
		} {
			if _, err := tx.Exec(context.Background(), statement, pgx.NamedArgs{"id": w.id, "slug": w.slug, "starts": w.starts}); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return w
}

const runOf = ` FROM notificationtaskrunner.run WHERE subject = $1 AND kind = 'webinar.reminder'`

// interruptReminder kills in the middle of a run over the recipients.
func (c *chaos) interruptReminder(w *webinar) {
	c.t.Helper()
	c.wait("some are reminded", `SELECT count(*)`+runOf+` AND told >= 200`, w.id)
	c.hold("SELECT 1 FROM notificationtaskrunner.run FOR UPDATE") // The runner passes over what is locked.
	if told := c.number(`SELECT told`+runOf+` AND ended_at IS NULL`, w.id); told >= subscribers {
		c.t.Fatalf("the run was over before it was interrupted: %d", told)
	}
	c.kill()
}

// remind kills in the middle of a reminder run whose webinar is not near.
func (c *chaos) remind() {
	c.t.Helper()
	c.reminded = c.plan("reminded", 50*time.Minute)
	c.interruptReminder(c.reminded)
	c.up()
	c.wait("the run goes on to its end", `SELECT count(*)`+runOf+` AND ended_at IS NOT NULL`, c.reminded.id)
}

// remindTooLate kills in the middle of a run too, and the start comes while nothing runs: who was not told until then is not
// told any more.
func (c *chaos) remindTooLate() {
	c.t.Helper()
	c.late = c.plan("late", 6*time.Second)
	c.interruptReminder(c.late)
	time.Sleep(time.Until(c.late.starts)) // It is the clock that is waited for.
	c.up()
	c.wait("the run is given up", `SELECT count(*)`+runOf+` AND ending <> ''`, c.late.id)
	c.wait("it is live", `SELECT count(*) FROM eventlog.event WHERE stream = $1 AND type = 'start.completed'`, "webinar/"+c.late.id.String())
}

// start kills in the saga of a start: the webinar is live, its room was asked for, and is not there.
func (c *chaos) start() {
	c.t.Helper()
	c.hold("LOCK TABLE livewebinar.room IN SHARE MODE")
	c.main = c.plan("main", -time.Second)
	c.wait("the room is asked for", `SELECT count(*) FROM eventlog.event WHERE stream = $1 AND type = 'start.requested'`, "webinar/"+c.main.id.String())
	c.held("livewebinar.room")
	c.is("live but not announced", `SELECT count(*) FROM datamanagement.webinar w WHERE w.id = $1 AND w.state = 'live'
		AND NOT EXISTS (SELECT 1 FROM eventlog.event e WHERE e.stream = 'webinar/' || w.id AND e.type IN ('room.opened', 'webinar.live'))`, c.main.id)
	c.kill()
	c.up()
	c.wait("the start is completed", `SELECT count(*) FROM eventlog.event WHERE stream = $1 AND type = 'start.completed'`, "webinar/"+c.main.id.String())
}

func (c *chaos) is(what, query string, arguments ...any) {
	c.t.Helper()
	if c.number(query, arguments...) != 1 {
		c.t.Errorf("it is not so: %s", what)
	}
}

// watch has people watch for ten minutes; every fourth leaves at once. The log of the room is written as the room writes it,
// because forty browsers would prove nothing more about a crash, and the room is made older, because nobody waits ten minutes.
func (c *chaos) watch(w *webinar) {
	c.t.Helper()
	c.exec(`UPDATE livewebinar.room SET opened_at = opened_at - interval '10 minutes' WHERE webinar_id = $1`, w.id)
	c.exec(`INSERT INTO livewebinar.beat (webinar_id, account_id, stream, sequence, event, at, position_ms, hidden)
		SELECT r.webinar_id, a.id, 's', n, CASE WHEN n = 0 THEN 'joined' WHEN a.licence_number::integer % 4 = 0 THEN 'left' ELSE 'playing' END,
			r.opened_at + n * interval '15 seconds', 0, false
		FROM livewebinar.room r, datamanagement.account a, generate_series(0, 40) n
		WHERE r.webinar_id = $1 AND a.licence_number::integer BETWEEN 1 AND $2
		  AND (n <= 1 OR a.licence_number::integer % 4 <> 0)`, w.id, watchers)
}

// end makes the time of the end come.
func (c *chaos) end(w *webinar) {
	c.t.Helper()
	c.exec(`UPDATE scheduler.timer SET due_at = now() WHERE webinar_id = $1 AND kind = 'end'`, w.id)
}

// freeze kills in the saga of an end, while the room writes down who was there.
func (c *chaos) freeze() {
	c.t.Helper()
	c.hold("LOCK TABLE livewebinar.attendance IN SHARE MODE")
	c.watch(c.main)
	c.end(c.main)
	c.held("livewebinar.attendance")
	c.is("closing", `SELECT count(*) FROM livewebinar.room WHERE webinar_id = $1 AND state = 'closing'`, c.main.id)
	c.kill()
	c.up()
	c.completed(c.main)
}

// evaluate kills in the saga of another end, while credit is computed.
func (c *chaos) evaluate() {
	c.t.Helper()
	c.hold("LOCK TABLE datamanagement.attendance_result IN SHARE MODE")
	c.watch(c.late)
	c.end(c.late)
	c.held("datamanagement.attendance_result")
	c.is("ended and not evaluated", `SELECT count(*) FROM datamanagement.webinar WHERE id = $1 AND state = 'ended' AND evaluated_at IS NULL`, c.late.id)
	c.kill()
	c.up()
	c.completed(c.late)
}

func (c *chaos) completed(w *webinar) {
	c.t.Helper()
	c.wait("the end is completed", `SELECT count(*) FROM eventlog.event WHERE stream = $1 AND type = 'end.completed'`, "webinar/"+w.id.String())
}

// book kills while points are booked; then the same answer comes again, and others beside it.
func (c *chaos) book() {
	c.t.Helper()
	form := url.Values{"email": {"p0@rounds.example"}, "password": {"zelena kava ob sedmih"}}
	answer, err := c.client.PostForm(c.site+"/auth/login", form) //nolint:noctx // A test.
	if err != nil {
		c.t.Fatal(err)
	}
	_ = answer.Body.Close()
	var request struct {
		ID string `json:"id"`
	}
	status := c.post("/api/webinars/"+c.main.id.String()+"/points/requests", map[string]any{
		"requestId": uuid.NewString(), "viewers": watchers, "qualified": earn, "hundredths": earn * worth,
	}, &request)
	if status != http.StatusOK || request.ID == "" {
		c.t.Fatalf("requesting points answers %d", status)
	}
	accept := func(id string) int {
		return c.post("/api/points/requests/"+request.ID+"/answer", map[string]any{
			"requestId": id, "accepted": true, "day": time.Now().UTC().Format(time.DateOnly), "reference": "A-1",
		}, nil)
	}
	same := uuid.NewString()
	c.hold("LOCK TABLE datamanagement.booking IN SHARE MODE")
	var first sync.WaitGroup
	first.Go(func() { accept(same) }) // Nobody hears what comes of it.
	c.held("datamanagement.booking")
	c.kill()
	first.Wait()
	c.up()
	var all sync.WaitGroup
	for _, id := range []string{same, same, uuid.NewString(), uuid.NewString()} {
		all.Go(func() { accept(id) })
	}
	all.Wait()
	if status := accept(same); status != http.StatusOK && status != http.StatusConflict {
		c.t.Errorf("the same answer once more: %d", status)
	}
}

// post sends JSON as the administrator; 0 means that nobody answered.
func (c *chaos) post(path string, body, into any) int {
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Error(err)
		return 0
	}
	answer, err := c.client.Post(c.site+path, "application/json", bytes.NewReader(text)) //nolint:noctx // A test.
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	if into != nil && json.NewDecoder(answer.Body).Decode(into) != nil {
		return 0
	}
	return answer.StatusCode
}

// release gives back what killed workers had taken, as half a minute would.
func (c *chaos) release() {
	c.t.Helper()
	c.exec(`UPDATE queue.message SET visible_at = now() WHERE taken AND visible_at <= $1::timestamptz + interval '30 seconds'`, c.killed)
}
