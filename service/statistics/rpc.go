package statistics

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	statisticspb "github.com/rounds-cme/rounds/contract/statistics/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/statistics/internal/store"
)

// rpcServer answers over gRPC.
type rpcServer struct {
	statisticspb.UnimplementedStatisticsServer
	*server
}

// Bounds of a question.
const (
	mostBuckets  = 400
	mostWebinars = 100
	someWebinars = 50
)

// Person implements the contract.
func (s *rpcServer) Person(ctx context.Context, in *statisticspb.PersonRequest) (*statisticspb.PersonResponse, error) {
	kinds, err := s.store.PersonKinds(ctx, in.GetPseudonym())
	if err != nil {
		return nil, fmt.Errorf("read sums of a person: %w", err)
	}
	webinars, err := s.store.PersonWebinars(ctx, in.GetPseudonym())
	if err != nil {
		return nil, fmt.Errorf("count webinars of a person: %w", err)
	}
	number := map[eventpb.ActivityKind]int32{}
	for _, k := range kinds {
		number[eventpb.ActivityKind(k.Kind)] = small(k.Number)
	}
	return &statisticspb.PersonResponse{
		ArticlesRead:   number[eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_READ],
		Comments:       number[eventpb.ActivityKind_ACTIVITY_KIND_COMMENT_ADDED],
		Webinars:       small(webinars),
		MinutesWatched: number[eventpb.ActivityKind_ACTIVITY_KIND_MINUTE_WATCHED],
		Messages:       number[eventpb.ActivityKind_ACTIVITY_KIND_CHAT_SENT],
		ChecksAnswered: number[eventpb.ActivityKind_ACTIVITY_KIND_CHECK_ANSWERED],
		ChecksMissed:   number[eventpb.ActivityKind_ACTIVITY_KIND_CHECK_MISSED],
	}, nil
}

// Activity implements the contract.
func (s *rpcServer) Activity(ctx context.Context, in *statisticspb.ActivityRequest) (*statisticspb.ActivityResponse, error) {
	from, to, err := period(in.GetFrom(), in.GetTo())
	if err != nil {
		return nil, err
	}
	bucket, width := "day", 24*time.Hour
	if in.GetBucket() == statisticspb.Bucket_BUCKET_HOUR {
		bucket, width = "hour", time.Hour
	}
	if to.Sub(from) > mostBuckets*width {
		return nil, errs.New(errs.Invalid, "statistics.period", "This period is too long for this step. Choose a shorter one, or days instead of hours.")
	}
	zone := in.GetZone()
	if zone == "" {
		zone = "UTC"
	}
	if !i18n.IsZone(zone) {
		return nil, errs.New(errs.Invalid, "statistics.zone", "This time zone is not known.")
	}
	rows, err := s.store.ActivityOver(ctx, store.ActivityOverParams{Bucket: bucket, Zone: zone, FromAt: from, ToAt: to})
	if err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	out := &statisticspb.ActivityResponse{}
	for _, row := range rows {
		out.Points = append(out.Points, &statisticspb.ActivityResponse_Point{
			At: timestamppb.New(row.At), Kind: eventpb.ActivityKind(row.Kind), Count: row.Number,
		})
	}
	return out, nil
}

// Attendance implements the contract.
func (s *rpcServer) Attendance(ctx context.Context, in *statisticspb.AttendanceRequest) (*statisticspb.AttendanceResponse, error) {
	from, to, err := period(in.GetFrom(), in.GetTo())
	if err != nil {
		return nil, err
	}
	most := in.GetMost()
	if most <= 0 {
		most = someWebinars
	}
	rows, err := s.store.Attendance(ctx, store.AttendanceParams{FromAt: from, ToAt: to, Most: min(most, mostWebinars)})
	if err != nil {
		return nil, fmt.Errorf("read attendance: %w", err)
	}
	out := &statisticspb.AttendanceResponse{}
	for _, row := range rows {
		webinar := &statisticspb.AttendanceResponse_Webinar{WebinarId: row.WebinarID.String(), FirstAt: timestamppb.New(row.FirstAt)}
		if webinar.Suppressed = row.People < s.config.SmallCell; !webinar.GetSuppressed() {
			webinar.People, webinar.Minutes = small(row.People), row.Minutes
			webinar.ChecksAnswered, webinar.ChecksMissed, webinar.Messages = small(row.Answered), small(row.Missed), small(row.Messages)
		}
		out.Webinars = append(out.Webinars, webinar)
	}
	return out, nil
}

// DropOff implements the contract.
func (s *rpcServer) DropOff(ctx context.Context, in *statisticspb.DropOffRequest) (*statisticspb.DropOffResponse, error) {
	id, err := uuid.Parse(in.GetWebinarId())
	if err != nil {
		return nil, errs.New(errs.Invalid, "statistics.webinar", "This is not the number of a webinar.")
	}
	people, err := s.store.VisitCount(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("count visitors: %w", err)
	}
	if people < s.config.SmallCell {
		return &statisticspb.DropOffResponse{Suppressed: true}, nil
	}
	rows, err := s.store.Minutes(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read minutes: %w", err)
	}
	out := &statisticspb.DropOffResponse{People: small(people)}
	for _, row := range rows {
		minute := &statisticspb.DropOffResponse_Minute{Minute: row.Minute}
		if minute.Suppressed = int64(row.People) < s.config.SmallCell; !minute.GetSuppressed() {
			minute.People = row.People
		}
		out.Minutes = append(out.Minutes, minute)
	}
	return out, nil
}

func period(from, to *timestamppb.Timestamp) (begin, end time.Time, err error) {
	begin, end = from.AsTime(), to.AsTime()
	if from == nil || to == nil || from.CheckValid() != nil || to.CheckValid() != nil || !begin.Before(end) {
		return begin, end, errs.New(errs.Invalid, "statistics.period_order", "The period must begin before it ends.")
	}
	return begin, end, nil
}

func small(number int64) int32 { return int32(min(number, 1<<31-1)) } //nolint:gosec // Bounded.
