package bff

import (
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

func cardPB(r store.ArticlesRow) *bffpb.ArticleCard {
	return &bffpb.ArticleCard{
		Id: r.ArticleID.String(), Slug: r.Slug, Kind: r.Kind, Language: r.Language, Title: r.Title, Summary: r.Summary,
		Category: &bffpb.Category{Id: r.CategoryID.String(), Slug: r.CategorySlug, NameEn: r.CategoryEn, NameSl: r.CategorySl},
		Minutes:  r.Minutes, PublishedAt: stamp(r.PublishedAt), Excerpt: excerpt(r.Excerpt), Comments: r.Comments,
	}
}

// excerpt cuts the headline of the database at its marks: every second piece is a word that was found.
func excerpt(headline string) []string {
	if headline == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(headline, "⟧", "⟦"), "⟦")
}

func articlePB(r store.ArticleBySlugRow, whole bool) *bffpb.ArticleResponse {
	answer := &bffpb.ArticleResponse{
		Card: &bffpb.ArticleCard{
			Id: r.ArticleID.String(), Slug: r.Slug, Kind: r.Kind, Language: r.Language, Title: r.Title, Summary: r.Summary,
			Category: &bffpb.Category{Id: r.CategoryID.String(), Slug: r.CategorySlug, NameEn: r.CategoryEn, NameSl: r.CategorySl},
			Minutes:  r.Minutes, PublishedAt: stamp(r.PublishedAt), Comments: r.Comments,
		},
		Locked: !whole,
	}
	if whole {
		answer.Byline, answer.Disclosure, answer.Html = r.Byline, r.Disclosure, r.BodyHtml
		answer.Version, answer.UpdatedAt = r.Version, timestamppb.New(r.UpdatedAt)
	}
	return answer
}

// commentPB shows a hidden comment to its author and to moderators alone; others learn that there was one.
func commentPB(r store.CommentsRow, reader uuid.UUID, moderator bool) *bffpb.Comment {
	c := &bffpb.Comment{
		Id: r.CommentID.String(), ThreadId: r.ThreadID.String(), CreatedAt: timestamppb.New(r.CreatedAt),
		Own: r.AccountID == reader, Hidden: r.HiddenAt != nil,
	}
	if c.GetHidden() && !c.GetOwn() && !moderator {
		return c
	}
	c.Name, c.Profession, c.Body, c.EditedAt, c.HiddenReason = r.Name, r.Profession, r.Body, stamp(r.EditedAt), r.HiddenReason
	if c.GetOwn() && !c.GetHidden() {
		c.EditUntil = timestamppb.New(r.CreatedAt.Add(editable))
	}
	return c
}
