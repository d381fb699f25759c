package licence_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/licence"
	"github.com/rounds-cme/rounds/service/livewebinar"
	"github.com/rounds-cme/rounds/service/scheduler"
)

// world is the subdomain on real tables, under a clock of its own; the scheduler says that a day has come.
type world struct {
	t         *testing.T
	admin     *pgxpool.Pool
	pool      *pgxpool.Pool
	scheduler *pgxpool.Pool
	clock     atomic.Int64
	webinar   uuid.UUID
}

func newWorld(t *testing.T, now string) *world {
	t.Helper()
	database := dbtest.New(t, queue.Schema(), eventlog.Schema(), saga.Schema(), datamanagement.Schema(), livewebinar.Schema(), scheduler.Schema())
	w := &world{t: t, admin: database.Admin(), pool: database.Pool("datamanagement"), scheduler: database.Pool("scheduler"), webinar: uuid.New()}
	w.at(now)
	w.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'c', 'C', 'C')`, w.webinar)
	w.exec(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'l', 'L')`, w.webinar)
	w.exec(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES ($1, 'standard', 1, '{}', now())`, w.webinar)
	w.exec(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, video_url, state, created_at, updated_at) VALUES ($1, 'w', 'T', 'D', $1, $1, now(), 'UTC', 60, 100, $1, '/c.mp4', 'planned', now(), now())`, w.webinar)
	return w
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (w *world) at(now string) { w.clock.Store(moment(w.t, now).UnixNano()) }

func (w *world) now() time.Time { return time.Unix(0, w.clock.Load()) }

