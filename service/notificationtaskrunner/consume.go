package notificationtaskrunner

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
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
		"reminder.due", "webinar.live", "points.booked", "points.answered", "appeal.decided",
		"digest.due", "licence.deadline", "points.deadline", "hosts.missing",
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
	if err := s.begin(ctx, store.New(tx), begin); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "SELECT pg_notify('notificationtaskrunner_run', '')")
	return err
}

// begin notes a run, once.
func (s *server) begin(ctx context.Context, q *store.Queries, run *store.RunBeginParams) error {
	if run.Kind == digestKind {
		return s.beginDigest(ctx, q, run)
	}
	if _, err := q.RunBegin(ctx, *run); err != nil {
		return fmt.Errorf("begin run: %w", err)
	}
	return nil
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
	case *eventpb.PointsAnswered:
		if m.GetAccepted() {
			return nil, nil //nolint:nilnil // Each person hears of their own booking.
		}
		return about("points.refused", m.GetRequestId(), 0)
	case *eventpb.WebinarMoved:
		begin, err := about("webinar.moved", m.GetWebinarId(), m.GetSequence())
		return saying(begin, err, "was_at", rfc(m.GetWasAt()))
	case *eventpb.WebinarLive:
		return about("webinar.live", m.GetWebinarId(), 0)
	case *eventpb.WebinarCancelled:
		return about("webinar.cancelled", m.GetWebinarId(), m.GetSequence())
	case *eventpb.ReminderDue:
		begin, err := about("webinar.reminder", m.GetWebinarId(), m.GetSequence())
		if begin != nil {
			begin.ID, begin.ExpiresAt = fmt.Sprintf("%s/%d", begin.ID, m.GetLead()), timeOf(m.GetStartsAt())
		}
		return begin, err
	default:
		return timeRunOf(m)
	}
}

// timeRunOf says whom it concerns that the time for something has come.
func timeRunOf(m any) (*store.RunBeginParams, error) {
	switch m := m.(type) {
	case *eventpb.DigestDue:
		at := rfc(m.GetAt())
		return saying(&store.RunBeginParams{ID: digestKind + "/" + at, Kind: digestKind}, nil, "at", at, "since", rfc(m.GetSince()))
	case *eventpb.LicenceDeadline:
		begin, err := personal("licence.deadline", m.GetAccountId(), m.GetAccountId())
		if begin != nil {
			begin.ID, begin.ExpiresAt = fmt.Sprintf("%s/%s/%d", begin.ID, rfc(m.GetEndsAt()), m.GetDays()), timeOf(m.GetEndsAt())
		}
		return saying(begin, err, "ends_at", rfc(m.GetEndsAt()), "days", strconv.Itoa(int(m.GetDays())), "missing", strconv.Itoa(int(m.GetMissingHundredths())))
	case *eventpb.PointsDeadline:
		begin, err := about("points.deadline", m.GetWebinarId(), m.GetHours())
		if begin != nil {
			begin.ExpiresAt = timeOf(m.GetDueAt())
		}
		return saying(begin, err, "due_at", rfc(m.GetDueAt()), "hours", strconv.Itoa(int(m.GetHours())))
	case *eventpb.HostsMissing:
		begin, err := about("hosts.missing", m.GetWebinarId(), 0)
		if begin != nil {
			begin.ID += "/" + rfc(m.GetStartsAt()) // A webinar that was moved can lack its hosts again.
		}
		return saying(begin, err, "starts_at", rfc(m.GetStartsAt()))
	default:
		return nil, fmt.Errorf("no handler for %T", m)
	}
}

func about(kind, subject string, sequence int32) (*store.RunBeginParams, error) {
	id, err := uuid.Parse(subject)
	if err != nil {
		return nil, fmt.Errorf("%s about %q: %w", kind, subject, err)
	}
	return &store.RunBeginParams{
		ID: fmt.Sprintf("%s/%s/%d", kind, id, sequence), Kind: kind, Subject: id, Sequence: sequence, Data: []byte("{}"),
	}, nil
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

// saying adds what the event says beside what it is about.
func saying(begin *store.RunBeginParams, err error, pairs ...string) (*store.RunBeginParams, error) {
	if err != nil {
		return nil, err
	}
	data := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		data[pairs[i]] = pairs[i+1]
	}
	if begin.Data, err = json.Marshal(data); err != nil {
		return nil, fmt.Errorf("keep what %s says: %w", begin.Kind, err)
	}
	return begin, nil
}

// said is what an event said beside what it is about.
func said(data []byte, name string) string {
	all := map[string]string{}
	if json.Unmarshal(data, &all) != nil {
		return ""
	}
	return all[name]
}

// moment is a time that an event said; zero when it said none.
func moment(data []byte, name string) time.Time {
	at, err := time.Parse(time.RFC3339, said(data, name))
	if err != nil {
		return time.Time{}
	}
	return at
}

func rfc(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Format(time.RFC3339)
}

func timeOf(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	at := t.AsTime()
	return &at
}
