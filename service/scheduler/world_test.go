package scheduler_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/scheduler"
)

// world is the scheduler among the others: the tables of data management as they are, and a stand-in that answers for
// the live webinar service and for the computing of credit, as the real ones do, by events.
type world struct {
	t        *testing.T
	database *dbtest.DB
	admin    *pgxpool.Pool
	clock    *clock
	refuse   atomic.Bool // data management refuses to call a webinar off
	rooms    rooms       // whom instances that begin from now on ask whether hosts are there
}

// rooms stands in for the live webinar service, as far as the scheduler asks it.
type rooms func(webinars []string) (*livewebinarpb.StatusResponse, error)

// hosts is a service where so many hosts are behind the stage of whatever is asked for.
func hosts(n int32) rooms {
	return func(webinars []string) (*livewebinarpb.StatusResponse, error) {
		there := &livewebinarpb.StatusResponse{Hosts: map[string]int32{}}
		for _, id := range webinars {
			if n > 0 {
				there.Hosts[id] = n
			}
		}
		return there, nil
	}
}

// Invoke answers the one call there is.
func (r rooms) Invoke(_ context.Context, _ string, asked, reply any, _ ...grpc.CallOption) error {
	answer, err := r(asked.(*livewebinarpb.StatusRequest).GetWebinarIds())
	if err == nil {
		proto.Merge(reply.(*livewebinarpb.StatusResponse), answer)
	}
	return err
}

// NewStream is never asked for.
func (r rooms) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("the scheduler asks for no stream")
}

// clock is set by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	database := dbtest.New(t, queue.Schema(), eventlog.Schema(), saga.Schema(), datamanagement.Schema(), scheduler.Schema())
	w := &world{t: t, database: database, admin: database.Admin(), clock: &clock{now: time.Now().UTC().Truncate(time.Second)}, rooms: hosts(1)}
	w.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language,
		zone, consent_version, consent_at, created_at, updated_at) VALUES ('00000000-0000-0000-0000-000000000001',
		'a@rounds.example', '', 'A', 'doctor', '1', 'SI', 'en', 'Europe/Ljubljana', '1', now(), now(), now())`)
	w.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl)
		VALUES ('00000000-0000-0000-0000-000000000002', 'c', 'C', 'C')`)
	w.exec(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ('00000000-0000-0000-0000-000000000003', 'l', 'L')`)
	w.exec(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at)
		VALUES ('00000000-0000-0000-0000-000000000004', 'standard', 1, '{"min_percent": 80}', now())`)
	return w
}

