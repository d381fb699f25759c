package webinar

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/webinar/store"
)

// ScheduleWebinar plans a new webinar.
func (s *server) ScheduleWebinar(ctx context.Context, q *datamanagementpb.ScheduleWebinarRequest) (*datamanagementpb.ScheduleWebinarResponse, error) {
	var f errs.Fields
	said, err := checkText(&f, s.render, q)
	if err != nil {
		return nil, err
	}
	at := start(&f, q.GetStart(), s.now())
	checkMinutes(&f, q.GetMinutes())
	field.Slug(&f, q.GetSlug())
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.ScheduleWebinarResponse{}
	return answer, s.once(ctx, q, "webinar.schedule", answer, func(w command.Wish) error {
		c, err := choose(ctx, w, q.GetLecturerId(), q.GetCategoryId(), q.GetCreditRuleId())
		if err != nil {
			return err
		}
		if err := inSteps(ctx, w, c.rule, q.GetHundredths()); err != nil {
			return err
		}
		row := store.WebinarInsertParams{
			ID: s.newID(), Title: said.title, Description: said.description, DescriptionHtml: said.html,
			LecturerID: c.lecturer, CategoryID: c.category, CreditRuleID: c.rule, StartsAt: at, Zone: q.GetStart().GetZone(),
			Minutes: q.GetMinutes(), Hundredths: q.GetHundredths(), VideoUrl: said.video, Sequence: 1, Now: w.Now,
		}
		row.Slug, err = field.Free(q.GetSlug(), said.title, row.ID, func(slug string) (int64, error) {
			row.Slug = slug
			return store.New(w.Tx).WebinarInsert(ctx, row)
		})
		if err != nil {
			return fmt.Errorf("insert webinar: %w", err)
		}
		answer.Id, answer.Slug = row.ID.String(), row.Slug
		if err := tellScheduler(ctx, w, row.ID, store.WebinarMoveRow{StartsAt: at, Minutes: row.Minutes, Sequence: row.Sequence}); err != nil {
			return err
		}
		return s.append(ctx, w, row.ID, &eventpb.WebinarScheduled{
			WebinarId: answer.GetId(), StartsAt: timestamppb.New(at), Minutes: row.Minutes, Sequence: row.Sequence,
		})
	})
}

// tellScheduler sets the timers of the plan as it is now, and ends those of the plan as it was.
func tellScheduler(ctx context.Context, w command.Wish, id uuid.UUID, plan store.WebinarMoveRow) error {
	err := store.New(w.Tx).PlanWebinar(ctx, store.PlanWebinarParams{
		Webinar: id, StartsAt: plan.StartsAt, Minutes: plan.Minutes, Sequence: plan.Sequence, Cancelled: false,
	})
	if err != nil {
		return fmt.Errorf("tell the scheduler: %w", err)
	}
	return nil
}

// EditWebinar changes what a webinar says.
func (s *server) EditWebinar(ctx context.Context, q *datamanagementpb.EditWebinarRequest) (*datamanagementpb.EditWebinarResponse, error) {
	var f errs.Fields
	said, err := checkText(&f, s.render, q)
	if err != nil {
		return nil, err
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.EditWebinarResponse{}
	return answer, s.once(ctx, q, "webinar.edit", answer, func(w command.Wish) error {
		row, err := lock(ctx, w, q.GetId(), q.GetVersion())
		if err != nil {
			return err
		}
		rule := q.GetCreditRuleId()
		if rule == "" {
			rule = row.CreditRuleID.String()
		}
		c, err := choose(ctx, w, q.GetLecturerId(), q.GetCategoryId(), rule)
		if err != nil {
			return err
		}
		if err := editable(row, c.rule, q.GetHundredths()); err != nil {
			return err
		}
		if row.State == planned {
			if err := inSteps(ctx, w, c.rule, q.GetHundredths()); err != nil {
				return err
			}
		}
		answer.Version, err = store.New(w.Tx).WebinarEdit(ctx, store.WebinarEditParams{
			ID: row.ID, Title: said.title, Description: said.description, DescriptionHtml: said.html, LecturerID: c.lecturer,
			CategoryID: c.category, CreditRuleID: c.rule, Hundredths: q.GetHundredths(), VideoUrl: said.video, Now: w.Now,
		})
		if err != nil {
			return fmt.Errorf("edit webinar: %w", err)
		}
		return nil
	})
}

// editable keeps promises: what people were told that a webinar is worth, and how, holds from the moment it is live.
func editable(row store.WebinarLockRow, rule uuid.UUID, hundredths int32) error {
	switch {
	case row.State == cancelled:
		return errs.New(errs.Conflict, "webinar.cancelled", "This webinar was cancelled and cannot be changed any more.")
	case row.State != planned && (rule != row.CreditRuleID || hundredths != row.Hundredths):
		return errs.New(errs.Conflict, "webinar.fixed", "Points and credit rule are fixed once a webinar is live.")
	}
	return nil
}

// MoveWebinar changes when a webinar is. What is already so changes nothing and tells nobody.
func (s *server) MoveWebinar(ctx context.Context, q *datamanagementpb.MoveWebinarRequest) (*datamanagementpb.MoveWebinarResponse, error) {
	var f errs.Fields
	at := start(&f, q.GetStart(), s.now())
	checkMinutes(&f, q.GetMinutes())
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.MoveWebinarResponse{}
	return answer, s.once(ctx, q, "webinar.move", answer, func(w command.Wish) error {
		row, err := lock(ctx, w, q.GetId(), q.GetVersion())
		if err != nil {
			return err
		}
		if err := stillPlanned(row); err != nil {
			return err
		}
		if at.Equal(row.StartsAt) && q.GetMinutes() == row.Minutes && q.GetStart().GetZone() == row.Zone {
			answer.Version = row.Version
			return nil
		}
		moved, err := store.New(w.Tx).WebinarMove(ctx, store.WebinarMoveParams{
			ID: row.ID, StartsAt: at, Zone: q.GetStart().GetZone(), Minutes: q.GetMinutes(), Now: w.Now,
		})
		if err != nil {
			return fmt.Errorf("move webinar: %w", err)
		}
		answer.Version = moved.Version
		if err := tellScheduler(ctx, w, row.ID, moved); err != nil {
			return err
		}
		return s.append(ctx, w, row.ID, &eventpb.WebinarMoved{
			WebinarId: row.ID.String(), WasAt: timestamppb.New(row.StartsAt), StartsAt: timestamppb.New(at), Minutes: moved.Minutes, Sequence: moved.Sequence,
		})
	})
}

func stillPlanned(row store.WebinarLockRow) error {
	if row.State != planned {
		return errs.New(errs.Conflict, "webinar.not_planned", "This is possible only before a webinar is live.")
	}
	return nil
}
