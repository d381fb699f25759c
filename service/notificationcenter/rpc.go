package notificationcenter

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
)

// rpcServer answers over gRPC.
type rpcServer struct {
	notificationcenterpb.UnimplementedNotificationCenterServer
	*server
}

const seenAtOnce = 100

// MarkSeen implements the contract.
func (s *rpcServer) MarkSeen(ctx context.Context, in *notificationcenterpb.MarkSeenRequest) (*notificationcenterpb.MarkSeenResponse, error) {
	who, ok := token.From(ctx)
	if !ok {
		return nil, errs.New(errs.Unauthenticated, "auth.required", "Please log in.")
	}
	if len(in.GetNotificationIds()) > seenAtOnce {
		return nil, errs.New(errs.Invalid, "notification.too_many", "At most 100 notifications can be marked at once.")
	}
	ids := make([]uuid.UUID, 0, len(in.GetNotificationIds()))
	for _, text := range in.GetNotificationIds() {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, errs.New(errs.Invalid, "notification.id", "This is not the number of a notification.")
		}
		ids = append(ids, id)
	}
	now := s.Now()
	if _, err := s.store.NotificationSee(ctx, store.NotificationSeeParams{AccountID: who.Account, Ids: ids, Now: &now}); err != nil {
		return nil, fmt.Errorf("mark as seen: %w", err)
	}
	s.bells.touch(who.Account) // in the other tabs
	unseen, err := s.store.NotificationUnseen(ctx, who.Account)
	if err != nil {
		return nil, fmt.Errorf("count unseen: %w", err)
	}
	return &notificationcenterpb.MarkSeenResponse{Unseen: int32(min(unseen, 1_000_000))}, nil //nolint:gosec // Bounded.
}
