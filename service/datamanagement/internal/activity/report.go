package activity

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
)

// mostAtOnce bounds one report.
const mostAtOnce = 500

type server struct {
	datamanagementpb.UnimplementedActivitiesServer

	db   *pgxpool.Pool
	tell Teller
}

// Serve wires what is reported from outside.
func Serve(d *run.Deps, tell Teller) *run.Service {
	s := &server{db: d.DB, tell: tell}
	return &run.Service{RPC: []rpc.Service{{Desc: &datamanagementpb.Activities_ServiceDesc, Impl: s}}}
}

// ReportActivities hands on what was done without changing anything.
func (s *server) ReportActivities(ctx context.Context, q *datamanagementpb.ReportActivitiesRequest) (*datamanagementpb.ReportActivitiesResponse, error) {
	if len(q.GetDone()) == 0 || len(q.GetDone()) > mostAtOnce {
		return nil, errs.New(errs.Invalid, "activity.many", "Report between 1 and 500 activities at once.")
	}
	doings := make([]Doing, 0, len(q.GetDone()))
	for _, one := range q.GetDone() {
		d, ok := reported(one)
		if !ok {
			return nil, errs.New(errs.Invalid, "activity.wrong", "An activity lacks its kind, person, article or time.")
		}
		doings = append(doings, d)
	}
	err := db.Tx(ctx, s.db, func(tx pgx.Tx) error { return s.tell.Tell(ctx, tx, doings...) })
	return &datamanagementpb.ReportActivitiesResponse{}, err
}

// reported reads one; an article counts as read once a day, so that loading the page again is no second reading.
func reported(one *datamanagementpb.Done) (Doing, bool) {
	account, err := uuid.Parse(one.GetAccountId())
	if err != nil || one.GetAt().CheckValid() != nil {
		return Doing{}, false
	}
	d := Doing{Kind: one.GetKind(), Account: account, At: one.GetAt().AsTime()}
	switch d.Kind { //nolint:exhaustive // everything else is told where it takes effect
	case eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_SEARCHED:
		return d, true
	case eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_READ:
		d.Article, err = uuid.Parse(one.GetArticleId())
		d.Key = d.Article.String() + "/" + d.At.UTC().Format(time.DateOnly)
		return d, err == nil
	}
	return d, false
}
