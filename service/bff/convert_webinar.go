package bff

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

func webinarCardPB(w store.DatamanagementBffWebinar, subscribed bool) *bffpb.WebinarCard {
	return &bffpb.WebinarCard{
		Id: w.WebinarID.String(), Slug: w.Slug, Title: w.Title, State: w.State,
		Lecturer: &bffpb.Lecturer{Id: w.LecturerID.String(), Slug: w.LecturerSlug, Name: w.Lecturer, Title: w.LecturerTitle},
		Category: &bffpb.Category{Id: w.CategoryID.String(), Slug: w.CategorySlug, NameEn: w.CategoryEn, NameSl: w.CategorySl},
		StartsAt: timestamppb.New(w.StartsAt), Zone: w.Zone, Minutes: w.Minutes, Hundredths: w.Hundredths, Sequence: w.Sequence, Subscribed: subscribed,
	}
}

func subscriptionPB(r store.SubscriptionsRow) *bffpb.Subscription {
	return &bffpb.Subscription{
		Kind: r.Kind, TargetId: r.TargetID.String(), Slug: r.Slug, NameEn: r.NameEn, NameSl: r.NameSl,
		Since: timestamppb.New(r.CreatedAt), StartsAt: stamp(r.StartsAt),
	}
}

func rulePB(id uuid.UUID, name string, version int32, text []byte) (*bffpb.CreditRule, error) {
	r, err := credit.ParseRule(text)
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", id, err)
	}
	return &bffpb.CreditRule{
		Id: id.String(), Name: name, Version: version,
		MinPercent: number(r.MinPercent), MinChecksPercent: number(r.MinChecksPercent), ChecksPerHour: number(r.ChecksPerHour),
		CheckWindow: number(r.CheckWindow), ReconnectGrace: number(r.ReconnectGrace), Award: string(r.Award),
		MinutesPerPoint: number(r.MinutesPerPoint), CreditStep: number(r.CreditStep), DailyCap: number(r.DailyCap),
		ReconnectPercent: proto.Int32(number(r.ReconnectPercent)),
	}, nil
}

// number is for what ParseRule has bounded.
func number[N ~int | ~int64 | ~int32](n N) int32 { return int32(n) } //nolint:gosec // bounded by the rule

const wall = "2006-01-02T15:04:05"

// localStart is an instant as the clocks of its zone show it, with which of two when they show it twice.
func localStart(at time.Time, zone string) *bffpb.LocalStart {
	where, err := time.LoadLocation(zone)
	if err != nil {
		where, zone = time.UTC, "UTC"
	}
	shown := at.In(where).Format(wall)
	answer := &bffpb.LocalStart{Time: strings.TrimSuffix(shown, ":00"), Zone: zone}
	for _, shift := range []time.Duration{30 * time.Minute, time.Hour} {
		switch shown {
		case at.Add(-shift).In(where).Format(wall):
			answer.Occurrence = "second"
		case at.Add(shift).In(where).Format(wall):
			answer.Occurrence = "first"
		}
	}
	return answer
}
