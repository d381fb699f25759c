package points_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/points"
	"github.com/rounds-cme/rounds/service/livewebinar"
	"github.com/rounds-cme/rounds/service/scheduler"
)

// world is the subdomain on real tables, with what the scheduler and the room do written as they write it.
type world struct {
	t         *testing.T
	admin     *pgxpool.Pool
	deps      *run.Deps
	service   *run.Service
	told      *eventlog.Log // as the scheduler, whose pool follows
	scheduler *pgxpool.Pool
}

const (
	categoryID = "00000000-0000-0000-0000-0000000000c1"
	lecturerID = "00000000-0000-0000-0000-0000000000a1"
	ruleID     = "00000000-0000-0000-0000-0000000000b1"
)

var began = time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	database := dbtest.New(t, queue.Schema(), eventlog.Schema(), saga.Schema(), datamanagement.Schema(), livewebinar.Schema(), scheduler.Schema())
	quiet := slog.New(slog.NewJSONHandler(io.Discard, nil))
	types := eventlog.Types{}
	for _, entry := range event.Catalog() {
		types[entry.Key] = entry.Message
	}
	pool := database.Pool("datamanagement")
	deps := &run.Deps{
		Name: "datamanagement", Now: func() time.Time { return began.Add(2 * time.Hour) }, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
		Log: quiet, Metrics: prometheus.NewRegistry(), DB: pool,
		Events: eventlog.New(pool, quiet, prometheus.NewRegistry(), types),
	}
	w := &world{
		t: t, admin: database.Admin(), deps: deps, service: points.New(deps, activity.New("test")),
		scheduler: database.Pool("scheduler"), told: eventlog.New(database.Pool("scheduler"), quiet, prometheus.NewRegistry(), types),
	}
	w.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'c', 'C', 'C')`, categoryID)
	w.exec(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'l', 'L')`, lecturerID)
	w.exec(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES ($1, 'standard', 1, '{}', now())`, ruleID)
	return w
}

func (w *world) exec(statement string, arguments ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(context.Background(), statement, arguments...); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

func (w *world) person() uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	w.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language,
		zone, state, consent_version, consent_at, created_at, updated_at) VALUES ($1, $2, '', 'A', 'doctor', '1', 'SI', 'en',
		'Europe/Ljubljana', 'approved', '1', now(), now(), now())`, id, id.String()+"@rounds.example")
	return id
}

// webinar is one that took an hour and has ended.
func (w *world) webinar(started time.Time, hundredths int) uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	w.exec(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, frozen_rule, video_url, state, started_at, ended_at, created_at, updated_at)
		VALUES ($1, $2, 'T', 'D', $3, $4, $5, 'Europe/Ljubljana', 60, $6, $7, '{"version": 1}', '/clip.mp4', 'ended', $5, $8, now(), now())`,
		id, "w-"+id.String(), lecturerID, categoryID, started, hundredths, ruleID, started.Add(time.Hour))
	w.exec(`INSERT INTO livewebinar.room (webinar_id, state, opened_at, closed_at, seed, commitment, alive_at)
		VALUES ($1, 'closed', $2, $3, decode(repeat('00', 32), 'hex'), '', $3)`, id, started, started.Add(time.Hour))
	return id
}

// watched is what the room froze of somebody who watched from the start for some minutes and answered every check.
func (w *world) watched(webinar, person uuid.UUID, started time.Time, minutes int) {
	w.t.Helper()
	e := credit.Evidence{
		Rule: credit.Default(), Programme: credit.Programme{Started: started, Ended: started.Add(time.Hour)},
		Watched: []credit.Interval{{Span: credit.Span{From: started, To: started.Add(time.Duration(minutes) * time.Minute)}, Device: "a"}},
	}
	for i := range minutes / 15 {
		at := started.Add(time.Duration(i*15+5) * time.Minute)
		e.Checks = append(e.Checks, credit.Check{Number: i + 1, Due: at, Sent: at, Delivered: at, Answered: at.Add(9 * time.Second)})
	}
	text, err := json.Marshal(e)
	if err != nil {
		w.t.Fatal(err)
	}
	hash := sha256.Sum256(text)
	w.exec(`INSERT INTO livewebinar.attendance (webinar_id, account_id, first_joined_at, seconds, evidence, sha256)
		VALUES ($1, $2, $3, $4, $5, $6)`, webinar, person, started, minutes*60, text, hash[:])
}

// start runs the work of the subdomain until the test, or stop, ends it.
func (w *world) start() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, one := range w.service.Work {
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

// ended says once more that a webinar has ended, as the scheduler does.
func (w *world) ended(webinar uuid.UUID) {
	w.t.Helper()
	ctx := context.Background()
	err := db.Tx(ctx, w.scheduler, func(tx pgx.Tx) error {
		return w.told.Append(ctx, tx, eventlog.Event{
			Stream: "webinar/" + webinar.String(), ExpectedVersion: eventlog.Any,
			Message: &eventpb.WebinarEnded{WebinarId: webinar.String()},
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// evaluated waits until so many answers are there, and gives the last one.
func (w *world) evaluated(webinar uuid.UUID, times int) *eventpb.AttendanceEvaluated {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		found := w.events("webinar/"+webinar.String(), "attendance.evaluated")
		if len(found) >= times {
			answer := &eventpb.AttendanceEvaluated{}
			if err := protojson.Unmarshal(found[len(found)-1], answer); err != nil {
				w.t.Fatal(err)
			}
			return answer
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for answer %d, there are %d", times, len(found))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (w *world) events(stream, kind string) [][]byte {
	w.t.Helper()
	rows, err := w.admin.Query(context.Background(), "SELECT payload FROM eventlog.event WHERE stream = $1 AND type = $2 ORDER BY version", stream, kind)
	if err != nil {
		w.t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// result is what somebody has of a webinar: qualified, hundredths.
func (w *world) result(webinar, person uuid.UUID) (bool, int) {
	w.t.Helper()
	var qualified bool
	var hundredths int
	err := w.admin.QueryRow(context.Background(), "SELECT qualified, hundredths FROM datamanagement.attendance_result WHERE webinar_id = $1 AND account_id = $2",
		webinar, person).Scan(&qualified, &hundredths)
	if err != nil {
		w.t.Fatal(err)
	}
	return qualified, hundredths
}
