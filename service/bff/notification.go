package bff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// notifications is what the person asking was told on the site, read through the view of the notification center.
type notifications struct {
	bffpb.UnimplementedNotificationsServer
	*server
}

const (
	someNotifications = 30
	mostNotifications = 100
)

// List is what the person was told, the latest first.
func (s *notifications) List(ctx context.Context, q *bffpb.NotificationsListRequest) (*bffpb.NotificationsListResponse, error) {
	who, _ := token.From(ctx)
	before, beforeID, err := cursor(q.GetPageToken())
	if err != nil {
		return nil, err
	}
	if q.GetPageToken() == "" {
		before = s.now().Add(time.Hour) // Clocks of services may differ a little.
	}
	size := q.GetPageSize()
	if size <= 0 {
		size = someNotifications
	}
	size = min(size, mostNotifications)
	rows, err := s.views.NotificationsOf(ctx, store.NotificationsOfParams{
		AccountID: who.Account, Before: before, BeforeID: beforeID, Most: size,
	})
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	unseen, err := s.unseen(ctx, who.Account)
	if err != nil {
		return nil, err
	}
	a := &bffpb.NotificationsListResponse{Unseen: unseen}
	for _, row := range rows {
		a.Notifications = append(a.Notifications, notificationPB(row))
	}
	if len(rows) == int(size) {
		last := rows[len(rows)-1]
		a.NextPageToken = pageToken(last.CreatedAt, last.NotificationID)
	}
	return a, nil
}

// Get is one of the person's own; that of somebody else is not found.
func (s *notifications) Get(ctx context.Context, q *bffpb.NotificationsGetRequest) (*bffpb.Notification, error) {
	who, _ := token.From(ctx)
	id, err := uuid.Parse(q.GetNotificationId())
	if err != nil {
		return nil, errs.New(errs.Invalid, "notification.id", "This is not the number of a notification.")
	}
	row, err := s.views.NotificationOf(ctx, store.NotificationOfParams{NotificationID: id, AccountID: who.Account})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.New(errs.NotFound, "notification.not_found", "There is no such notification.")
	}
	if err != nil {
		return nil, fmt.Errorf("read notification: %w", err)
	}
	return notificationPB(store.NotificationsOfRow(row)), nil
}

func notificationPB(row store.NotificationsOfRow) *bffpb.Notification {
	return &bffpb.Notification{
		NotificationId: row.NotificationID.String(), Kind: row.Kind, Text: row.Text, Path: row.Path,
		CreatedAt: timestamppb.New(row.CreatedAt), Seen: row.SeenAt != nil,
	}
}

// Unseen is the number on the bell.
func (s *notifications) Unseen(ctx context.Context, _ *bffpb.NotificationsUnseenRequest) (*bffpb.NotificationsUnseenResponse, error) {
	who, _ := token.From(ctx)
	unseen, err := s.unseen(ctx, who.Account)
	return &bffpb.NotificationsUnseenResponse{Unseen: unseen}, err
}

// MarkSeen hands over to the notification center: what somebody has seen is its to write.
func (s *notifications) MarkSeen(ctx context.Context, q *bffpb.NotificationsMarkSeenRequest) (*bffpb.NotificationsMarkSeenResponse, error) {
	if len(q.GetNotificationIds()) > mostNotifications {
		return nil, errs.New(errs.Invalid, "notification.too_many", "At most 100 notifications can be marked at once.")
	}
	a, err := s.center.MarkSeen(ctx, &notificationcenterpb.MarkSeenRequest{NotificationIds: q.GetNotificationIds()})
	if err != nil {
		return nil, err
	}
	return &bffpb.NotificationsMarkSeenResponse{Unseen: a.GetUnseen()}, nil
}

func (s *notifications) unseen(ctx context.Context, account uuid.UUID) (int32, error) {
	unseen, err := s.views.NotificationsUnseen(ctx, account)
	if err != nil {
		return 0, fmt.Errorf("count unseen notifications: %w", err)
	}
	return int32(min(unseen, 1_000_000)), nil //nolint:gosec // Bounded.
}
