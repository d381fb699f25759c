package content

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/content/store"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
)

const (
	editable = 10 * time.Minute

	// Each answer writes a mail to somebody who cannot do anything about it.
	mostReplies   = 10
	repliesWithin = 10 * time.Minute
)

// AddComment says something below a published article, or answers what somebody said there.
func (s *server) AddComment(ctx context.Context, q *datamanagementpb.AddCommentRequest) (*datamanagementpb.AddCommentResponse, error) {
	body := field.Text(q.GetBody())
	if err := said("body", body, mostComment); err != nil {
		return nil, err
	}
	article, err := field.Known(q.GetArticleId())
	if err != nil {
		return nil, err
	}
	answer := &datamanagementpb.AddCommentResponse{}
	return answer, s.once(ctx, q, "content.comment", answer, func(w command.Wish) error {
		rows := store.New(w.Tx)
		published, err := rows.ArticlePublished(ctx, article)
		if err != nil {
			return fmt.Errorf("look for article: %w", err)
		}
		if !published {
			return field.None()
		}
		row := store.CommentInsertParams{ID: s.newID(), ArticleID: article, AccountID: w.Who.Account, Body: body, Now: w.Now}
		if q.GetParentId() != "" {
			if err := answered(ctx, rows, q.GetParentId(), &row); err != nil {
				return err
			}
		}
		if err := rows.CommentInsert(ctx, row); err != nil {
			return fmt.Errorf("insert comment: %w", err)
		}
		answer.Id = row.ID.String()
		err = s.append(ctx, w, "comment/"+answer.GetId(), &eventpb.CommentAdded{
			CommentId: answer.GetId(), ArticleId: article.String(), AccountId: w.Who.Account.String(), ParentId: q.GetParentId(),
		})
		if err != nil {
			return err
		}
		return s.tell.Tell(ctx, w.Tx, activity.Doing{
			Kind: eventpb.ActivityKind_ACTIVITY_KIND_COMMENT_ADDED, Account: w.Who.Account, At: w.Now, Key: answer.GetId(), Article: article,
		})
	})
}

// answered joins a reply to the thread of what it answers, which must stand below the same article and not be hidden. Nobody answers
// so often that it can only be meant to fill a mailbox.
func answered(ctx context.Context, rows *store.Queries, name string, row *store.CommentInsertParams) error {
	parent, err := field.Known(name)
	if err != nil {
		return err
	}
	thread, err := rows.CommentParent(ctx, store.CommentParentParams{ID: parent, ArticleID: row.ArticleID})
	if errors.Is(err, pgx.ErrNoRows) {
		return field.None()
	}
	if err != nil {
		return fmt.Errorf("read the comment that is answered: %w", err)
	}
	recent, err := rows.RepliesSince(ctx, store.RepliesSinceParams{AccountID: row.AccountID, Since: row.Now.Add(-repliesWithin)})
	switch {
	case err != nil:
		return fmt.Errorf("count replies: %w", err)
	case recent >= mostReplies:
		return errs.New(errs.TooMany, "comment.replies", "You have answered ten times within ten minutes. Please wait a little.").After(time.Minute)
	}
	row.ParentID, row.ThreadID = &parent, &thread
	return nil
}

// EditComment changes an own comment; our clock decides whether that is still possible.
func (s *server) EditComment(ctx context.Context, q *datamanagementpb.EditCommentRequest) (*datamanagementpb.EditCommentResponse, error) {
	body := field.Text(q.GetBody())
	if err := said("body", body, mostComment); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.EditCommentResponse{}
	return answer, s.once(ctx, q, "content.edit_comment", answer, func(w command.Wish) error {
		id, row, err := s.lockComment(ctx, w, q.GetId())
		switch {
		case err != nil:
			return err
		case row.AccountID != w.Who.Account:
			return errs.New(errs.Forbidden, "comment.foreign", "Only its author may change a comment.")
		case row.HiddenAt != nil:
			return errs.New(errs.Conflict, "comment.hidden", "A moderator has hidden this comment.")
		case w.Now.Sub(row.CreatedAt) > editable:
			return errs.New(errs.Conflict, "comment.late", "A comment can be changed for ten minutes. Add a new one instead.")
		}
		if err := store.New(w.Tx).CommentEdit(ctx, store.CommentEditParams{ID: id, Body: body, Now: w.Now}); err != nil {
			return fmt.Errorf("edit comment: %w", err)
		}
		return nil
	})
}

