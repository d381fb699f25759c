package statistics_test

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
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	statisticspb "github.com/rounds-cme/rounds/contract/statistics/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/queue"
	queuepg "github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/statistics"
)

// world has, as in production, the queue in one database and the statistics in another.
type world struct {
	t    *testing.T
	main *dbtest.DB
	own  *dbtest.DB
	rpc  statisticspb.StatisticsServer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, main: dbtest.New(t, queue.Schema()), own: dbtest.New(t, statistics.Schema())}
	log, metrics := slog.New(slog.NewJSONHandler(io.Discard, nil)), prometheus.NewRegistry()
	service, err := statistics.New(&run.Deps{
		Name: "statistics", Now: time.Now, Log: log, Metrics: metrics,
		DB: w.own.Pool("statistics"), Queue: queuepg.New(w.main.Pool("statistics"), log, metrics, time.Now),
	}, statistics.Config{Batch: 50, SmallCell: 10})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, job := range service.Work {
		work.Go(func() { _ = job.Run(ctx) })
	}
	t.Cleanup(func() { cancel(); work.Wait() })
	w.rpc = service.RPC[0].Impl.(statisticspb.StatisticsServer)
	return w
}

var begin = time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // The moment at which all tests play.

func activity(kind eventpb.ActivityKind, person int, webinar uuid.UUID, minute int) *eventpb.Activity {
	return &eventpb.Activity{
		Id: fmt.Sprintf("%d/%d/%s/%d", kind, person, webinar, minute), Kind: kind, At: timestamppb.New(begin.Add(time.Duration(minute) * time.Minute)),
		Pseudonym: fmt.Sprintf("person-%d", person), WebinarId: webinar.String(), Minute: int32(minute), //nolint:gosec // Small.
	}
}

func (w *world) put(all ...*eventpb.Activity) {
	w.t.Helper()
	ctx := context.Background()
	messages := make([]queue.Message, 0, len(all))
	for _, a := range all {
		messages = append(messages, queue.Message{ID: uuid.New(), Queue: "activity", Payload: a})
	}
	err := db.Tx(ctx, w.main.Pool("livewebinar"), func(tx pgx.Tx) error { return queue.Put(ctx, tx, messages...) })
	if err != nil {
		w.t.Fatal(err)
	}
}