func (w *world) exec(statement string, arguments ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(context.Background(), statement, arguments...); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

// plan creates a webinar and plans it, as data management does, in one transaction.
func (w *world) plan(startsIn time.Duration, minutes int) uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	ctx := context.Background()
	err := db.Tx(ctx, w.database.Pool("datamanagement"), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id,
			starts_at, zone, minutes, hundredths, credit_rule_id, video_url, sequence, created_at, updated_at)
			VALUES ($1, $2, 'T', 'D', '00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000002', $3,
			'Europe/Ljubljana', $4, 100, '00000000-0000-0000-0000-000000000004', '/clip.mp4', 1, now(), now())`,
			id, "w-"+id.String(), w.clock.Now().Add(startsIn), minutes)
		if err != nil {
			return err
		}
		return replan(ctx, tx, id, w.clock.Now().Add(startsIn), minutes, 1, false)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func replan(ctx context.Context, tx pgx.Tx, id uuid.UUID, at time.Time, minutes, sequence int, cancelled bool) error {
	_, err := tx.Exec(ctx, "UPDATE datamanagement.webinar SET sequence = $2 WHERE id = $1", id, sequence)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "SELECT scheduler.plan_webinar($1, $2, $3, $4, $5)", id, at, minutes, sequence, cancelled)
	return err
}

// replan moves a webinar, or calls it off, as data management does.
func (w *world) replan(id uuid.UUID, in time.Duration, cancelled bool) {
	w.t.Helper()
	ctx := context.Background()
	err := db.Tx(ctx, w.database.Pool("datamanagement"), func(tx pgx.Tx) error {
		return replan(ctx, tx, id, w.clock.Now().Add(in), 30, 2, cancelled)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// callOff asks for a webinar to be called off, as data management does of one that is live.
func (w *world) callOff(id uuid.UUID) {
	w.t.Helper()
	w.tell(id, &eventpb.CancelRequested{WebinarId: id.String()})
}

// request asks for the points of a webinar, as data management does for an administrator.
func (w *world) request(id uuid.UUID) {
	w.t.Helper()
	w.tell(id, &eventpb.PointsRequested{RequestId: uuid.NewString(), WebinarId: id.String(), Hundredths: 100, Viewers: 1})
}

// tell says something about a webinar as data management.
func (w *world) tell(id uuid.UUID, m proto.Message) {
	w.t.Helper()
	pool, ctx := w.database.Pool("datamanagement"), context.Background()
	log := eventlog.New(pool, quiet(), prometheus.NewRegistry(), types())
	err := db.Tx(ctx, pool, func(tx pgx.Tx) error {
		return log.Append(ctx, tx, eventlog.Event{
			Stream: "webinar/" + id.String(), ExpectedVersion: eventlog.Any, Message: m,
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func types() eventlog.Types {
	all := eventlog.Types{}
	for _, entry := range event.Catalog() {
		all[entry.Key] = entry.Message
	}
	return all
}

func quiet() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }

// instance runs one scheduler until the test, or stop, ends it.
func (w *world) instance(change func(*scheduler.Config)) (stop func()) {
	w.t.Helper()
	stop, err := start(w.database.Pool("scheduler"), w.clock.Now, change, w.rooms, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(stop)
	return stop
}

// build wires one that does not run yet.
func build(pool *pgxpool.Pool, now func() time.Time, change func(*scheduler.Config), rooms rooms, crash saga.CrashPoint) (*run.Service, error) {
	config := scheduler.Config{
		ReminderLeads: []time.Duration{time.Hour}, Lease: 500 * time.Millisecond, StartTimeout: 500 * time.Millisecond,
		StartAttempts: 3, StartPause: time.Second, EndTimeout: time.Second, SubmitTimeout: time.Second, AnswerTimeout: time.Second, HostsLead: 10 * time.Minute,
		PointsDeadline: 8 * 24 * time.Hour, PointsWarnings: []time.Duration{48 * time.Hour, 12 * time.Hour},
	}
	if change != nil {
		change(&config)
	}
	metrics := prometheus.NewRegistry()
	deps := &run.Deps{
		Name: "scheduler", Now: now, NewID: uuid.New, Log: quiet(), Metrics: metrics, DB: pool, Dial: func(string) grpc.ClientConnInterface { return rooms },
		Events: eventlog.New(pool, quiet(), metrics, types(), saga.Types()),
	}
	return scheduler.NewWithCrash(deps, config, crash)
}

func start(pool *pgxpool.Pool, now func() time.Time, change func(*scheduler.Config), rooms rooms, crash saga.CrashPoint) (func(), error) {
	service, err := build(pool, now, change, rooms, crash)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, w := range service.Work {
		work.Go(func() {
			for ctx.Err() == nil {
				_ = w.Run(ctx)
			}
		})
	}
	return sync.OnceFunc(func() { cancel(); work.Wait() }), nil
}

// answers are what a service says to events.
type answers map[string]func(proto.Message) (string, proto.Message)

// others answers for the services that the sagas ask, until the test ends.
func (w *world) others() {
	w.answerRooms()
	w.answerCancel()
	w.answerPoints()
	w.answer("datamanagement", "credit", answers{
		"webinar.ended": func(m proto.Message) (string, proto.Message) {
			return "attendance.evaluated", &eventpb.AttendanceEvaluated{WebinarId: m.(*eventpb.WebinarEnded).GetWebinarId()}
		},
	})
}

// answerRooms answers for the live webinar service, until the test or stop ends it.
func (w *world) answerRooms() (stop func()) {
	return w.answer("livewebinar", "rooms", answers{
		"start.requested": func(m proto.Message) (string, proto.Message) {
			asked := m.(*eventpb.StartRequested)
			return "room.opened", &eventpb.RoomOpened{
				WebinarId: asked.GetWebinarId(), SagaId: asked.GetSagaId(),
				OpenedAt: timestamppb.New(w.clock.Now()),
			}
		},
		"end.requested": func(m proto.Message) (string, proto.Message) {
			return "room.closed", &eventpb.RoomClosed{WebinarId: m.(*eventpb.EndRequested).GetWebinarId(), Viewers: 7}
		},
	})
}

// answerCancel answers for data management, which calls off what it is asked to, or refuses.
func (w *world) answerCancel() {
	w.answer("datamanagement", "cancel", answers{
		"cancel.prepared": func(m proto.Message) (string, proto.Message) {
			about := m.(*eventpb.CancelPrepared).GetWebinarId()
			if w.refuse.Load() {
				return "cancel.refused", &eventpb.CancelRefused{WebinarId: about, Reason: "webinar.ended"}
			}
			w.exec(`UPDATE datamanagement.webinar SET state = 'cancelled' WHERE id = $1`, about)
			w.exec(`SELECT scheduler.plan_webinar(webinar_id, starts_at, minutes, 2, true) FROM scheduler.plan WHERE webinar_id = $1`, about)
			return "cancel.accepted", &eventpb.CancelAccepted{WebinarId: about}
		},
	})
}

// answerPoints answers for data management, which hands requests to an agency that accepts.
func (w *world) answerPoints() {
	w.answer("datamanagement", "agency", answers{
		"points.submit": func(m proto.Message) (string, proto.Message) {
			asked := m.(*eventpb.PointsSubmit)
			return "points.submitted", &eventpb.PointsSubmitted{RequestId: asked.GetRequestId(), WebinarId: asked.GetWebinarId()}
		},
		"points.awaited": func(m proto.Message) (string, proto.Message) {
			asked := m.(*eventpb.PointsAwaited)
			return "points.settled", &eventpb.PointsSettled{RequestId: asked.GetRequestId(), WebinarId: asked.GetWebinarId(), Accepted: true}
		},
	})
}

func (w *world) answer(service, group string, answers answers) (stop func()) {
	w.t.Helper()
	log := eventlog.New(w.database.Pool(service), quiet(), prometheus.NewRegistry(), types())
	var kinds []string
	for kind := range answers {
		kinds = append(kinds, kind)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = log.Follow(ctx, group, kinds, func(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
			asked, err := r.Message()
			if err != nil {
				return err
			}
			kind, reply := answers[r.Type](asked)
			return log.Append(ctx, tx, eventlog.Event{Stream: r.Stream, ExpectedVersion: eventlog.Any, Type: kind, Message: reply})
		})
	}()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	w.t.Cleanup(stop)
	return stop
}

// history lists the types of what happened to a webinar, without the sagas' own.
func (w *world) history(id uuid.UUID) []string {
	w.t.Helper()
	rows, err := w.admin.Query(context.Background(), "SELECT type FROM eventlog.event WHERE stream = $1 ORDER BY version", "webinar/"+id.String())
	if err != nil {
		w.t.Fatal(err)
	}
	history, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	return history
}

func (w *world) state(id uuid.UUID) string {
	w.t.Helper()
	var state string
	if err := w.admin.QueryRow(context.Background(), "SELECT state FROM datamanagement.webinar WHERE id = $1", id).Scan(&state); err != nil {
		w.t.Fatal(err)
	}
	return state
}

// until waits for the thing itself.
func (w *world) until(what string, there func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !there() {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
