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
	// own is what is told to one person alone, beside data; nil when there is nothing of that kind.
	own map[uuid.UUID]map[string]string

	topic string // what people may choose not to be told; empty: no choice
	// about is the one thing that an exception may have been made of, then what it belongs to: a webinar, its lecturer, its category.
	about []uuid.UUID
	// until is when it is worth nothing any more; zero: it keeps its worth.
	until time.Time
	// expires is from when on it is not told at all; zero: as the event said, if it did.
	expires time.Time
	// digest: who wants a digest gets it there.
	digest bool
}

// target is the one thing that the news is about; zero where it is about nothing that can be an exception.
func (n *news) target() uuid.UUID {
	if len(n.about) == 0 {
		return uuid.Nil
	}
	return n.about[0]
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
	case "points.refused":
		return refusedNews(ctx, q, r)
	case "licence.deadline":
		return s.licenceNews(q, r), nil
	case "points.deadline", "hosts.missing":
		return alarmNews(ctx, q, r)
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
	return &news{data: data, path: "/me", priority: soonPriority, people: only(q, *r.Person), topic: pointsTopic}, nil
}

// refusedNews is for everybody whose points the agency refused, with the points of each.
func refusedNews(ctx context.Context, q *store.Queries, r store.RunTakeRow) (*news, error) {
	request, err := q.RefusedRequest(ctx, r.Subject)
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	w, err := q.Webinar(ctx, request.WebinarID)
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	n := &news{
		data: map[string]string{"title": w.Title, "reason": request.Answer}, path: "/me/webinars/" + w.Slug, priority: soonPriority,
		topic: pointsTopic, own: map[uuid.UUID]map[string]string{},
	}
	n.people = func(ctx context.Context, after uuid.UUID, most int32) ([]person, error) {
		rows, err := q.RefusedPeople(ctx, store.RefusedPeopleParams{RequestID: r.Subject, After: after, Most: most})
		return persons(rows, err, func(p store.RefusedPeopleRow) person {
			n.own[p.AccountID] = map[string]string{"hundredths": strconv.Itoa(int(p.Hundredths))}
			return person{p.AccountID, p.Email, p.Name, p.Language, p.Zone}
		})
	}
	return n, nil
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
		path: "/me/webinars/" + w.Slug, priority: soonPriority, people: only(q, a.AccountID), topic: pointsTopic,
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
		priority: soonPriority, people: only(q, parent.AccountID), topic: replyTopic,
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
		path: "/articles/" + article.Slug, priority: laterPriority, topic: articleTopic, about: []uuid.UUID{article.CategoryID}, digest: true,
		people: func(ctx context.Context, after uuid.UUID, most int32) ([]person, error) {
			rows, err := q.SubscribersOfCategory(ctx, store.SubscribersOfCategoryParams{
				After: after, CategoryID: article.CategoryID, Most: most,
			})
			return persons(rows, err, func(p store.SubscribersOfCategoryRow) person { return person(p) })
		},
	}, nil
}

// webinarNews is a reminder, that it is live, a move or a cancellation; only the latest plan of a webinar is worth telling.
func webinarNews(ctx context.Context, q *store.Queries, r store.RunTakeRow) (*news, error) {
	w, err := q.Webinar(ctx, r.Subject)
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	if !holds(r, w) {
		return nil, errStale
	}
	n := &news{
		data: map[string]string{
			"title": w.Title, "lecturer": w.Lecturer, "starts_at": w.StartsAt.UTC().Format(time.RFC3339),
			"minutes": strconv.Itoa(int(w.Minutes)), "reason": w.CancelReason,
			"webinar_id": r.Subject.String(), "sequence": strconv.Itoa(int(w.Sequence)), // what a calendar knows it by
		},
		path: webinarPath(r.Kind, w.Slug), priority: soonPriority, topic: webinarTopicOf(r.Kind), until: worthUntil(r, w),
		about: []uuid.UUID{r.Subject, w.LecturerID, w.CategoryID},
		people: func(ctx context.Context, after uuid.UUID, most int32) ([]person, error) {
			rows, err := q.SubscribersOfWebinar(ctx, store.SubscribersOfWebinarParams{
				After: after, WebinarID: r.Subject, CategoryID: w.CategoryID, LecturerID: w.LecturerID, Most: most,
			})
			return persons(rows, err, func(p store.SubscribersOfWebinarRow) person { return person(p) })
		},
	}
	if r.Kind == "webinar.live" {
		n.expires = w.StartsAt.Add(time.Duration(w.Minutes) * time.Minute)
	}
	return n, nil
}

// holds tells whether news of a webinar are still true.
func holds(r store.RunTakeRow, w store.WebinarRow) bool {
	if r.Kind == "webinar.live" {
		return w.State == "live"
	}
	return w.Sequence == r.Sequence && (w.State == "cancelled") == (r.Kind == "webinar.cancelled")
}

func webinarTopicOf(kind string) string {
	if kind == "webinar.moved" || kind == "webinar.cancelled" {
		return changeTopic
	}
	return webinarTopic
}

// webinarPath leads into the room when there is one.
func webinarPath(kind, slug string) string {
	if kind == "webinar.live" {
		return "/webinars/" + slug + "/room"
	}
	return "/webinars/" + slug
}

// worthUntil is the start; of a move to a later time, the time at which people would come in vain.
func worthUntil(r store.RunTakeRow, w store.WebinarRow) time.Time {
	if was := moment(r.Data, "was_at"); !was.IsZero() && was.Before(w.StartsAt) {
		return was
	}
	return w.StartsAt
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
