package bff

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// deliveries is what became of each message to the person asking, read through the views of the notification center.
type deliveries struct {
	bffpb.UnimplementedDeliveriesServer
	*server
}

// List is what became of the latest messages, and which of the person's addresses get no mail.
func (s *deliveries) List(ctx context.Context, q *bffpb.DeliveriesListRequest) (*bffpb.DeliveriesListResponse, error) {
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
	rows, err := s.views.DeliveriesOf(ctx, store.DeliveriesOfParams{AccountID: who.Account, Before: before, BeforeID: beforeID, Most: size})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	stopped, err := s.views.SuppressionsOf(ctx, who.Account)
	if err != nil {
		return nil, fmt.Errorf("read suppressions: %w", err)
	}
	a := &bffpb.DeliveriesListResponse{}
	for _, row := range rows {
		a.Deliveries = append(a.Deliveries, deliveryPB(row))
	}
	for _, row := range stopped {
		a.Suppressions = append(a.Suppressions, &bffpb.Suppression{
			Address: row.Address, Scope: row.Scope, Cause: row.Cause, Reason: row.Reason, At: timestamppb.New(row.At),
		})
	}
	if len(rows) == int(size) {
		last := rows[len(rows)-1]
		a.NextPageToken = pageToken(last.At, last.DeliveryID)
	}
	return a, nil
}

func deliveryPB(row store.DeliveriesOfRow) *bffpb.Delivery {
	d := &bffpb.Delivery{
		DeliveryId: row.DeliveryID.String(), Kind: row.Kind, Channel: row.Channel, State: row.State, Text: row.Text, Address: row.Address,
		Reason: row.Reason, At: timestamppb.New(row.At),
	}
	if row.Until != nil {
		d.Until = timestamppb.New(*row.Until)
	}
	return d
}

// Lift hands over to the notification center: whom mail is sent to is its to write.
func (s *deliveries) Lift(ctx context.Context, q *bffpb.DeliveriesLiftRequest) (*bffpb.DeliveriesLiftResponse, error) {
	if _, err := s.mails.Lift(ctx, &notificationcenterpb.LiftRequest{Address: q.GetAddress()}); err != nil {
		return nil, err
	}
	return &bffpb.DeliveriesLiftResponse{}, nil
}

// Preview shows how messages look.
func (s *deliveries) Preview(ctx context.Context, q *bffpb.DeliveriesPreviewRequest) (*bffpb.DeliveriesPreviewResponse, error) {
	a, err := s.mails.Preview(ctx, &notificationcenterpb.PreviewRequest{Kind: q.GetKind(), Language: q.GetLanguage(), Zone: q.GetZone()})
	if err != nil {
		return nil, err
	}
	return &bffpb.DeliveriesPreviewResponse{
		Kinds: a.GetKinds(), Kind: a.GetKind(), Topic: a.GetTopic(), Subject: a.GetSubject(), Text: a.GetText(), Html: a.GetHtml(),
		Push: a.GetPush(), Calendar: a.GetCalendar(),
	}, nil
}
