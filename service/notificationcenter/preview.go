package notificationcenter

import (
	"context"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"

	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/text"
)

// mailServer answers what is asked about e-mail.
type mailServer struct {
	notificationcenterpb.UnimplementedMailsServer
	*server
}

// Lift implements the contract: a person decides for their own addresses only.
func (s *mailServer) Lift(ctx context.Context, in *notificationcenterpb.LiftRequest) (*notificationcenterpb.LiftResponse, error) {
	who, ok := token.From(ctx)
	if !ok {
		return nil, errs.New(errs.Unauthenticated, "auth.required", "Please log in.")
	}
	lifted, err := s.store.SuppressionLift(ctx, store.SuppressionLiftParams{AccountID: who.Account, Address: in.GetAddress()})
	if err != nil {
		return nil, fmt.Errorf("lift suppression: %w", err)
	}
	return &notificationcenterpb.LiftResponse{Lifted: lifted > 0}, nil
}

// Preview implements the contract.
func (s *mailServer) Preview(_ context.Context, in *notificationcenterpb.PreviewRequest) (*notificationcenterpb.PreviewResponse, error) {
	kinds := s.writer.Kinds()
	kind := in.GetKind()
	if kind == "" {
		kind = kinds[0]
	}
	if !slices.Contains(kinds, kind) {
		return nil, errs.New(errs.NotFound, "message.kind", "There is no such kind of message.")
	}
	zone := in.GetZone()
	if !i18n.IsZone(zone) {
		zone = "UTC"
	}
	sample := text.Sample(kind, in.GetLanguage(), zone, s.Now())
	wayOut := ""
	if sample.GetTopic() != "" {
		wayOut = s.BaseURL + "/unsubscribe?token=…"
	}
	message, err := s.writer.Write(sample, wayOut, s.Now())
	if err != nil {
		return nil, err
	}
	a := &notificationcenterpb.PreviewResponse{
		Kinds: kinds, Kind: kind, Topic: sample.GetTopic(), Subject: message.Subject, Text: message.Text, Html: message.HTML, Push: message.Push,
	}
	if found := inviteOf(sample); found != nil {
		sender, err := netmail.ParseAddress(s.config.From)
		if err != nil {
			return nil, fmt.Errorf("read the sender: %w", err)
		}
		file := newComposer(sender, nil, s.stamp(), s.Now, s.BaseURL).file(mail{Name: sample.GetName(), To: sample.GetAddress(), Invite: found})
		a.Calendar = strings.ReplaceAll(string(file), "\r\n", "\n")
	}
	return a, nil
}
