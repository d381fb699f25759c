package bff

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// Manuscripts are all articles as their editors see them, the last changed first.
func (s *content) Manuscripts(ctx context.Context, q *bffpb.ManuscriptsRequest) (*bffpb.ManuscriptsResponse, error) {
	size, at, id, err := page(q.GetPageSize(), usualPage, q.GetPageToken())
	if err != nil {
		return nil, err
	}
	rows, err := s.views.Manuscripts(ctx, store.ManuscriptsParams{Before: s.distant(at), BeforeID: id, Most: size + 1})
	if err != nil {
		return nil, fmt.Errorf("list manuscripts: %w", err)
	}
	answer := &bffpb.ManuscriptsResponse{}
	if len(rows) > int(size) {
		rows = rows[:size]
		answer.NextPageToken = pageToken(rows[size-1].UpdatedAt, rows[size-1].ArticleID)
	}
	for _, r := range rows {
		answer.Manuscripts = append(answer.Manuscripts, &bffpb.ManuscriptCard{
			Id: r.ArticleID.String(), Slug: r.Slug, Title: r.Title, State: r.State, Kind: r.Kind, Version: r.Version, UpdatedAt: timestamppb.New(r.UpdatedAt),
			Category: &bffpb.Category{Id: r.CategoryID.String(), Slug: r.CategorySlug, NameEn: r.CategoryEn, NameSl: r.CategorySl},
		})
	}
	return answer, nil
}

// Manuscript is one article as its editors see it.
func (s *content) Manuscript(ctx context.Context, q *bffpb.ManuscriptRequest) (*bffpb.ManuscriptResponse, error) {
	id, err := uuid.Parse(q.GetId())
	if err != nil {
		return nil, errNoArticle()
	}
	r, err := s.views.Manuscript(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoArticle()
	}
	if err != nil {
		return nil, fmt.Errorf("read manuscript: %w", err)
	}
	return &bffpb.ManuscriptResponse{
		Card: &bffpb.ManuscriptCard{
			Id: r.ArticleID.String(), Slug: r.Slug, Title: r.Title, State: r.State, Kind: r.Kind, Version: r.Version, UpdatedAt: timestamppb.New(r.UpdatedAt),
			Category: &bffpb.Category{Id: r.CategoryID.String(), Slug: r.CategorySlug, NameEn: r.CategoryEn, NameSl: r.CategorySl},
		},
		Language: r.Language, Byline: r.Byline, Disclosure: r.Disclosure, Summary: r.Summary, Body: r.BodyMd,
	}, nil
}

// Reports are comments that wait for a moderator, the longest waiting first.
func (s *content) Reports(ctx context.Context, q *bffpb.ReportsRequest) (*bffpb.ReportsResponse, error) {
	size, at, id, err := page(q.GetPageSize(), usualPage, q.GetPageToken())
	if err != nil {
		return nil, err
	}
	rows, err := s.views.Reports(ctx, store.ReportsParams{After: at, AfterID: id, Most: size + 1})
	if err != nil {
		return nil, fmt.Errorf("list reports: %w", err)
	}
	waiting, err := s.views.ReportsCount(ctx)
	if err != nil {
		return nil, fmt.Errorf("count reports: %w", err)
	}
	answer := &bffpb.ReportsResponse{Waiting: int32(min(waiting, 1<<30))} //nolint:gosec // bounded
	if len(rows) > int(size) {
		rows = rows[:size]
		answer.NextPageToken = pageToken(rows[size-1].FirstAt, rows[size-1].CommentID)
	}
	for _, r := range rows {
		answer.Reports = append(answer.Reports, &bffpb.Report{
			CommentId: r.CommentID.String(), Name: r.Name, Body: r.Body, ArticleSlug: r.ArticleSlug, ArticleTitle: r.ArticleTitle,
			Reasons: r.Reasons, FirstAt: timestamppb.New(r.FirstAt),
		})
	}
	return answer, nil
}
