package webinar

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/webinar/store"
)

// mostSubscriptions bounds what one account can make the reminders work on.
const mostSubscriptions = 1000

// Subscribe has somebody told of a webinar, a category or a lecturer.
func (s *server) Subscribe(ctx context.Context, q *datamanagementpb.SubscribeRequest) (*datamanagementpb.SubscribeResponse, error) {
	target, err := targetOf(q.GetKind(), q.GetTargetId())
	if err != nil {
		return nil, err
	}
	answer := &datamanagementpb.SubscribeResponse{}
	return answer, s.once(ctx, q, "webinar.subscribe", answer, func(w command.Wish) error {
		rows := store.New(w.Tx)
		exists, err := rows.SubscriptionTarget(ctx, store.SubscriptionTargetParams{Kind: q.GetKind(), TargetID: target})
		switch {
		case err != nil:
			return fmt.Errorf("look for %s: %w", q.GetKind(), err)
		case !exists:
			return field.None()
		}
		added, err := rows.SubscriptionInsert(ctx, store.SubscriptionInsertParams{
			AccountID: w.Who.Account, Kind: q.GetKind(), TargetID: target, Now: w.Now, Most: mostSubscriptions,
		})
		if err != nil {
			return fmt.Errorf("insert subscription: %w", err)
		}
		if added == 0 {
			return s.whyNotAdded(ctx, rows, w.Who.Account)
		}
		return s.tell.Tell(ctx, w.Tx, followed(eventpb.ActivityKind_ACTIVITY_KIND_SUBSCRIBED, w, q.GetKind(), target))
	})
}

// whyNotAdded tells the two reasons apart: there already, which is what was wished for, or too many.
func (s *server) whyNotAdded(ctx context.Context, rows *store.Queries, account uuid.UUID) error {
	n, err := rows.SubscriptionCount(ctx, account)
	if err != nil {
		return fmt.Errorf("count subscriptions: %w", err)
	}
	if n >= mostSubscriptions {
		return errs.New(errs.Conflict, "subscription.many", "You follow 1,000 things already. End some first.")
	}
	return nil
}

// Unsubscribe ends that; what is not followed is left as it is.
func (s *server) Unsubscribe(ctx context.Context, q *datamanagementpb.UnsubscribeRequest) (*datamanagementpb.UnsubscribeResponse, error) {
	target, err := targetOf(q.GetKind(), q.GetTargetId())
	if err != nil {
		return nil, err
	}
	answer := &datamanagementpb.UnsubscribeResponse{}
	return answer, s.once(ctx, q, "webinar.unsubscribe", answer, func(w command.Wish) error {
		deleted, err := store.New(w.Tx).SubscriptionDelete(ctx, store.SubscriptionDeleteParams{AccountID: w.Who.Account, Kind: q.GetKind(), TargetID: target})
		if err != nil {
			return fmt.Errorf("delete subscription: %w", err)
		}
		if deleted == 0 {
			return nil
		}
		return s.tell.Tell(ctx, w.Tx, followed(eventpb.ActivityKind_ACTIVITY_KIND_UNSUBSCRIBED, w, q.GetKind(), target))
	})
}

// followed is what the statistics hear of it: who changes their mind twice does two things.
func followed(kind eventpb.ActivityKind, w command.Wish, what string, target uuid.UUID) activity.Doing {
	d := activity.Doing{Kind: kind, Account: w.Who.Account, At: w.Now, Key: target.String() + "/" + w.Now.UTC().Format(time.RFC3339Nano)}
	if what == "webinar" {
		d.Webinar = target
	}
	return d
}

func targetOf(kind, id string) (uuid.UUID, error) {
	var f errs.Fields
	field.Among(&f, "kind", kind, "webinar", "category", "lecturer")
	if err := f.Err(); err != nil {
		return uuid.Nil, err
	}
	return field.Known(id)
}