// ReportComment asks a moderator to look; one person counts once.
func (s *server) ReportComment(ctx context.Context, q *datamanagementpb.ReportCommentRequest) (*datamanagementpb.ReportCommentResponse, error) {
	reason := field.Line(q.GetReason())
	if err := said("reason", reason, mostReason); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.ReportCommentResponse{}
	return answer, s.once(ctx, q, "content.report", answer, func(w command.Wish) error {
		id, row, err := s.lockComment(ctx, w, q.GetId())
		switch {
		case err != nil:
			return err
		case row.AccountID == w.Who.Account:
			return errs.New(errs.Invalid, "comment.own", "This is your own comment.")
		case row.HiddenAt != nil:
			return nil // what was asked for has happened
		}
		err = store.New(w.Tx).ReportInsert(ctx, store.ReportInsertParams{CommentID: id, AccountID: w.Who.Account, Reason: reason, Now: w.Now})
		if err != nil {
			return fmt.Errorf("insert report: %w", err)
		}
		return nil
	})
}

// HideComment hides a comment from everybody but its author, who is told why.
func (s *server) HideComment(ctx context.Context, q *datamanagementpb.HideCommentRequest) (*datamanagementpb.HideCommentResponse, error) {
	reason := field.Line(q.GetReason())
	if err := said("reason", reason, mostReason); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.HideCommentResponse{}
	return answer, s.once(ctx, q, "content.hide", answer, func(w command.Wish) error {
		id, row, err := s.lockComment(ctx, w, q.GetId())
		if err != nil || row.HiddenAt != nil {
			return err
		}
		err = store.New(w.Tx).CommentHide(ctx, store.CommentHideParams{ID: id, HiddenBy: w.Who.Account, HiddenReason: reason, Now: w.Now})
		if err != nil {
			return fmt.Errorf("hide comment: %w", err)
		}
		if err := settle(ctx, w, id); err != nil {
			return err
		}
		return s.append(ctx, w, "comment/"+id.String(), &eventpb.CommentHidden{
			CommentId: id.String(), ArticleId: row.ArticleID.String(), AdministratorId: w.Who.Account.String(),
		})
	})
}

// DismissReports settles the reports of a comment that stays.
func (s *server) DismissReports(ctx context.Context, q *datamanagementpb.DismissReportsRequest) (*datamanagementpb.DismissReportsResponse, error) {
	answer := &datamanagementpb.DismissReportsResponse{}
	return answer, s.once(ctx, q, "content.dismiss", answer, func(w command.Wish) error {
		id, _, err := s.lockComment(ctx, w, q.GetId())
		if err != nil {
			return err
		}
		return settle(ctx, w, id)
	})
}

func settle(ctx context.Context, w command.Wish, comment uuid.UUID) error {
	_, err := store.New(w.Tx).ReportsSettle(ctx, store.ReportsSettleParams{CommentID: comment, SettledBy: w.Who.Account, Now: w.Now})
	if err != nil {
		return fmt.Errorf("settle reports: %w", err)
	}
	return nil
}

func (s *server) lockComment(ctx context.Context, w command.Wish, name string) (uuid.UUID, store.CommentLockRow, error) {
	id, err := field.Known(name)
	if err != nil {
		return id, store.CommentLockRow{}, err
	}
	row, err := store.New(w.Tx).CommentLock(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, row, field.None()
	}
	if err != nil {
		return id, row, fmt.Errorf("lock comment: %w", err)
	}
	return id, row, nil
}

func said(name, value string, most int) error {
	var f errs.Fields
	field.Between(&f, name, value, 1, most)
	return f.Err()
}