// counted waits until nothing waits.
func (w *world) counted() {
	w.t.Helper()
	admin := w.main.Admin()
	deadline := time.Now().Add(30 * time.Second)
	for left := 1; left > 0; {
		if time.Now().After(deadline) {
			w.t.Fatal("activities stay in the queue")
		}
		if err := admin.QueryRow(context.Background(), "SELECT count(*) FROM queue.message").Scan(&left); err != nil {
			w.t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// watched is everything that people did in a webinar of 20 minutes: person n leaves after n minutes.
func watched(webinar uuid.UUID, people int) []*eventpb.Activity {
	var all []*eventpb.Activity
	for person := 1; person <= people; person++ {
		all = append(all, activity(eventpb.ActivityKind_ACTIVITY_KIND_ROOM_JOINED, person, webinar, 0))
		for minute := range min(person, 20) {
			all = append(all, activity(eventpb.ActivityKind_ACTIVITY_KIND_MINUTE_WATCHED, person, webinar, minute))
		}
		all = append(all, activity(eventpb.ActivityKind_ACTIVITY_KIND_CHECK_ANSWERED, person, webinar, 1))
	}
	return all
}

func TestCountsEachActivityOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webinar := uuid.New()
	all := watched(webinar, 25)
	w.put(all...)
	w.put(all...) // The whole again, under other message ids: what a restored or resent queue does.
	w.put(append(all[:10:10], all[:10]...)...)
	w.counted()
	ctx := context.Background()

	drop, err := w.rpc.DropOff(ctx, &statisticspb.DropOffRequest{WebinarId: webinar.String()})
	if err != nil {
		t.Fatal(err)
	}
	if drop.GetPeople() != 25 || len(drop.GetMinutes()) != 20 {
		t.Fatalf("%d people, %d minutes", drop.GetPeople(), len(drop.GetMinutes()))
	}
	for i, minute := range drop.GetMinutes() {
		people := int32(25 - i) //nolint:gosec // Small. Person n watches minutes 0 to n-1.
		if suppressed := people < 10; minute.GetSuppressed() != suppressed || (!suppressed && minute.GetPeople() != people) {
			t.Errorf("minute %d: %v, want %d people", i, minute, people)
		}
		if minute.GetSuppressed() && minute.GetPeople() != 0 {
			t.Errorf("minute %d is suppressed and tells %d", i, minute.GetPeople())
		}
	}

	person, err := w.rpc.Person(ctx, &statisticspb.PersonRequest{Pseudonym: "person-7"})
	if err != nil || person.GetMinutesWatched() != 7 || person.GetWebinars() != 1 || person.GetChecksAnswered() != 1 {
		t.Fatalf("%v, %v", person, err)
	}
	nobody, err := w.rpc.Person(ctx, &statisticspb.PersonRequest{Pseudonym: "nobody"})
	if err != nil || nobody.GetMinutesWatched() != 0 {
		t.Fatalf("%v, %v", nobody, err)
	}
}

func TestSmallWebinarsAreSuppressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	few, many := uuid.New(), uuid.New()
	w.put(watched(few, 9)...)
	w.put(watched(many, 12)...)
	w.counted()
	ctx := context.Background()
	out, err := w.rpc.Attendance(ctx, &statisticspb.AttendanceRequest{From: timestamppb.New(begin.Add(-time.Hour)), To: timestamppb.New(begin.Add(time.Hour))})
	if err != nil || len(out.GetWebinars()) != 2 {
		t.Fatalf("%v, %v", out, err)
	}
	for _, webinar := range out.GetWebinars() {
		switch webinar.GetWebinarId() {
		case few.String():
			if !webinar.GetSuppressed() || webinar.GetPeople() != 0 || webinar.GetMinutes() != 0 || webinar.GetChecksAnswered() != 0 {
				t.Errorf("nine people can be told apart: %v", webinar)
			}
		case many.String():
			if webinar.GetSuppressed() || webinar.GetPeople() != 12 || webinar.GetMinutes() != 78 {
				t.Errorf("got %v", webinar)
			}
		}
	}
	drop, err := w.rpc.DropOff(ctx, &statisticspb.DropOffRequest{WebinarId: few.String()})
	if err != nil || !drop.GetSuppressed() || len(drop.GetMinutes()) != 0 {
		t.Fatalf("%v, %v", drop, err)
	}
}

func TestBrokenActivityHarmsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := activity(eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_READ, 1, uuid.New(), 0)
	nameless, foreign, long := activity(eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_READ, 2, uuid.New(), 0), activity(4, 3, uuid.New(), 0), activity(4, 4, uuid.New(), 0)
	nameless.Pseudonym, foreign.WebinarId, long.Profession = "", "x'; DROP TABLE", string(make([]byte, 300))
	w.put(nameless, foreign, good, long)
	w.counted()
	person, err := w.rpc.Person(context.Background(), &statisticspb.PersonRequest{Pseudonym: "person-1"})
	if err != nil || person.GetArticlesRead() != 1 {
		t.Fatalf("%v, %v", person, err)
	}
	var dead int
	if err := w.main.Admin().QueryRow(context.Background(), "SELECT count(*) FROM queue.dead").Scan(&dead); err != nil || dead != 3 {
		t.Fatalf("%d dead letters, want 3; %v", dead, err)
	}
}

func TestDaysBeginInTheAskersZone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	late := activity(eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_READ, 1, uuid.New(), 0)
	late.At = timestamppb.New(time.Date(2026, 3, 2, 23, 30, 0, 0, time.UTC)) // Already the 3rd in Ljubljana.
	w.put(late)
	w.counted()
	for zone, want := range map[string]time.Time{
		"UTC": time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), "Europe/Ljubljana": time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC),
	} {
		out, err := w.rpc.Activity(context.Background(), &statisticspb.ActivityRequest{
			From: timestamppb.New(begin.AddDate(0, 0, -3)), To: timestamppb.New(begin.AddDate(0, 0, 3)), Bucket: statisticspb.Bucket_BUCKET_DAY, Zone: zone,
		})
		if err != nil || len(out.GetPoints()) != 1 || !out.GetPoints()[0].GetAt().AsTime().Equal(want) {
			t.Errorf("%s: %v, %v; want %s", zone, out, err, want)
		}
	}
}

func TestQuestionsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	hour := statisticspb.Bucket_BUCKET_HOUR
	for name, c := range map[string]struct {
		in   *statisticspb.ActivityRequest
		code string
	}{
		"no period":    {&statisticspb.ActivityRequest{}, "statistics.period_order"},
		"backwards":    {&statisticspb.ActivityRequest{From: timestamppb.New(begin), To: timestamppb.New(begin)}, "statistics.period_order"},
		"too long":     {&statisticspb.ActivityRequest{From: timestamppb.New(begin), To: timestamppb.New(begin.AddDate(1, 0, 0)), Bucket: hour}, "statistics.period"},
		"no such zone": {&statisticspb.ActivityRequest{From: timestamppb.New(begin), To: timestamppb.New(begin.Add(time.Hour)), Zone: "Europe/Nowhere"}, "statistics.zone"},
	} {
		if _, err := w.rpc.Activity(ctx, c.in); !errs.HasCode(err, c.code) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := w.rpc.DropOff(ctx, &statisticspb.DropOffRequest{WebinarId: "1"}); !errs.HasCode(err, "statistics.webinar") {
		t.Errorf("got %v", err)
	}
}