func (w *world) exec(statement string, arguments ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(context.Background(), statement, arguments...); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

func (w *world) count(statement string, arguments ...any) (n int) {
	w.t.Helper()
	if err := w.admin.QueryRow(context.Background(), statement, arguments...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
	return n
}

// person is a member since a day, in a country and a zone.
func (w *world) person(country, zone, since, state string) uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	w.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language,
		zone, state, consent_version, consent_at, created_at, updated_at) VALUES ($1, $2, '', 'A', 'doctor', '1', $3, 'en', $4, $5, '1', now(), $6, now())`,
		id, id.String()+"@rounds.example", country, zone, state, moment(w.t, since+"T12:00:00Z"))
	return id
}

func (w *world) booked(person uuid.UUID, day string, hundredths int) {
	w.t.Helper()
	w.exec(`INSERT INTO datamanagement.booking (id, account_id, webinar_id, kind, hundredths, day, booked_at) VALUES ($1, $2, $3, 'correction', $4, $5, now())`,
		uuid.New(), person, w.webinar, hundredths, day)
}

func types() eventlog.Types {
	all := eventlog.Types{}
	for _, entry := range event.Catalog() {
		all[entry.Key] = entry.Message
	}
	return all
}

// start runs the subdomain as one instance until the test, or stop, ends it.
func (w *world) start() (stop func()) {
	quiet := slog.New(slog.NewJSONHandler(io.Discard, nil))
	s := licence.New(&run.Deps{
		Name: "datamanagement", Now: w.now, NewID: uuid.New, Log: quiet, Metrics: prometheus.NewRegistry(), DB: w.pool,
		Events: eventlog.New(w.pool, quiet, prometheus.NewRegistry(), types()),
	})
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, one := range s.Work {
		work.Go(func() {
			for ctx.Err() == nil {
				_ = one.Run(ctx)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); work.Wait() })
	w.t.Cleanup(stop)
	return stop
}

// day says that a day has come, and waits until everybody was looked at.
func (w *world) day(now string) {
	w.t.Helper()
	w.at(now)
	w.due(now)
	w.await(now)
}

func (w *world) due(now string) {
	w.t.Helper()
	told := eventlog.New(w.scheduler, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), types())
	err := db.Tx(context.Background(), w.scheduler, func(tx pgx.Tx) error {
		return told.Append(context.Background(), tx, eventlog.Event{
			Stream: "time", ExpectedVersion: eventlog.Any, Message: &eventpb.LicenceDue{At: timestamppb.New(moment(w.t, now))},
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) await(now string) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); w.count(`SELECT count(*) FROM datamanagement.licence_round WHERE at = $1 AND done_at IS NOT NULL`, moment(w.t, now)) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("the round of %s does not end", now)
		}
	}
}

// told is what the event log says to a person, as "end days missing".
func (w *world) told(person uuid.UUID) []string {
	w.t.Helper()
	rows, err := w.admin.Query(context.Background(), `SELECT payload->>'endsAt', payload->>'days', payload->>'missingHundredths' FROM eventlog.event
		WHERE type = 'licence.deadline' AND payload->>'accountId' = $1 ORDER BY pos`, person)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var parts [3]string
		err := row.Scan(&parts[0], &parts[1], &parts[2])
		return strings.Join(parts[:], " "), err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) want(who string, person uuid.UUID, want ...string) {
	w.t.Helper()
	if got := w.told(person); !slices.Equal(got, want) {
		w.t.Errorf("%s was told %q, want %q", who, got, want)
	}
}

func TestToldInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "2026-01-01T05:00:00Z")
	// Seven years in Slovenia end on 1 March 2027, and 75 points are asked for.
	behind := w.person("SI", "Europe/Ljubljana", "2020-03-01", "approved")
	w.booked(behind, "2023-05-05", 7000)
	enough := w.person("SI", "Europe/Ljubljana", "2020-03-01", "approved")
	w.booked(enough, "2023-05-05", 7500)
	catches := w.person("SI", "Europe/Ljubljana", "2020-03-01", "approved")
	early := w.person("SI", "Europe/Ljubljana", "2024-01-01", "approved")
	w.booked(early, "2020-03-01", 100) // the first booking is before the registration
	later := w.person("SI", "Europe/Ljubljana", "2021-03-01", "approved")
	gone := w.person("SI", "Europe/Ljubljana", "2020-03-01", "closed")
	nobody := w.person("FR", "Europe/Paris", "2020-03-01", "approved")    // no plan is known
	yearly := w.person("RS", "Europe/Belgrade", "2025-03-01", "approved") // 10 in each year of the licence
	w.start()

	w.day("2026-11-30T05:00:00Z") // 91 days before
	w.want("somebody behind, too early", behind)
	w.day("2026-12-01T05:00:00Z")
	w.want("somebody behind", behind, "2027-02-28T23:00:00Z 90 500")
	w.day("2026-12-02T05:00:00Z")
	w.day("2027-01-20T05:00:00Z")
	w.booked(catches, "2027-01-25", 8000)
	w.day("2027-01-30T05:00:00Z")
	w.day("2027-02-26T05:00:00Z") // nothing ran on the 22nd
	w.day("2027-02-28T05:00:00Z")
	w.day("2027-03-01T05:00:00Z")
	w.want("somebody behind", behind, "2027-02-28T23:00:00Z 90 500", "2027-02-28T23:00:00Z 30 500", "2027-02-28T23:00:00Z 3 500")
	w.want("somebody with enough", enough)
	w.want("somebody who caught up", catches, "2027-02-28T23:00:00Z 90 7500")
	w.want("somebody whose first booking begins the cycle", early, "2027-02-28T23:00:00Z 90 7400", "2027-02-28T23:00:00Z 30 7400", "2027-02-28T23:00:00Z 3 7400")
	w.want("somebody with another year", later)
	w.want("somebody who left", gone)
	w.want("somebody without a plan", nobody)
	w.want("somebody with yearly points", yearly, "2027-02-28T23:00:00Z 90 1000", "2027-02-28T23:00:00Z 30 1000", "2027-02-28T23:00:00Z 3 1000")
}

// TestMidnightIsThePersons has two people of one country in two zones: for one the day has come, for the other it has not.
func TestMidnightIsThePersons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "2026-01-01T05:00:00Z")
	east := w.person("ME", "Pacific/Auckland", "2026-01-02", "approved")
	west := w.person("ME", "America/Los_Angeles", "2026-01-02", "approved")
	w.start()
	w.day("2026-10-02T13:00:00Z") // in Auckland it is the 3rd, 90 days before the new year
	w.want("who is there already", east, "2026-12-31T11:00:00Z 90 1000")
	w.want("who is not", west)
}

// TestRoundsMeet lets three instances look at many at once, hear of one day twice, and be stopped in the middle: everybody is told once.
func TestRoundsMeet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "2026-10-03T05:00:00Z")
	const people = 2300
	w.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
		consent_version, consent_at, created_at, updated_at)
		SELECT gen_random_uuid(), n || '@rounds.example', '', 'A', 'doctor', '1', 'ME', 'en', 'Europe/Podgorica', 'approved', '1', now(), '2026-01-02', now()
		FROM generate_series(1, $1) AS n`, people)
	stops := []func(){w.start(), w.start(), w.start()}
	w.due("2026-10-03T05:00:00Z")
	for end := time.Now().Add(time.Minute); w.count(`SELECT count(*) FROM datamanagement.licence_notice`) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody is told")
		}
	}
	for _, stop := range stops {
		stop()
	}
	w.start()
	w.start()
	w.due("2026-10-03T05:00:00Z")
	w.due("2026-10-03T06:00:00Z") // a newer round: the older one need not go on
	w.await("2026-10-03T05:00:00Z")
	w.await("2026-10-03T06:00:00Z")
	if n := w.count(`SELECT count(*) FROM eventlog.event WHERE type = 'licence.deadline'`); n != people {
		t.Errorf("%d were told, want %d", n, people)
	}
	if n := w.count(`SELECT count(DISTINCT payload->>'accountId') FROM eventlog.event WHERE type = 'licence.deadline'`); n != people {
		t.Errorf("%s people were told, want %d", strconv.Itoa(n), people)
	}
}
