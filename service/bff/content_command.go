package bff

import (
	"context"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
)

// Data management checks what these carry; its errors name the fields as they are named here.

// SaveCategory makes or changes a category.
func (s *content) SaveCategory(ctx context.Context, q *bffpb.SaveCategoryRequest) (*bffpb.SaveCategoryResponse, error) {
	answer, err := s.data.SaveCategory(ctx, &datamanagementpb.SaveCategoryRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), NameEn: q.GetNameEn(), NameSl: q.GetNameSl(), Position: q.GetPosition(), Slug: q.GetSlug(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.SaveCategoryResponse{Id: answer.GetId(), Slug: answer.GetSlug()}, nil
}

// SaveLecturer makes or changes a lecturer.
func (s *content) SaveLecturer(ctx context.Context, q *bffpb.SaveLecturerRequest) (*bffpb.SaveLecturerResponse, error) {
	answer, err := s.data.SaveLecturer(ctx, &datamanagementpb.SaveLecturerRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Name: q.GetName(), Title: q.GetTitle(), Bio: q.GetBio(), AccountId: q.GetAccountId(), Slug: q.GetSlug(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.SaveLecturerResponse{Id: answer.GetId(), Slug: answer.GetSlug()}, nil
}

// SaveArticle makes a draft or changes an article.
func (s *content) SaveArticle(ctx context.Context, q *bffpb.SaveArticleRequest) (*bffpb.SaveArticleResponse, error) {
	answer, err := s.data.SaveArticle(ctx, &datamanagementpb.SaveArticleRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Version: q.GetVersion(), Kind: q.GetKind(), Language: q.GetLanguage(), CategoryId: q.GetCategoryId(), Byline: q.GetByline(), Disclosure: q.GetDisclosure(), Title: q.GetTitle(), Summary: q.GetSummary(), Body: q.GetBody(), Slug: q.GetSlug(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.SaveArticleResponse{Id: answer.GetId(), Version: answer.GetVersion(), Slug: answer.GetSlug()}, nil
}

// PublishArticle shows an article to members.
func (s *content) PublishArticle(ctx context.Context, q *bffpb.PublishArticleRequest) (*bffpb.PublishArticleResponse, error) {
	_, err := s.data.PublishArticle(ctx, &datamanagementpb.PublishArticleRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Version: q.GetVersion(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.PublishArticleResponse{}, nil
}

// UnpublishArticle makes a draft of it again.
func (s *content) UnpublishArticle(ctx context.Context, q *bffpb.UnpublishArticleRequest) (*bffpb.UnpublishArticleResponse, error) {
	_, err := s.data.UnpublishArticle(ctx, &datamanagementpb.UnpublishArticleRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.UnpublishArticleResponse{}, nil
}

// Preview is what a text will look like.
func (s *content) Preview(ctx context.Context, q *bffpb.PreviewRequest) (*bffpb.PreviewResponse, error) {
	answer, err := s.data.Preview(ctx, &datamanagementpb.PreviewRequest{
		Body: q.GetBody(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.PreviewResponse{Html: answer.GetHtml()}, nil
}

// AddComment says something below an article.
func (s *content) AddComment(ctx context.Context, q *bffpb.AddCommentRequest) (*bffpb.AddCommentResponse, error) {
	answer, err := s.data.AddComment(ctx, &datamanagementpb.AddCommentRequest{
		RequestId: q.GetRequestId(), ArticleId: q.GetArticleId(), ParentId: q.GetParentId(), Body: q.GetBody(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.AddCommentResponse{Id: answer.GetId()}, nil
}

// EditComment changes an own comment.
func (s *content) EditComment(ctx context.Context, q *bffpb.EditCommentRequest) (*bffpb.EditCommentResponse, error) {
	_, err := s.data.EditComment(ctx, &datamanagementpb.EditCommentRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Body: q.GetBody(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.EditCommentResponse{}, nil
}

// ReportComment asks a moderator to look.
func (s *content) ReportComment(ctx context.Context, q *bffpb.ReportCommentRequest) (*bffpb.ReportCommentResponse, error) {
	_, err := s.data.ReportComment(ctx, &datamanagementpb.ReportCommentRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Reason: q.GetReason(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.ReportCommentResponse{}, nil
}

// HideComment hides a comment, with a reason.
func (s *content) HideComment(ctx context.Context, q *bffpb.HideCommentRequest) (*bffpb.HideCommentResponse, error) {
	_, err := s.data.HideComment(ctx, &datamanagementpb.HideCommentRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Reason: q.GetReason(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.HideCommentResponse{}, nil
}

// DismissReports settles the reports of a comment that stays.
func (s *content) DismissReports(ctx context.Context, q *bffpb.DismissReportsRequest) (*bffpb.DismissReportsResponse, error) {
	_, err := s.data.DismissReports(ctx, &datamanagementpb.DismissReportsRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.DismissReportsResponse{}, nil
}
