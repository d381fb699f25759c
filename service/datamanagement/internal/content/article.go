package content

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/content/store"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/markdown"
)

// SaveArticle makes a draft or changes an article, and renders it.
func (s *server) SaveArticle(ctx context.Context, q *datamanagementpb.SaveArticleRequest) (*datamanagementpb.SaveArticleResponse, error) {
	if err := article(q); err != nil {
		return nil, err
	}
	html, err := s.render.HTML(q.GetBody())
	if err != nil {
		return nil, err
	}
	answer := &datamanagementpb.SaveArticleResponse{}
	err = s.once(ctx, q, "content.save_article", answer, func(w command.Wish) error {
		category, err := s.category(ctx, w, q.GetCategoryId())
		if err != nil {
			return err
		}
		if q.GetId() == "" {
			return s.insertArticle(ctx, w, q, category, html, answer)
		}
		return s.updateArticle(ctx, w, q, category, html, answer)
	})
	return answer, err
}

func (s *server) category(ctx context.Context, w command.Wish, id string) (uuid.UUID, error) {
	category, wrong := uuid.Parse(id)
	exists, err := store.New(w.Tx).CategoryExists(ctx, category)
	if err != nil {
		return category, fmt.Errorf("look for category: %w", err)
	}
	if wrong != nil || !exists {
		return category, errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("category_id", "content.choice", "Choose one of the list.")
	}
	return category, nil
}

func (s *server) insertArticle(ctx context.Context, w command.Wish, q *datamanagementpb.SaveArticleRequest, category uuid.UUID, html string, answer *datamanagementpb.SaveArticleResponse) error {
	row := store.ArticleInsertParams{
		ID: s.newID(), Kind: q.GetKind(), Language: q.GetLanguage(), CategoryID: category, AuthorID: w.Who.Account, Byline: q.GetByline(),
		Disclosure: q.GetDisclosure(), Title: q.GetTitle(), Summary: q.GetSummary(), BodyMd: q.GetBody(), BodyHtml: html,
		Minutes: markdown.Minutes(q.GetBody()), Now: w.Now,
	}
	slug, err := field.Free(q.GetSlug(), q.GetTitle(), row.ID, func(slug string) (int64, error) {
		row.Slug = slug
		return store.New(w.Tx).ArticleInsert(ctx, row)
	})
	if err != nil {
		return fmt.Errorf("insert article: %w", err)
	}
	answer.Id, answer.Slug, answer.Version = row.ID.String(), slug, 1
	return nil
}

func (s *server) updateArticle(ctx context.Context, w command.Wish, q *datamanagementpb.SaveArticleRequest, category uuid.UUID, html string, answer *datamanagementpb.SaveArticleResponse) error {
	id, _, err := s.lockArticle(ctx, w, q.GetId(), q.GetVersion())
	if err != nil {
		return err
	}
	row, err := store.New(w.Tx).ArticleUpdate(ctx, store.ArticleUpdateParams{
		ID: id, Kind: q.GetKind(), Language: q.GetLanguage(), CategoryID: category, Byline: q.GetByline(), Disclosure: q.GetDisclosure(),
		Title: q.GetTitle(), Summary: q.GetSummary(), BodyMd: q.GetBody(), BodyHtml: html, Minutes: markdown.Minutes(q.GetBody()), Now: w.Now,
	})
	if err != nil {
		return fmt.Errorf("update article: %w", err)
	}
	answer.Id, answer.Slug, answer.Version = id.String(), row.Slug, row.Version
	return nil
}

// lockArticle reads an article for a change of the version that its editor saw; 0 is whichever there is.
func (s *server) lockArticle(ctx context.Context, w command.Wish, name string, version int32) (uuid.UUID, store.ArticleLockRow, error) {
	id, err := field.Known(name)
	if err != nil {
		return id, store.ArticleLockRow{}, err
	}
	row, err := store.New(w.Tx).ArticleLock(ctx, id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return id, row, field.None()
	case err != nil:
		return id, row, fmt.Errorf("lock article: %w", err)
	case version != 0 && version != row.Version:
		return id, row, errs.New(errs.Conflict, "article.version", "Somebody else saved this article in the meantime. Your text is still here; compare it with theirs before you save.")
	}
	return id, row, nil
}

// PublishArticle shows an article to members; only the first time tells those who follow its category.
func (s *server) PublishArticle(ctx context.Context, q *datamanagementpb.PublishArticleRequest) (*datamanagementpb.PublishArticleResponse, error) {
	answer := &datamanagementpb.PublishArticleResponse{}
	return answer, s.once(ctx, q, "content.publish", answer, func(w command.Wish) error {
		id, row, err := s.lockArticle(ctx, w, q.GetId(), q.GetVersion())
		if err != nil || row.State == "published" {
			return err
		}
		err = store.New(w.Tx).ArticleSetState(ctx, store.ArticleSetStateParams{ID: id, State: "published", PublishedAt: &w.Now, Now: w.Now})
		if err != nil {
			return fmt.Errorf("publish article: %w", err)
		}
		return s.append(ctx, w, "article/"+id.String(), &eventpb.ArticlePublished{
			ArticleId: id.String(), CategoryId: row.CategoryID.String(), Version: row.Version, First: row.PublishedAt == nil,
		})
	})
}

// UnpublishArticle makes a draft of it again.
func (s *server) UnpublishArticle(ctx context.Context, q *datamanagementpb.UnpublishArticleRequest) (*datamanagementpb.UnpublishArticleResponse, error) {
	answer := &datamanagementpb.UnpublishArticleResponse{}
	return answer, s.once(ctx, q, "content.unpublish", answer, func(w command.Wish) error {
		id, row, err := s.lockArticle(ctx, w, q.GetId(), 0)
		if err != nil || row.State == "draft" {
			return err
		}
		if err := store.New(w.Tx).ArticleSetState(ctx, store.ArticleSetStateParams{ID: id, State: "draft", Now: w.Now}); err != nil {
			return fmt.Errorf("unpublish article: %w", err)
		}
		return s.append(ctx, w, "article/"+id.String(), &eventpb.ArticleUnpublished{ArticleId: id.String()})
	})
}

// Preview renders a text as saving it would.
func (s *server) Preview(_ context.Context, q *datamanagementpb.PreviewRequest) (*datamanagementpb.PreviewResponse, error) {
	var f errs.Fields
	field.Between(&f, "body", q.GetBody(), 0, mostBody)
	if err := f.Err(); err != nil {
		return nil, err
	}
	html, err := s.render.HTML(field.Text(q.GetBody()))
	return &datamanagementpb.PreviewResponse{Html: html}, err
}
