package bff

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	statisticspb "github.com/rounds-cme/rounds/contract/statistics/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// analytics is figures for analysts: numbers from statistics, joined here in memory with the titles of webinars, because the
// two live in different databases and statistics knows no title.
type analytics struct {
	bffpb.UnimplementedAnalyticsServer
	*server
}

// Overview counts what was done over time.
func (s *analytics) Overview(ctx context.Context, q *bffpb.OverviewRequest) (*bffpb.OverviewResponse, error) {
	steps := map[string]statisticspb.Bucket{"": statisticspb.Bucket_BUCKET_DAY, "day": statisticspb.Bucket_BUCKET_DAY, "hour": statisticspb.Bucket_BUCKET_HOUR}
	bucket, known := steps[q.GetStep()]
	if !known {
		return nil, errs.New(errs.Invalid, "analytics.step", "Activity is counted by day or by hour.")
	}
	found, err := s.figures.Activity(ctx, &statisticspb.ActivityRequest{From: q.GetFrom(), To: q.GetTo(), Bucket: bucket, Zone: q.GetZone()})
	if err != nil {
		return nil, err
	}
	answer := &bffpb.OverviewResponse{}
	for _, p := range found.GetPoints() {
		kind := strings.ToLower(strings.TrimPrefix(p.GetKind().String(), "ACTIVITY_KIND_"))
		answer.Points = append(answer.Points, &bffpb.OverviewResponse_Point{At: p.GetAt(), Kind: kind, Count: p.GetCount()})
	}
	return answer, nil
}

// Attendance is the figures of each webinar. Without titles it still answers: a figure without a title is worth more than none.
func (s *analytics) Attendance(ctx context.Context, q *bffpb.AttendanceRequest) (*bffpb.AttendanceResponse, error) {
	found, err := s.figures.Attendance(ctx, &statisticspb.AttendanceRequest{From: q.GetFrom(), To: q.GetTo(), Most: mostPage})
	if err != nil {
		return nil, err
	}
	titles, err := s.titles(ctx, found.GetWebinars())
	if err != nil {
		obs.Event(ctx).Set("titles_missing", err.Error())
	}
	answer := &bffpb.AttendanceResponse{TitlesMissing: err != nil}
	for _, w := range found.GetWebinars() {
		line := &bffpb.AttendedWebinar{WebinarId: w.GetWebinarId(), StartsAt: w.GetFirstAt(), Suppressed: w.GetSuppressed()}
		if !w.GetSuppressed() {
			line.People, line.Minutes, line.Messages = w.GetPeople(), w.GetMinutes(), w.GetMessages()
			line.ChecksAnswered, line.ChecksMissed = w.GetChecksAnswered(), w.GetChecksMissed()
		}
		if known, ok := titles[w.GetWebinarId()]; ok {
			line.Title, line.StartsAt = known.Title, timestamppb.New(known.StartsAt)
		}
		answer.Webinars = append(answer.Webinars, line)
	}
	return answer, nil
}

func (s *analytics) titles(ctx context.Context, webinars []*statisticspb.AttendanceResponse_Webinar) (map[string]store.WebinarTitlesRow, error) {
	var ids []uuid.UUID
	for _, w := range webinars {
		if id, err := uuid.Parse(w.GetWebinarId()); err == nil {
			ids = append(ids, id)
		}
	}
	rows, err := s.views.WebinarTitles(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read titles of webinars: %w", err)
	}
	titles := map[string]store.WebinarTitlesRow{}
	for _, row := range rows {
		titles[row.WebinarID.String()] = row
	}
	return titles, nil
}

// DropOff is how many watched, minute by minute.
func (s *analytics) DropOff(ctx context.Context, q *bffpb.DropOffRequest) (*bffpb.DropOffResponse, error) {
	if _, err := uuid.Parse(q.GetWebinarId()); err != nil {
		return nil, errs.New(errs.NotFound, "analytics.webinar", "There is no such webinar.")
	}
	found, err := s.figures.DropOff(ctx, &statisticspb.DropOffRequest{WebinarId: q.GetWebinarId()})
	if err != nil {
		return nil, err
	}
	answer := &bffpb.DropOffResponse{Suppressed: found.GetSuppressed(), People: found.GetPeople()}
	for _, m := range found.GetMinutes() {
		answer.Minutes = append(answer.Minutes, &bffpb.DropOffResponse_Minute{Minute: m.GetMinute(), Suppressed: m.GetSuppressed(), People: m.GetPeople()})
	}
	return answer, nil
}
