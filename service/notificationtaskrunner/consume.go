package notificationtaskrunner

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/service/notificationtaskrunner/internal/store"
)

const group = "notificationtaskrunner"

// listens is what this service hears of, as the catalogue says.
func listens() []string {
	return []string{
		"account.approved", "account.rejected", "article.published", "comment.added", "webinar.moved", "webinar.cancelled",
		"reminder.due", "points.booked", "appeal.decided",
	}
}

func (s *server) follow(ctx context.Context) error {
	return s.Events.Follow(ctx, group, listens(), s.hear)
}

// hear notes that there is somebody to tell. The telling is done by runs, a page at a time: here it would hold up all
// other news.
func (s *server) hear(ctx context.Context, tx pgx.Tx, r eventlog.Record) error {
	m, err := r.Message()
	if err != nil {
		return err
	}
	begin, err := runOf(m)
	if err != nil {
		// A wrong fact stays wrong; waiting for it would stop the news of everything else.
		s.Log.Error("an event that cannot be understood was passed over", "type", r.Type, "pos", r.Pos, "error", err)
		return nil
	}
	if begin == nil {
		return nil // It concerns nobody.
	}
	begin.Trace, begin.Now = r.Trace, s.Now()
	if _, err := store.New(tx).RunBegin(ctx, *begin); err != nil {
		return fmt.Errorf("begin run: %w", err)
	}
	_, err = tx.Exec(ctx, "SELECT pg_notify('notificationtaskrunner_run', '')")
	return err
}

// runOf says whom an event concerns; nil when nobody.
func runOf(m any) (*store.RunBeginParams, error) {
	switch m := m.(type) {
	case *eventpb.AccountApproved:
		return personal("account.approved", m.GetApplicationId(), m.GetAccountId())
	case *eventpb.AccountRejected:
		return personal("account.rejected", m.GetApplicationId(), m.GetAccountId())
	case *eventpb.PointsBooked:
		begin, err := personal("points.booked", m.GetWebinarId(), m.GetAccountId())
		if begin != nil {
			begin.ID, begin.Amount = "points.booked/"+m.GetBookingId(), m.GetHundredths()
		}
		return begin, err
	case *eventpb.AppealDecided:
		if m.GetGranted() {
			return personal("appeal.granted", m.GetAppealId(), m.GetAccountId())
		}
		return personal("appeal.refused", m.GetAppealId(), m.GetAccountId())
	case *eventpb.CommentAdded:
		if m.GetParentId() == "" {
			return nil, nil //nolint:nilnil // Only replies have somebody to tell.
		}
		return about("comment.reply", m.GetCommentId(), 0)
	case *eventpb.ArticlePublished:
		if !m.GetFirst() {
			return nil, nil //nolint:nilnil // A correction is no news.
		}
		return about("article.published", m.GetArticleId(), 0)
	case *eventpb.WebinarMoved:
		return about("webinar.moved", m.GetWebinarId(), m.GetSequence())
	case *eventpb.WebinarCancelled:
		return about("webinar.cancelled", m.GetWebinarId(), m.GetSequence())
	case *eventpb.ReminderDue:
		begin, err := about("webinar.reminder", m.GetWebinarId(), m.GetSequence())
		if begin != nil {
			begin.ID, begin.ExpiresAt = fmt.Sprintf("%s/%d", begin.ID, m.GetLead()), moment(m.GetStartsAt())
		}
		return begin, err
	default:
		return nil, fmt.Errorf("no handler for %T", m)
	}
}

func about(kind, subject string, sequence int32) (*store.RunBeginParams, error) {
	id, err := uuid.Parse(subject)
	if err != nil {
		return nil, fmt.Errorf("%s about %q: %w", kind, subject, err)
	}
	return &store.RunBeginParams{ID: fmt.Sprintf("%s/%s/%d", kind, id, sequence), Kind: kind, Subject: id, Sequence: sequence}, nil
}

func personal(kind, subject, account string) (*store.RunBeginParams, error) {
	begin, err := about(kind, subject, 0)
	if err != nil {
		return nil, err
	}
	person, err := uuid.Parse(account)
	if err != nil {
		return nil, fmt.Errorf("%s for %q: %w", kind, account, err)
	}
	begin.Person = &person
	return begin, nil
}

func moment(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	at := t.AsTime()
	return &at
}
