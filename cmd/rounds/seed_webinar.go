package main

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/rounds-cme/rounds/cmd/rounds/demo"
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/token"
)

// rules are saved once: a rule that exists has its versions already.
func (s *seeding) rules(ctx context.Context) error {
	ctx, err := s.as(ctx, "administrator", token.Administrator)
	if err != nil {
		return err
	}
	for _, r := range s.data.Rules {
		var known bool
		if err := s.admin.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM datamanagement.credit_rule WHERE name = $1)", r.Name).Scan(&known); err != nil {
			return fmt.Errorf("look for rule %s: %w", r.Key, err)
		}
		if known {
			continue
		}
		_, err := s.webinars.SaveCreditRule(ctx, &bffpb.SaveCreditRuleRequest{
			RequestId: idOf("rule", r.Key).String(), Name: r.Name, MinPercent: small(r.MinPercent), MinChecksPercent: small(r.MinChecksPercent),
			ChecksPerHour: small(r.ChecksPerHour), CheckWindow: small(r.CheckWindow), ReconnectGrace: small(r.ReconnectGrace), ReconnectPercent: proto.Int32(small(r.ReconnectPercent)),
			Award: "event", MinutesPerPoint: 60, CreditStep: hundredths(r.CreditStep), DailyCap: hundredths(r.DailyCap),
		})
		if err != nil {
			return fmt.Errorf("save rule %s: %w", r.Key, err)
		}
	}
	return nil
}

// programme plans the webinars. Those of the past are planned for later like any other; then time passes for them.
func (s *seeding) programme(ctx context.Context) error {
	ctx, err := s.as(ctx, "administrator", token.Administrator)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, r := range s.data.Rules {
		names[r.Key] = r.Name
	}
	for _, w := range s.data.Webinars {
		if err := s.schedule(ctx, w, names[w.Rule]); err != nil {
			return fmt.Errorf("plan webinar %s: %w", w.Slug, err)
		}
	}
	return nil
}

func (s *seeding) schedule(ctx context.Context, w demo.Webinar, rule string) error {
	var lecturer, category, ruleID uuid.UUID
	var known bool
	err := s.admin.QueryRow(ctx, `SELECT l.id, c.id, (SELECT r.id FROM datamanagement.credit_rule r WHERE r.name = $3 ORDER BY version DESC LIMIT 1),
		EXISTS (SELECT 1 FROM datamanagement.webinar WHERE slug = $4)
		FROM datamanagement.lecturer l, datamanagement.category c WHERE l.slug = $1 AND c.slug = $2`,
		w.Lecturer, w.Category, rule, w.Slug).Scan(&lecturer, &category, &ruleID, &known)
	if err != nil || known {
		return err
	}
	at, err := w.StartsAt(s.first)
	if err != nil {
		return err
	}
	if w.Past() {
		at = s.first.AddDate(1, 0, 0)
	}
	_, err = s.webinars.ScheduleWebinar(ctx, &bffpb.ScheduleWebinarRequest{
		RequestId: idOf("webinar", w.Slug).String(), Title: w.Title, Description: w.Description, LecturerId: lecturer.String(),
		CategoryId: category.String(), Start: &bffpb.LocalStart{Time: at.UTC().Format("2006-01-02T15:04:05"), Zone: "UTC"},
		Minutes: small(w.Minutes), Hundredths: hundredths(w.Points), CreditRuleId: ruleID.String(), VideoUrl: w.Video, Slug: w.Slug,
	})
	if err != nil {
		return err
	}
	return s.history(ctx, "UPDATE datamanagement.webinar SET zone = $2 WHERE slug = $1", w.Slug, w.Zone)
}

// subscriptions are made by those who follow.
func (s *seeding) subscriptions(ctx context.Context) error {
	tables := map[string]string{"webinar": "webinar", "category": "category", "lecturer": "lecturer"}
	for _, one := range s.data.Subscriptions {
		var target uuid.UUID
		err := s.admin.QueryRow(ctx, "SELECT id FROM datamanagement."+tables[one.Kind]+" WHERE slug = $1", one.Target).Scan(&target)
		if err != nil {
			return fmt.Errorf("find %s %s: %w", one.Kind, one.Target, err)
		}
		person, err := s.as(ctx, one.Person, token.Member)
		if err != nil {
			return err
		}
		_, err = s.webinars.Subscribe(person, &bffpb.SubscribeRequest{
			RequestId: idOf("subscribe", one.Person+one.Kind+one.Target).String(), Kind: one.Kind, TargetId: target.String(),
		})
		if err != nil {
			return fmt.Errorf("subscribe %s to %s: %w", one.Person, one.Target, err)
		}
	}
	return nil
}

// small is for numbers of the demo, which are checked when they are read.
func small(n int) int32 { return int32(n) } //nolint:gosec // Below a thousand.

func hundredths(points float64) int32 { return int32(math.Round(points * 100)) }
