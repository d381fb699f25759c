package notificationtaskrunner

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/service/notificationtaskrunner/internal/store"
)

// news is what is told: the words come later, from the notification center, in each person's language.
type news struct {
	data     map[string]string
	path     string
	priority int16
	people   func(ctx context.Context, after uuid.UUID, most int32) ([]person, error)
}

// errStale says that what happened does not hold any more: the webinar was moved again, the article withdrawn.
var errStale = errors.New("overtaken")

// Priorities of messages: what one person waits for goes before what many are told.
const (
	nowPriority   = 9
	soonPriority  = 5
	laterPriority = 1
)

func (s *server) newsOf(ctx context.Context, q *store.Queries, r store.RunTakeRow) (*news, error) {
	switch r.Kind {
	case "account.approved", "account.rejected":
		return applicationNews(ctx, q, r)
	case "points.booked":
		return pointsNews(ctx, q, r)
	case "appeal.granted", "appeal.refused":
		return appealNews(ctx, q, r)
	case "comment.reply":
		return replyNews(ctx, q, r)
	case "article.published":
		return articleNews(ctx, q, r)
	default:
		return webinarNews(ctx, q, r)
	}
}

func applicationNews(ctx context.Context, q *store.Queries, r store.RunTakeRow) (*news, error) {
	a, err := q.Application(ctx, r.Subject)
	if err != nil {
		return nil, fmt.Errorf("read application: %w", err)
	}
	return &news{data: map[string]string{"reason": a.Reason}, path: "/", priority: nowPriority, people: only(q, a.AccountID)}, nil
}

func pointsNews(ctx context.Context, q *store.Queries, r store.RunTakeRow) (*news, error) {
	w, err := q.Webinar(ctx, r.Subject)
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	data := map[string]string{"title": w.Title, "hundredths": strconv.Itoa(int(r.Amount))}
	return &news{data: data, path: "/me", priority: soonPriority, people: only(q, *r.Person)}, nil
}

func appealNews(ctx context.Context, q *store.Queries, r store.RunTakeRow) (*news, error) {
	a, err := q.Appeal(ctx, r.Subject)
	if err != nil {
		return nil, fmt.Errorf("read appeal: %w", err)
	}
	w, err := q.Webinar(ctx, a.WebinarID)
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	return &news{
		data: map[string]string{"title": w.Title, "hundredths": strconv.Itoa(int(a.Hundredths)), "reason": a.Answer},
		path: "/me/webinars/" + w.Slug, priority: soonPriority, people: only(q, a.AccountID),
	}, nil
}

// replyNews tells the author of a comment of a reply, but nobody of their own.
func replyNews(ctx context.Context, q *store.Queries, r store.RunTakeRow) (*news, error) {
	reply, err := q.Comment(ctx, r.Subject)
	if err != nil {
		return nil, fmt.Errorf("read reply: %w", err)
	}
	if reply.HiddenAt != nil || reply.ParentID == nil {
		return nil, errStale
	}
	parent, err := q.Comment(ctx, *reply.ParentID)
	if err != nil {
		return nil, fmt.Errorf("read comment: %w", err)
	}
	if parent.AccountID == reply.AccountID {
		return nil, errStale
	}
	article, err := q.Article(ctx, reply.ArticleID)
	if err != nil {
		return nil, fmt.Errorf("read article: %w", err)
	}
	return &news{
		data:     map[string]string{"title": article.Title},
		path:     "/articles/" + article.Slug + "#comment-" + r.Subject.String(),
		priority: soonPriority, people: only(q, parent.AccountID),
	}, nil
}

func articleNews(ctx context.Context, q *store.Queries, r store.RunTakeRow) (*news, error) {
	article, err := q.Article(ctx, r.Subject)
	if err != nil {
		return nil, fmt.Errorf("read article: %w", err)
	}
	if article.State != "published" {
		return nil, errStale
	}
	return &news{
		data: map[string]string{"title": article.Title, "summary": article.Summary},
		path: "/articles/" + article.Slug, priority: laterPriority,
		people: func(ctx context.Context, after uuid.UUID, most int32) ([]person, error) {
			rows, err := q.SubscribersOfCategory(ctx, store.SubscribersOfCategoryParams{
				After: after, CategoryID: article.CategoryID, Most: most,
			})
			return persons(rows, err, func(p store.SubscribersOfCategoryRow) person { return person(p) })
		},
	}, nil
}

// webinarNews is a reminder, a move or a cancellation; only the latest plan of a webinar is worth telling.
func webinarNews(ctx context.Context, q *store.Queries, r store.RunTakeRow) (*news, error) {
	w, err := q.Webinar(ctx, r.Subject)
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	if w.Sequence != r.Sequence || (w.State == "cancelled") != (r.Kind == "webinar.cancelled") {
		return nil, errStale
	}
	return &news{
		data: map[string]string{
			"title": w.Title, "lecturer": w.Lecturer, "starts_at": w.StartsAt.UTC().Format(time.RFC3339),
			"minutes": strconv.Itoa(int(w.Minutes)), "reason": w.CancelReason,
			"webinar_id": r.Subject.String(), "sequence": strconv.Itoa(int(w.Sequence)), // what a calendar knows it by
		},
		path: "/webinars/" + w.Slug, priority: soonPriority,
		people: func(ctx context.Context, after uuid.UUID, most int32) ([]person, error) {
			rows, err := q.SubscribersOfWebinar(ctx, store.SubscribersOfWebinarParams{
				After: after, WebinarID: r.Subject, CategoryID: w.CategoryID, LecturerID: w.LecturerID, Most: most,
			})
			return persons(rows, err, func(p store.SubscribersOfWebinarRow) person { return person(p) })
		},
	}, nil
}

// only is for news that concern one person.
func only(q *store.Queries, account uuid.UUID) func(context.Context, uuid.UUID, int32) ([]person, error) {
	return func(ctx context.Context, after uuid.UUID, _ int32) ([]person, error) {
		rows, err := q.PersonOf(ctx, store.PersonOfParams{AccountID: account, After: after})
		return persons(rows, err, func(p store.PersonOfRow) person { return person(p) })
	}
}

func persons[R any](rows []R, err error, convert func(R) person) ([]person, error) {
	if err != nil {
		return nil, err
	}
	people := make([]person, 0, len(rows))
	for _, row := range rows {
		people = append(people, convert(row))
	}
	return people, nil
}
