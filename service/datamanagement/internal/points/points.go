// Package points knows what attendance was worth: it applies the frozen rule to the frozen attendance of a webinar, asks the agency
// for the points, and books them into the ledger that keeps a licence.
//
//	webinar ended ──> evaluated ──RequestPoints──> sent ──RecordAnswer──> accepted ──> booked, once for each person
//	                      ^                          └────RecordAnswer──> refused
//	                      └──────────── may be requested again ──────────────┘
//
// A request goes its way as saga points.request: handed over (submit), and answered (answer), however long that takes.
//
//	appeal:  open ──DecideAppeal──> granted ──(request of its own)──> sent ──RecordAnswer──> accepted ──> booked as a correction
//	          │└──DecideAppeal──> refused
//	          └──WithdrawAppeal──> withdrawn
//
// A booking is never changed or deleted. That one webinar books at most once for one person is kept by a unique index, whatever is
// repeated, retried or killed.
package points

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
)

type server struct {
	datamanagementpb.UnimplementedPointsServer

	db     *pgxpool.Pool
	events *eventlog.Log
	now    func() time.Time
	newID  func() uuid.UUID
	tell   activity.Teller
}

// New wires the subdomain.
func New(d *run.Deps, tell activity.Teller) *run.Service {
	s := &server{db: d.DB, events: d.Events, now: d.Now, newID: d.NewID, tell: tell}
	return &run.Service{
		RPC:  []rpc.Service{{Desc: &datamanagementpb.Points_ServiceDesc, Impl: s}},
		Work: []run.Work{{Name: "points.evaluate", Run: s.follow}, {Name: "points.agency", Run: s.serve}},
	}
}

// follow computes credit for every webinar that ends.
func (s *server) follow(ctx context.Context) error {
	return s.events.Follow(ctx, "datamanagement", []string{"webinar.ended"}, s.ended)
}

func webinarStream(id uuid.UUID) string { return "webinar/" + id.String() }
