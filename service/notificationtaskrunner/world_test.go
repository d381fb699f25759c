package notificationtaskrunner_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	queuepg "github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/notificationcenter"
	"github.com/rounds-cme/rounds/service/notificationtaskrunner"
)

// Fixed things of the world: ids that tests and SQL share.
const (
	category = "00000000-0000-0000-0000-0000000000c1"
	lecturer = "00000000-0000-0000-0000-0000000000d1"
	webinar  = "00000000-0000-0000-0000-0000000000e1"
	article  = "00000000-0000-0000-0000-0000000000f1"
	author   = "00000000-0000-0000-0000-0000000000a1"
)

type world struct {
	t        *testing.T
	database *dbtest.DB
	admin    *pgxpool.Pool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	database := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema(), notificationtaskrunner.Schema(),
		notificationcenter.Schema())
	w := &world{t: t, database: database, admin: database.Admin()}
	w.person(author, "approved")
	w.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'c', 'C', 'C')`, category)
	w.exec(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'l', 'Dr L')`, lecturer)
	w.exec(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at)
		VALUES ('00000000-0000-0000-0000-0000000000b1', 'standard', 1, '{}', now())`)
	w.exec(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes,
		hundredths, credit_rule_id, video_url, sequence, created_at, updated_at) VALUES ($1, 'sepsis', 'Sepsis', 'D', $2, $3,
		now() + interval '1 hour', 'Europe/Ljubljana', 60, 100, '00000000-0000-0000-0000-0000000000b1', '/clip.mp4', 1, now(), now())`,
		webinar, lecturer, category)
	w.exec(`INSERT INTO datamanagement.article (id, slug, kind, language, category_id, author_id, title, summary, body_md,
		body_html, minutes, state, created_at, updated_at, published_at) VALUES ($1, 'a', 'news', 'en', $2, $3, 'A', 'S', 'B', 'B', 1,
		'published', now(), now(), now())`, article, category, author)
	return w
}

func (w *world) exec(statement string, arguments ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(context.Background(), statement, arguments...); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

func (w *world) person(id, state string) {
	w.t.Helper()
	w.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone,
		state, consent_version, consent_at, created_at, updated_at) VALUES ($1::uuid, $1::text || '@rounds.example', '', 'Person', 'doctor',
		'1', 'SI', 'sl', 'Europe/Ljubljana', $2, '1', now(), now(), now())`, id, state)
}

// people makes approved members who are subscribed; every third of them in two ways.
func (w *world) people(number int, kind, target string) {
	w.t.Helper()
	for range number {
		id := uuid.NewString()
		w.person(id, "approved")
		w.exec("INSERT INTO datamanagement.subscription VALUES ($1, $2, $3, now())", id, kind, target)
	}
	w.exec(`INSERT INTO datamanagement.subscription SELECT account_id, 'lecturer', $1, now() FROM datamanagement.subscription
		WHERE kind = $2 AND get_byte(uuid_send(account_id), 0) % 3 = 0 ON CONFLICT DO NOTHING`, lecturer, kind)
}

func types() eventlog.Types {
	all := eventlog.Types{}
	for _, entry := range event.Catalog() {
		all[entry.Key] = entry.Message
	}
	return all
}

func quiet() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }

// tell appends an event as the service that publishes it.
func (w *world) tell(publisher string, m proto.Message) {
	w.t.Helper()
	pool := w.database.Pool(publisher)
	log := eventlog.New(pool, quiet(), prometheus.NewRegistry(), types())
	ctx := context.Background()
	err := db.Tx(ctx, pool, func(tx pgx.Tx) error {
		return log.Append(ctx, tx, eventlog.Event{Stream: "test", ExpectedVersion: eventlog.Any, Message: m})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func start(pool *pgxpool.Pool, page int32, now func() time.Time) (stop func(), err error) {
	metrics := prometheus.NewRegistry()
	deps := &run.Deps{
		Name: "notificationtaskrunner", Now: now, NewID: uuid.New, Log: quiet(), Metrics: metrics, DB: pool,
		Events: eventlog.New(pool, quiet(), metrics, types()), Queue: queuepg.New(pool, quiet(), metrics, time.Now),
	}
	service, err := notificationtaskrunner.New(deps, notificationtaskrunner.Config{Page: page})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, job := range service.Work {
		work.Go(func() {
			for ctx.Err() == nil {
				_ = job.Run(ctx)
			}
		})
	}
	return sync.OnceFunc(func() { cancel(); work.Wait() }), nil
}

// instance runs one task runner until the test ends.
func (w *world) instance(page int32) {
	w.t.Helper()
	w.instanceAt(page, time.Now)
}

// instanceAt runs one by a clock of its own.
func (w *world) instanceAt(page int32, now func() time.Time) {
	w.t.Helper()
	stop, err := start(w.database.Pool("notificationtaskrunner"), page, now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(stop)
}

// put is what one person is told on one channel, and when.
type put struct {
	*eventpb.Notification

	late string // " at 05:30", where it waits until then
}

// puts reads what was put for the notification center, in the order in which people are told.
func (w *world) puts() []put {
	w.t.Helper()
	rows, err := w.admin.Query(context.Background(), `SELECT type, payload, CASE WHEN due_at > put_at + interval '1 minute' OR due_at < put_at - interval '1 minute'
		THEN ' at ' || to_char(due_at AT TIME ZONE 'UTC', 'HH24:MI') ELSE '' END FROM queue.message WHERE queue IN ('notification.send', 'notification.site')
		ORDER BY put_at, queue = 'notification.site' DESC, seq`)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []put
	var d queue.Delivery
	var late string
	_, err = pgx.ForEachRow(rows, []any{&d.Type, &d.Body, &late}, func() error {
		m, err := d.Message()
		if err != nil {
			return err
		}
		told, err := event.Notifications(m)
		for _, n := range told {
			all = append(all, put{n, late})
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// sent is what people are told, sooner or later.
func (w *world) sent() []*eventpb.Notification {
	w.t.Helper()
	var all []*eventpb.Notification
	for _, one := range w.puts() {
		all = append(all, one.Notification)
	}
	return all
}

func (w *world) number(query string) (n int) {
	w.t.Helper()
	if err := w.admin.QueryRow(context.Background(), query).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// ended waits until so many runs have ended.
func (w *world) ended(runs int) {
	w.t.Helper()
	w.until(fmt.Sprintf("%d runs to end", runs), func() bool {
		return w.number("SELECT count(*) FROM notificationtaskrunner.run WHERE ended_at IS NOT NULL") >= runs
	})
}

func (w *world) until(what string, there func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(45 * time.Second)
	for !there() {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
