package bff

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	statisticspb "github.com/rounds-cme/rounds/contract/statistics/v1"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/plan"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

const (
	sourceTime   = time.Second // of one source of the personal page; who is slower is left out
	latestMissed = 5
)

// Personal joins four sources in memory. Each is asked for itself and within its own time, so a page with three parts comes where
// one source is down, and never later than the slowest of them may be.
func (s *points) Personal(ctx context.Context, _ *bffpb.PointsPersonalRequest) (*bffpb.PointsPersonalResponse, error) {
	who, _ := token.From(ctx)
	answer := &bffpb.PointsPersonalResponse{}
	var sources sync.WaitGroup
	for name, ask := range map[string]func(context.Context, uuid.UUID) error{
		"data":     part(&answer.Data, s.data),
		"points":   part(&answer.Points, s.ledger),
		"activity": part(&answer.Activity, s.activity),
		"missed":   part(&answer.Missed, s.missed),
	} {
		sources.Go(func() {
			mine, cancel := context.WithTimeout(ctx, sourceTime)
			defer cancel()
			if err := ask(mine, who.Account); err != nil {
				obs.Event(ctx).Set("missing_"+name, err.Error())
			}
		})
	}
	sources.Wait()
	return answer, nil
}

// part puts what a source answers into its place, which stays empty when it does not.
func part[T any](place **T, ask func(context.Context, uuid.UUID) (*T, error)) func(context.Context, uuid.UUID) error {
	return func(ctx context.Context, account uuid.UUID) error {
		answer, err := ask(ctx, account)
		if err == nil {
			*place = answer
		}
		return err
	}
}

func (s *points) data(ctx context.Context, account uuid.UUID) (*bffpb.PersonalData, error) {
	a, err := s.views.Account(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("read account: %w", err)
	}
	return &bffpb.PersonalData{
		Name: a.Name, Email: a.Email, Profession: a.Profession, Speciality: a.Speciality, LicenceNumber: a.LicenceNumber,
		Country: a.Country, State: a.State,
	}, nil
}

func (s *points) activity(ctx context.Context, account uuid.UUID) (*bffpb.PersonalActivity, error) {
	p, err := s.figures.Person(ctx, &statisticspb.PersonRequest{Pseudonym: s.namer.Of(account)})
	if err != nil {
		return nil, fmt.Errorf("ask statistics: %w", err)
	}
	return &bffpb.PersonalActivity{
		ArticlesRead: p.GetArticlesRead(), Comments: p.GetComments(), Webinars: p.GetWebinars(), MinutesWatched: p.GetMinutesWatched(),
		Messages: p.GetMessages(), ChecksAnswered: p.GetChecksAnswered(), ChecksMissed: p.GetChecksMissed(),
	}, nil
}

func (s *points) missed(ctx context.Context, account uuid.UUID) (*bffpb.PersonalMissed, error) {
	rows, err := s.views.NotificationsMissed(ctx, store.NotificationsMissedParams{AccountID: account, Most: latestMissed})
	if err != nil {
		return nil, fmt.Errorf("list notifications: %w", err)
	}
	answer := &bffpb.PersonalMissed{}
	for _, row := range rows {
		answer.Unseen = whole(row.Unseen) // each row brings the number of all
		answer.Latest = append(answer.Latest, &bffpb.MissedNotification{Text: row.Text, Path: row.Path, CreatedAt: timestamppb.New(row.CreatedAt)})
	}
	return answer, nil
}

// ledger compares what was booked with what the chambers of the person's country ask for.
func (s *points) ledger(ctx context.Context, account uuid.UUID) (*bffpb.PersonalPoints, error) {
	a, err := s.views.PlanOf(ctx, account)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoAccount()
	}
	if err != nil {
		return nil, fmt.Errorf("read account and plan: %w", err)
	}
	rows, err := s.views.Ledger(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	today := s.now()
	if zone := s.zones.Find(a.Zone); zone != nil {
		today = today.In(zone)
	}
	answer := &bffpb.PersonalPoints{}
	for _, row := range rows {
		answer.Lines = append(answer.Lines, linePB(row))
	}
	record := recordOf(rows, plan.On(a.CreatedAt))
	if a.Plan == nil {
		unplanned(answer, record, today.Year())
		return answer, nil
	}
	asked, err := plan.Parse(a.Plan)
	if err != nil {
		return nil, fmt.Errorf("read plan of %s: %w", a.Country, err)
	}
	planned(answer, asked, asked.On(record, plan.On(today)))
	return answer, nil
}

// planned tells how somebody stands against a plan, what is missing, and until when.
func planned(answer *bffpb.PersonalPoints, asked plan.Plan, p plan.Progress) {
	answer.Planned, answer.Plan, answer.Source, answer.Note = true, asked.Name, asked.Source, asked.Note
	answer.Have, answer.Need, answer.Missing = whole(int64(p.Total.Have)), whole(int64(p.Total.Need)), whole(int64(p.Total.Missing))
	answer.ThisYear, answer.YearNeed, answer.YearMissing = whole(int64(p.Year.Have)), whole(int64(p.Year.Need)), whole(int64(p.Year.Missing))
	answer.CycleFrom, answer.CycleTo, answer.CycleYears = p.Cycle.From.String(), p.Cycle.To.String(), whole(int64(asked.CycleYears))
	answer.DaysLeft, answer.Years = whole(int64(p.Day.DaysUntil(p.Cycle.To))), string(asked.Years)
	if !p.Year.To.IsZero() {
		answer.YearTo = p.Year.To.AddDays(-1).String()
	}
	if p.Forecast != nil {
		answer.ReachedOn, answer.InTime = p.Forecast.Reached.String(), p.Forecast.InTime
	}
	for _, b := range asked.Buckets {
		answer.Parts = append(answer.Parts, &bffpb.PlanPart{Code: b.Code, Minimum: whole(int64(b.Minimum))})
	}
}

// Standing is how the person asking stands, for pages that show it beside other things.
func (s *points) Standing(ctx context.Context, _ *bffpb.PointsStandingRequest) (*bffpb.PointsStandingResponse, error) {
	who, _ := token.From(ctx)
	ctx, cancel := context.WithTimeout(ctx, sourceTime)
	defer cancel()
	standing, err := s.ledger(ctx, who.Account)
	if err != nil {
		return nil, err
	}
	standing.Lines = nil
	return &bffpb.PointsStandingResponse{Points: standing}, nil
}

// recordOf takes what was booked.
func recordOf(rows []store.LedgerRow, registered plan.Date) plan.Record {
	var bookings []plan.Booking
	for _, row := range rows {
		day, err := plan.ParseDate(row.Day)
		if row.State == "accepted" && err == nil {
			bookings = append(bookings, plan.Booking{On: day, Points: credit.Points(row.Hundredths)})
		}
	}
	return plan.Assumed(registered, bookings)
}

// unplanned sums up where nobody has told us what the country asks for.
func unplanned(answer *bffpb.PersonalPoints, record plan.Record, year int) {
	for _, b := range record.Bookings {
		answer.Have += whole(int64(b.Points))
		if b.On.Year == year {
			answer.ThisYear += whole(int64(b.Points))
		}
	}
}
