package webinar

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/webinar/store"
)

const live = "live"

// BeginWebinar has a planned webinar begin now. The scheduler begins it as always, only earlier.
func (s *server) BeginWebinar(ctx context.Context, q *datamanagementpb.BeginWebinarRequest) (*datamanagementpb.BeginWebinarResponse, error) {
	answer := &datamanagementpb.BeginWebinarResponse{}
	return answer, s.once(ctx, q, "webinar.begin", answer, func(w command.Wish) error {
		row, err := hosted(ctx, w, q.GetId())
		switch {
		case err != nil:
			return err
		case row.State == live:
			return nil
		case row.State != planned:
			return stillPlanned(row)
		case row.StartsAt.Sub(w.Now) > credit.Earliest:
			return errs.New(errs.Conflict, "webinar.too_early", "A webinar can begin at most 15 minutes before its time. Move it, so that everybody is told.")
		}
		return hurry(ctx, w, row, "start")
	})
}

// EndWebinar has a live webinar end now. What was watched until now counts; the programme is as long as it really was.
func (s *server) EndWebinar(ctx context.Context, q *datamanagementpb.EndWebinarRequest) (*datamanagementpb.EndWebinarResponse, error) {
	answer := &datamanagementpb.EndWebinarResponse{}
	return answer, s.once(ctx, q, "webinar.end", answer, func(w command.Wish) error {
		row, err := hosted(ctx, w, q.GetId())
		switch {
		case err != nil:
			return err
		case row.State == "ended":
			return nil
		case row.State != live:
			return errs.New(errs.Conflict, "webinar.not_live", "This webinar is not live.")
		}
		return hurry(ctx, w, row, "end")
	})
}

// hurry makes the timer due. If it fired a moment ago, what was asked for happens already.
func hurry(ctx context.Context, w command.Wish, row store.WebinarLockRow, kind string) error {
	_, err := store.New(w.Tx).PlanHurry(ctx, store.PlanHurryParams{Webinar: row.ID, Kind: kind, At: w.Now})
	if err != nil {
		return fmt.Errorf("hurry the %s: %w", kind, err)
	}
	return nil
}

// hosted reads a webinar for one of its hosts: the lecturer, and those whose role it is.
func hosted(ctx context.Context, w command.Wish, name string) (store.WebinarLockRow, error) {
	row, err := lock(ctx, w, name, 0)
	if err != nil {
		return row, err
	}
	host, err := store.New(w.Tx).WebinarHost(ctx, row.ID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return row, fmt.Errorf("read host: %w", err)
	}
	lecturer := host != nil && *host == w.Who.Account
	if !lecturer && !slices.Contains(w.Who.Roles, "host") && !slices.Contains(w.Who.Roles, "administrator") {
		return row, errs.New(errs.Forbidden, "room.hosts", "Only the lecturer, hosts and administrators may do this.")
	}
	return row, nil
}
