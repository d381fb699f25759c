package bff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// editable is how long an own comment may be changed; data management decides, this is what pages show.
const editable = 10 * time.Minute

// content is what is read and discussed: articles, their comments, categories, lecturers.
type content struct {
	bffpb.UnimplementedContentServer
	*server
}

// reads tells whether the person asking may read whole articles.
func reads(ctx context.Context) bool {
	return hasRole(ctx, token.Member, token.Host, token.Administrator)
}

func hasRole(ctx context.Context, roles ...string) bool {
	who, ok := token.From(ctx)
	return ok && slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(who.Roles, role) })
}

// page reads what every list is asked with: how many, and from where on.
func page(size, usual int32, pageToken string) (int32, time.Time, uuid.UUID, error) {
	switch {
	case size == 0:
		size = usual
	case size < 0 || size > mostPage:
		return 0, time.Time{}, uuid.Nil, errs.New(errs.Invalid, "page.size", "A page has between 1 and 100 entries.")
	}
	at, id, err := cursor(pageToken)
	return size, at, id, err
}

// distant is later than all that was ever written: where lists with the newest first begin.
func (s *content) distant(at time.Time) time.Time {
	if at.IsZero() {
		return s.now().AddDate(1, 0, 0)
	}
	return at
}

// Categories lists all.
func (s *content) Categories(ctx context.Context, _ *bffpb.CategoriesRequest) (*bffpb.CategoriesResponse, error) {
	rows, err := s.views.Categories(ctx)
	if err != nil {
		return nil, fmt.Errorf("list categories: %w", err)
	}
	answer := &bffpb.CategoriesResponse{}
	for _, r := range rows {
		answer.Categories = append(answer.Categories, &bffpb.Category{
			Id: r.CategoryID.String(), Slug: r.Slug, NameEn: r.NameEn, NameSl: r.NameSl, Position: r.Position,
		})
	}
	return answer, nil
}

// Lecturers lists all.
func (s *content) Lecturers(ctx context.Context, _ *bffpb.LecturersRequest) (*bffpb.LecturersResponse, error) {
	rows, err := s.views.Lecturers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list lecturers: %w", err)
	}
	answer := &bffpb.LecturersResponse{}
	for _, r := range rows {
		answer.Lecturers = append(answer.Lecturers, &bffpb.Lecturer{
			Id: r.LecturerID.String(), Slug: r.Slug, Name: r.Name, Title: r.Title, Bio: r.Bio,
		})
	}
	return answer, nil
}

// Articles lists what is published, filtered, the newest first.
func (s *content) Articles(ctx context.Context, q *bffpb.ArticlesRequest) (*bffpb.ArticlesResponse, error) {
	size, at, id, err := page(q.GetPageSize(), 20, q.GetPageToken())
	if err != nil {
		return nil, err
	}
	query := clean(q.GetQuery())
	if utf8.RuneCountInString(query) > 200 || len(q.GetCategory()) > 60 || !slices.Contains([]string{"", "research", "news"}, q.GetKind()) {
		return nil, errs.New(errs.Invalid, "content.filter", "We cannot search for this. Use at most 200 letters, and the filters of the list.")
	}
	rows, err := s.views.Articles(ctx, store.ArticlesParams{
		Query: query, Whole: reads(ctx), Category: clean(q.GetCategory()), Kind: q.GetKind(), Before: s.distant(at), BeforeID: id, Most: size + 1,
	})
	if err != nil {
		return nil, fmt.Errorf("list articles: %w", err)
	}
	if query != "" && q.GetPageToken() == "" {
		s.done.note(ctx, eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_SEARCHED, "")
	}
	answer := &bffpb.ArticlesResponse{}
	if len(rows) > int(size) {
		rows = rows[:size]
		answer.NextPageToken = pageToken(moment(rows[size-1].PublishedAt), rows[size-1].ArticleID)
	}
	for _, r := range rows {
		answer.Articles = append(answer.Articles, cardPB(r))
	}
	return answer, nil
}

// Article is one article, whole for members.
func (s *content) Article(ctx context.Context, q *bffpb.ArticleRequest) (*bffpb.ArticleResponse, error) {
	r, err := s.views.ArticleBySlug(ctx, strings.ToValidUTF8(strings.ReplaceAll(q.GetSlug(), "\x00", ""), ""))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoArticle()
	}
	if err != nil {
		return nil, fmt.Errorf("read article: %w", err)
	}
	if reads(ctx) {
		s.done.note(ctx, eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_READ, r.ArticleID.String())
	}
	return articlePB(r, reads(ctx)), nil
}

// Comments are what was said below an article, thread by thread.
func (s *content) Comments(ctx context.Context, q *bffpb.CommentsRequest) (*bffpb.CommentsResponse, error) {
	article, err := uuid.Parse(q.GetArticleId())
	if err != nil {
		return nil, errNoArticle()
	}
	size := q.GetPageSize()
	if size == 0 {
		size = 50
	}
	if size < 0 || size > mostPage {
		return nil, errs.New(errs.Invalid, "page.size", "A page has between 1 and 100 entries.")
	}
	thread, after, err := threadCursor(q.GetPageToken())
	if err != nil {
		return nil, err
	}
	rows, err := s.views.Comments(ctx, store.CommentsParams{ArticleID: article, AfterThread: thread, After: after, Most: size + 1})
	if err != nil {
		return nil, fmt.Errorf("list comments: %w", err)
	}
	if len(rows) == 0 {
		// Nobody has said anything, or there is nothing to say it to: what was unpublished is gone with its comments.
		published, err := s.views.ArticleIsPublished(ctx, article)
		if err != nil {
			return nil, fmt.Errorf("look for article: %w", err)
		}
		if !published {
			return nil, errNoArticle()
		}
	}
	answer := &bffpb.CommentsResponse{}
	if len(rows) > int(size) {
		rows = rows[:size]
		answer.NextPageToken = rows[size-1].ThreadID.String() + rows[size-1].CommentID.String()
	}
	who, _ := token.From(ctx)
	for _, r := range rows {
		answer.Comments = append(answer.Comments, commentPB(r, who.Account, hasRole(ctx, token.Administrator)))
	}
	return answer, nil
}

func threadCursor(pageToken string) (thread, comment uuid.UUID, err error) {
	if pageToken == "" {
		return uuid.Nil, uuid.Nil, nil
	}
	var wrong error
	if len(pageToken) == 72 {
		thread, err = uuid.Parse(pageToken[:36])
		comment, wrong = uuid.Parse(pageToken[36:])
	}
	if len(pageToken) != 72 || err != nil || wrong != nil {
		return thread, comment, errs.New(errs.Invalid, "page.token", "This page does not exist. Begin at the first page.")
	}
	return thread, comment, nil
}

func moment(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

func errNoArticle() error {
	return errs.New(errs.NotFound, "article.none", "There is no such article.")
}
