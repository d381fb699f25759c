package bff_test

import (
	"context"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	statisticspb "github.com/rounds-cme/rounds/contract/statistics/v1"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/bff"
	"github.com/rounds-cme/rounds/service/datamanagement"
)

// figures answers for statistics: for each RPC what stands here.
type figures map[string]proto.Message

// Invoke implements grpc.ClientConnInterface.
func (f figures) Invoke(_ context.Context, method string, _, reply any, _ ...grpc.CallOption) error {
	answer, ok := f[method]
	if !ok {
		return errs.New(errs.Unavailable, "rpc.unavailable", "This part is not there.")
	}
	proto.Merge(reply.(proto.Message), answer)
	return nil
}

// NewStream implements grpc.ClientConnInterface.
func (figures) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errs.New(errs.Unavailable, "rpc.unavailable", "Statistics streams nothing.")
}

func analysed(t *testing.T, f figures) (bffpb.AnalyticsServer, *dbtest.DB) {
	t.Helper()
	database := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema())
	alone := rpc.NewDialer("bff", rpc.NewLocal(), nil).Dial
	service, err := bff.New(&run.Deps{
		Name: "bff", Now: time.Now, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		DB: database.Pool("bff"), BaseURL: "http://localhost",
		Dial: func(name string) grpc.ClientConnInterface {
			if name == "statistics" && f != nil {
				return f
			}
			return alone(name)
		},
	}, bff.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range service.RPC {
		if impl, ok := r.Impl.(bffpb.AnalyticsServer); ok {
			return impl, database
		}
	}
	t.Fatal("the bff does not serve analytics")
	return nil, nil
}

// Figures meet their titles; what is suppressed stays without numbers, and a webinar without a title keeps its figures.
func TestAttendanceHasTitles(t *testing.T) {
	t.Parallel()
	known, secret, gone := uuid.New(), uuid.New(), uuid.New()
	at := timestamppb.New(time.Date(2026, 11, 26, 17, 3, 0, 0, time.UTC))
	impl, database := analysed(t, figures{statisticspb.Statistics_Attendance_FullMethodName: &statisticspb.AttendanceResponse{
		Webinars: []*statisticspb.AttendanceResponse_Webinar{
			{WebinarId: known.String(), FirstAt: at, People: 31, Minutes: 900, ChecksAnswered: 60, ChecksMissed: 2, Messages: 44},
			{WebinarId: secret.String(), FirstAt: at, Suppressed: true, People: 3},
			{WebinarId: gone.String(), FirstAt: at, People: 12},
		},
	}})
	webinars(t, database, known, secret)
	answer, err := impl.Attendance(context.Background(), &bffpb.AttendanceRequest{})
	if err != nil {
		t.Fatal(err)
	}
	all := answer.GetWebinars()
	if len(all) != 3 || answer.GetTitlesMissing() {
		t.Fatalf("got %v", answer)
	}
	if w := all[0]; w.GetTitle() != "Webinar 0" || w.GetPeople() != 31 || w.GetMinutes() != 900 || w.GetStartsAt().AsTime().Minute() != 0 {
		t.Errorf("known: %v", w)
	}
	if w := all[1]; w.GetTitle() != "Webinar 1" || !w.GetSuppressed() || w.GetPeople() != 0 {
		t.Errorf("suppressed: %v", w)
	}
	if w := all[2]; w.GetTitle() != "" || w.GetPeople() != 12 || !w.GetStartsAt().AsTime().Equal(at.AsTime()) {
		t.Errorf("without a title: %v", w)
	}
}

func TestOverviewAndDropOff(t *testing.T) {
	t.Parallel()
	impl, _ := analysed(t, figures{
		statisticspb.Statistics_Activity_FullMethodName: &statisticspb.ActivityResponse{Points: []*statisticspb.ActivityResponse_Point{
			{At: timestamppb.Now(), Kind: eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_READ, Count: 7},
		}},
		statisticspb.Statistics_DropOff_FullMethodName: &statisticspb.DropOffResponse{People: 12, Minutes: []*statisticspb.DropOffResponse_Minute{
			{Minute: 0, People: 12}, {Minute: 1, Suppressed: true},
		}},
	})
	ctx := context.Background()
	overview, err := impl.Overview(ctx, &bffpb.OverviewRequest{Step: "hour"})
	if err != nil || len(overview.GetPoints()) != 1 || overview.GetPoints()[0].GetKind() != "article_read" || overview.GetPoints()[0].GetCount() != 7 {
		t.Errorf("got %v, %v", overview, err)
	}
	if _, err := impl.Overview(ctx, &bffpb.OverviewRequest{Step: "minute"}); !errs.HasCode(err, "analytics.step") {
		t.Errorf("got %v", err)
	}
	drop, err := impl.DropOff(ctx, &bffpb.DropOffRequest{WebinarId: uuid.NewString()})
	if err != nil || drop.GetPeople() != 12 || len(drop.GetMinutes()) != 2 || !drop.GetMinutes()[1].GetSuppressed() {
		t.Errorf("got %v, %v", drop, err)
	}
	if _, err := impl.DropOff(ctx, &bffpb.DropOffRequest{WebinarId: "x"}); !errs.HasCode(err, "analytics.webinar") {
		t.Errorf("got %v", err)
	}
}

func TestAnalyticsWithoutStatistics(t *testing.T) {
	t.Parallel()
	impl, _ := analysed(t, nil)
	if _, err := impl.Overview(context.Background(), &bffpb.OverviewRequest{}); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("got %v", err)
	}
}

// webinars makes one webinar for each id, all at one time.
func webinars(t *testing.T, database *dbtest.DB, ids ...uuid.UUID) {
	t.Helper()
	ctx, db := context.Background(), database.Admin()
	execute := func(sql string, args ...any) {
		if _, err := db.Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	category, lecturer, rule := uuid.New(), uuid.New(), uuid.New()
	execute(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'c', 'C', 'C')`, category)
	execute(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'l', 'L')`, lecturer)
	execute(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES ($1, 'r', 1, '{}', now())`, rule)
	for i, id := range ids {
		execute(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
			credit_rule_id, video_url, created_at, updated_at)
			VALUES ($1, 'w-' || $2::text, 'Webinar ' || $2::text, 'D', $3, $4, '2026-11-26 17:00+00', 'Europe/Ljubljana', 60, 100, $5, '', now(), now())`,
			id, strconv.Itoa(i), lecturer, category, rule)
	}
}
