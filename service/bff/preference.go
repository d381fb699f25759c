package bff

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// preferences is what the person asking wants to be told of; what may be chosen is data management's to decide.
type preferences struct {
	bffpb.UnimplementedPreferencesServer
	*server
}

// Show gives every topic with every channel, though only what was said no to is kept.
func (s *preferences) Show(ctx context.Context, _ *bffpb.PreferencesShowRequest) (*bffpb.PreferencesShowResponse, error) {
	who, _ := token.From(ctx)
	setting, err := s.views.NotificationSettingOf(ctx, who.Account)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.New(errs.NotFound, "account.none", "This account does not exist any more.")
	}
	if err != nil {
		return nil, fmt.Errorf("read setting: %w", err)
	}
	rows, err := s.views.PreferencesOf(ctx, who.Account)
	if err != nil {
		return nil, fmt.Errorf("read preferences: %w", err)
	}
	a := &bffpb.PreferencesShowResponse{
		QuietFrom: clock(setting.QuietFrom), QuietTo: clock(setting.QuietTo), ArticleDigest: setting.ArticleDigest, Zone: setting.Zone,
	}
	if until := setting.PausedUntil; until != nil && until.After(s.now()) {
		a.PausedUntil = timestamppb.New(*until)
	}
	a.Choices, a.Exceptions = choices(rows)
	return a, nil
}

func choices(rows []store.PreferencesOfRow) (all []*bffpb.PreferenceChoice, exceptions []*bffpb.PreferenceException) {
	said := map[[2]string]bool{}
	for _, row := range rows {
		if row.TargetID == uuid.Nil {
			said[[2]string{row.Topic, row.Channel}] = row.Enabled
			continue
		}
		exceptions = append(exceptions, &bffpb.PreferenceException{
			Topic: row.Topic, Channel: row.Channel, On: row.Enabled, TargetId: row.TargetID.String(), TargetKind: row.TargetKind,
			Slug: row.Slug, NameEn: row.NameEn, NameSl: row.NameSl,
		})
	}
	for _, topic := range []string{"webinar", "change", "article", "reply", "points", "licence"} {
		for _, channel := range []string{"site", "email", "push"} {
			on, chosen := said[[2]string{topic, channel}]
			all = append(all, &bffpb.PreferenceChoice{Topic: topic, Channel: channel, On: on || !chosen})
		}
	}
	return all, exceptions
}

// clock is a time of day as forms write it; empty for none.
func clock(minute *int16) string {
	if minute == nil {
		return ""
	}
	return fmt.Sprintf("%02d:%02d", *minute/60, *minute%60)
}

// Save hands over one page of choices.
func (s *preferences) Save(ctx context.Context, q *bffpb.PreferencesSaveRequest) (*bffpb.PreferencesSaveResponse, error) {
	p := &datamanagementpb.SavePreferencesRequest{
		RequestId: q.GetRequestId(), QuietFrom: q.GetQuietFrom(), QuietTo: q.GetQuietTo(), ArticleDigest: q.GetArticleDigest(),
	}
	for _, c := range q.GetChoices() {
		p.Choices = append(p.Choices, &datamanagementpb.TopicChoice{Topic: c.GetTopic(), Channel: c.GetChannel(), On: c.GetOn()})
	}
	if _, err := s.wishes.SavePreferences(ctx, p); err != nil {
		return nil, err
	}
	return &bffpb.PreferencesSaveResponse{}, nil
}

// Pause hands over a pause, or its end.
func (s *preferences) Pause(ctx context.Context, q *bffpb.PreferencesPauseRequest) (*bffpb.PreferencesPauseResponse, error) {
	a, err := s.wishes.PauseNotifications(ctx, &datamanagementpb.PauseNotificationsRequest{RequestId: q.GetRequestId(), Until: q.GetUntil()})
	if err != nil {
		return nil, err
	}
	return &bffpb.PreferencesPauseResponse{PausedUntil: a.GetPausedUntil()}, nil
}

// Except hands over an exception, or its end.
func (s *preferences) Except(ctx context.Context, q *bffpb.PreferencesExceptRequest) (*bffpb.PreferencesExceptResponse, error) {
	_, err := s.wishes.Except(ctx, &datamanagementpb.ExceptRequest{
		RequestId: q.GetRequestId(), Topic: q.GetTopic(), TargetId: q.GetTargetId(), Channel: q.GetChannel(), Choice: q.GetChoice(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.PreferencesExceptResponse{}, nil
}

// ShowOptout tells what the link of a mail would stop.
func (s *preferences) ShowOptout(ctx context.Context, q *bffpb.ShowOptoutRequest) (*bffpb.OptoutScope, error) {
	a, err := s.wishes.ShowOptout(ctx, &datamanagementpb.ShowOptoutRequest{Token: q.GetToken()})
	return optoutPB(a.GetScope(), err)
}

// Optout stops it.
func (s *preferences) Optout(ctx context.Context, q *bffpb.OptoutRequest) (*bffpb.OptoutScope, error) {
	a, err := s.wishes.Optout(ctx, &datamanagementpb.OptoutRequest{Token: q.GetToken()})
	return optoutPB(a.GetScope(), err)
}

// UndoOptout has it come again.
func (s *preferences) UndoOptout(ctx context.Context, q *bffpb.UndoOptoutRequest) (*bffpb.OptoutScope, error) {
	a, err := s.wishes.UndoOptout(ctx, &datamanagementpb.UndoOptoutRequest{Token: q.GetToken()})
	return optoutPB(a.GetScope(), err)
}

func optoutPB(o *datamanagementpb.OptoutScope, err error) (*bffpb.OptoutScope, error) {
	if err != nil {
		return nil, err
	}
	return &bffpb.OptoutScope{
		Topic: o.GetTopic(), Channel: o.GetChannel(), TargetKind: o.GetTargetKind(), TargetEn: o.GetTargetEn(), TargetSl: o.GetTargetSl(),
		MaskedEmail: o.GetMaskedEmail(), Stopped: o.GetStopped(), OnSiteInstead: o.GetOnSiteInstead(),
	}, nil
}
