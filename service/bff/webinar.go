package bff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// webinars is what is on, and what one follows.
type webinars struct {
	bffpb.UnimplementedWebinarsServer
	*server
}

// asking is who asks; the zero UUID, which follows nothing, is a visitor.
func asking(ctx context.Context) uuid.UUID {
	who, _ := token.From(ctx)
	return who.Account
}

// Webinars lists what is live, to come, or past.
func (s *webinars) Webinars(ctx context.Context, q *bffpb.WebinarsRequest) (*bffpb.WebinarsResponse, error) {
	size, at, id, err := page(q.GetPageSize(), 20, q.GetPageToken())
	if err != nil {
		return nil, err
	}
	category, lecturer := clean(q.GetCategory()), clean(q.GetLecturer())
	if len(category) > 120 || len(lecturer) > 120 {
		return nil, errFilter()
	}
	answer := &bffpb.WebinarsResponse{}
	switch q.GetWhen() {
	case "live", "upcoming":
		states := []string{"live"}
		if q.GetWhen() == "upcoming" {
			states = []string{"planned", "cancelled"}
		}
		rows, err := s.views.WebinarsAhead(ctx, store.WebinarsAheadParams{
			Account: asking(ctx), States: states, Now: s.now(), Category: category, Lecturer: lecturer, Followed: q.GetFollowed(),
			After: at, AfterID: id, Most: size + 1,
		})
		if err != nil {
			return nil, fmt.Errorf("list webinars ahead: %w", err)
		}
		for _, r := range rows {
			answer.Webinars = append(answer.Webinars, webinarCardPB(r.DatamanagementBffWebinar, r.Subscribed))
		}
	case "past":
		if at.IsZero() {
			at = s.now().AddDate(1, 0, 0)
		}
		rows, err := s.views.WebinarsPast(ctx, store.WebinarsPastParams{
			Account: asking(ctx), Category: category, Lecturer: lecturer, Followed: q.GetFollowed(), Before: at, BeforeID: id, Most: size + 1,
		})
		if err != nil {
			return nil, fmt.Errorf("list past webinars: %w", err)
		}
		for _, r := range rows {
			answer.Webinars = append(answer.Webinars, webinarCardPB(r.DatamanagementBffWebinar, r.Subscribed))
		}
	default:
		return nil, errFilter()
	}
	if len(answer.GetWebinars()) > int(size) {
		answer.Webinars = answer.GetWebinars()[:size]
		last := answer.GetWebinars()[size-1]
		answer.NextPageToken = pageToken(last.GetStartsAt().AsTime(), uuid.MustParse(last.GetId()))
	}
	return answer, nil
}

func errFilter() error {
	return errs.New(errs.Invalid, "webinar.filter", "We cannot list this. Use the filters of the page.")
}

// Webinar is one webinar, whole for members.
func (s *webinars) Webinar(ctx context.Context, q *bffpb.WebinarRequest) (*bffpb.WebinarResponse, error) {
	r, err := s.views.WebinarPage(ctx, clean(q.GetSlug()))
	if err != nil {
		return nil, missing(err, "webinar")
	}
	w, p := r.DatamanagementBffWebinar, r.DatamanagementBffWebinarPage
	followed, err := s.follows(ctx, w.WebinarID, w.CategoryID, w.LecturerID)
	if err != nil {
		return nil, err
	}
	rule, err := rulePB(p.CreditRuleID, p.RuleName, p.RuleVersion, p.Rule)
	if err != nil {
		return nil, err
	}
	answer := &bffpb.WebinarResponse{
		Card: webinarCardPB(w, followed("webinar")), Locked: true, Rule: rule, CancelReason: p.CancelReason,
		StartedAt: stamp(p.StartedAt), EndedAt: stamp(p.EndedAt), FollowsCategory: followed("category"), FollowsLecturer: followed("lecturer"),
	}
	if reads(ctx) {
		answer.Html, answer.Locked = p.DescriptionHtml, false
	}
	return answer, nil
}

// follows tells which kinds of some targets the person asking follows.
func (s *webinars) follows(ctx context.Context, targets ...uuid.UUID) (func(kind string) bool, error) {
	who := asking(ctx)
	if who == uuid.Nil {
		return func(string) bool { return false }, nil
	}
	rows, err := s.views.Follows(ctx, store.FollowsParams{Account: who, Targets: targets})
	if err != nil {
		return nil, fmt.Errorf("read what is followed: %w", err)
	}
	return func(kind string) bool {
		return slices.ContainsFunc(rows, func(r store.FollowsRow) bool { return r.Kind == kind })
	}, nil
}

// Lecturer is one lecturer.
func (s *webinars) Lecturer(ctx context.Context, q *bffpb.LecturerRequest) (*bffpb.LecturerResponse, error) {
	r, err := s.views.LecturerBySlug(ctx, clean(q.GetSlug()))
	if err != nil {
		return nil, missing(err, "lecturer")
	}
	followed, err := s.follows(ctx, r.LecturerID)
	if err != nil {
		return nil, err
	}
	return &bffpb.LecturerResponse{
		Lecturer: &bffpb.Lecturer{Id: r.LecturerID.String(), Slug: r.Slug, Name: r.Name, Title: r.Title, Bio: r.Bio}, Followed: followed("lecturer"),
	}, nil
}

// Category is one category.
func (s *webinars) Category(ctx context.Context, q *bffpb.CategoryRequest) (*bffpb.CategoryResponse, error) {
	r, err := s.views.CategoryBySlug(ctx, clean(q.GetSlug()))
	if err != nil {
		return nil, missing(err, "category")
	}
	followed, err := s.follows(ctx, r.CategoryID)
	if err != nil {
		return nil, err
	}
	return &bffpb.CategoryResponse{
		Category: &bffpb.Category{Id: r.CategoryID.String(), Slug: r.Slug, NameEn: r.NameEn, NameSl: r.NameSl, Position: r.Position},
		Followed: followed("category"),
	}, nil
}

// Subscriptions are what the person asking follows.
func (s *webinars) Subscriptions(ctx context.Context, q *bffpb.SubscriptionsRequest) (*bffpb.SubscriptionsResponse, error) {
	size, at, id, err := page(q.GetPageSize(), 50, q.GetPageToken())
	if err != nil {
		return nil, err
	}
	if at.IsZero() {
		at = s.now().Add(time.Hour)
	}
	rows, err := s.views.Subscriptions(ctx, store.SubscriptionsParams{Account: asking(ctx), Before: at, BeforeID: id, Most: size + 1})
	if err != nil {
		return nil, fmt.Errorf("list subscriptions: %w", err)
	}
	answer := &bffpb.SubscriptionsResponse{}
	if len(rows) > int(size) {
		rows = rows[:size]
		answer.NextPageToken = pageToken(rows[size-1].CreatedAt, rows[size-1].TargetID)
	}
	for _, r := range rows {
		answer.Subscriptions = append(answer.Subscriptions, subscriptionPB(r))
	}
	return answer, nil
}

// missing tells a row that is not there from a view that cannot be read.
func missing(err error, what string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.New(errs.NotFound, "content.none", "This does not exist, or not any more.")
	}
	return fmt.Errorf("read %s: %w", what, err)
}
