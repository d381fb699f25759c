package bff

import (
	"context"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
)

// Data management checks what these carry; its errors name the fields as they are named here.

func startPB(l *bffpb.LocalStart) *datamanagementpb.LocalStart {
	return &datamanagementpb.LocalStart{Time: l.GetTime(), Zone: l.GetZone(), Occurrence: l.GetOccurrence()}
}

// ScheduleWebinar plans a new webinar.
func (s *webinars) ScheduleWebinar(ctx context.Context, q *bffpb.ScheduleWebinarRequest) (*bffpb.ScheduleWebinarResponse, error) {
	answer, err := s.plans.ScheduleWebinar(ctx, &datamanagementpb.ScheduleWebinarRequest{
		RequestId: q.GetRequestId(), Title: q.GetTitle(), Description: q.GetDescription(), LecturerId: q.GetLecturerId(), CategoryId: q.GetCategoryId(), Start: startPB(q.GetStart()), Minutes: q.GetMinutes(), Hundredths: q.GetHundredths(), CreditRuleId: q.GetCreditRuleId(), VideoUrl: q.GetVideoUrl(), Slug: q.GetSlug(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.ScheduleWebinarResponse{Id: answer.GetId(), Slug: answer.GetSlug()}, nil
}

// EditWebinar changes what a webinar says.
func (s *webinars) EditWebinar(ctx context.Context, q *bffpb.EditWebinarRequest) (*bffpb.EditWebinarResponse, error) {
	answer, err := s.plans.EditWebinar(ctx, &datamanagementpb.EditWebinarRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Version: q.GetVersion(), Title: q.GetTitle(), Description: q.GetDescription(), LecturerId: q.GetLecturerId(), CategoryId: q.GetCategoryId(), Hundredths: q.GetHundredths(), CreditRuleId: q.GetCreditRuleId(), VideoUrl: q.GetVideoUrl(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.EditWebinarResponse{Version: answer.GetVersion()}, nil
}

// MoveWebinar changes when a webinar is.
func (s *webinars) MoveWebinar(ctx context.Context, q *bffpb.MoveWebinarRequest) (*bffpb.MoveWebinarResponse, error) {
	answer, err := s.plans.MoveWebinar(ctx, &datamanagementpb.MoveWebinarRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Version: q.GetVersion(), Start: startPB(q.GetStart()), Minutes: q.GetMinutes(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.MoveWebinarResponse{Version: answer.GetVersion()}, nil
}

// CancelWebinar calls a webinar off.
func (s *webinars) CancelWebinar(ctx context.Context, q *bffpb.CancelWebinarRequest) (*bffpb.CancelWebinarResponse, error) {
	_, err := s.plans.CancelWebinar(ctx, &datamanagementpb.CancelWebinarRequest{
		RequestId: q.GetRequestId(), Id: q.GetId(), Reason: q.GetReason(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.CancelWebinarResponse{}, nil
}

// BeginWebinar has a planned webinar begin now.
func (s *webinars) BeginWebinar(ctx context.Context, q *bffpb.BeginWebinarRequest) (*bffpb.BeginWebinarResponse, error) {
	_, err := s.plans.BeginWebinar(ctx, &datamanagementpb.BeginWebinarRequest{RequestId: q.GetRequestId(), Id: q.GetId()})
	if err != nil {
		return nil, err
	}
	return &bffpb.BeginWebinarResponse{}, nil
}

// EndWebinar has a live webinar end now.
func (s *webinars) EndWebinar(ctx context.Context, q *bffpb.EndWebinarRequest) (*bffpb.EndWebinarResponse, error) {
	_, err := s.plans.EndWebinar(ctx, &datamanagementpb.EndWebinarRequest{RequestId: q.GetRequestId(), Id: q.GetId()})
	if err != nil {
		return nil, err
	}
	return &bffpb.EndWebinarResponse{}, nil
}

// SaveCreditRule makes a rule, or its next version.
func (s *webinars) SaveCreditRule(ctx context.Context, q *bffpb.SaveCreditRuleRequest) (*bffpb.SaveCreditRuleResponse, error) {
	answer, err := s.plans.SaveCreditRule(ctx, &datamanagementpb.SaveCreditRuleRequest{
		RequestId: q.GetRequestId(), Name: q.GetName(), MinPercent: q.GetMinPercent(), MinChecksPercent: q.GetMinChecksPercent(), ChecksPerHour: q.GetChecksPerHour(), CheckWindow: q.GetCheckWindow(), ReconnectGrace: q.GetReconnectGrace(), Award: q.GetAward(), MinutesPerPoint: q.GetMinutesPerPoint(), CreditStep: q.GetCreditStep(), DailyCap: q.GetDailyCap(),
		BaseVersion: q.GetBaseVersion(), Compared: heldPB(q.GetCompared()), ReconnectPercent: q.ReconnectPercent,
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.SaveCreditRuleResponse{Id: answer.GetId(), Version: answer.GetVersion()}, nil
}

// Subscribe has the person asking told of something.
func (s *webinars) Subscribe(ctx context.Context, q *bffpb.SubscribeRequest) (*bffpb.SubscribeResponse, error) {
	_, err := s.plans.Subscribe(ctx, &datamanagementpb.SubscribeRequest{
		RequestId: q.GetRequestId(), Kind: q.GetKind(), TargetId: q.GetTargetId(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.SubscribeResponse{}, nil
}

// Unsubscribe ends that.
func (s *webinars) Unsubscribe(ctx context.Context, q *bffpb.UnsubscribeRequest) (*bffpb.UnsubscribeResponse, error) {
	_, err := s.plans.Unsubscribe(ctx, &datamanagementpb.UnsubscribeRequest{
		RequestId: q.GetRequestId(), Kind: q.GetKind(), TargetId: q.GetTargetId(),
	})
	if err != nil {
		return nil, err
	}
	return &bffpb.UnsubscribeResponse{}, nil
}
