// Package webinar plans webinars: when they are, by which rule they are credited, and who wants to hear of them.
//
//	(none) ──Schedule──> planned ──Edit, Move──> planned ──Cancel──> cancelled
//	                        └──scheduler──> live ──Edit──> live ──scheduler──> ended
//	                                         └──Cancel, saga webinar.cancel──> cancelled
//
// The scheduler learns of a plan in the transaction that makes it, through its function plan_webinar, so that no webinar is without its
// timers and no timer without its webinar. The plan's sequence tells them apart: what was planned before a move acts no more.
package webinar

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/singleflight"
	"google.golang.org/protobuf/proto"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/markdown"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/webinar/store"
)

// States of a webinar.
const (
	planned   = "planned"
	cancelled = "cancelled"
)

type server struct {
	datamanagementpb.UnimplementedWebinarsServer

	db     *pgxpool.Pool
	events *eventlog.Log
	now    func() time.Time
	newID  func() uuid.UUID
	render *markdown.Renderer
	tell   activity.Teller

	playing chan struct{} // taken by the simulation that runs
	plays   singleflight.Group
	played  *lru.Cache[string, *datamanagementpb.SimulateWebinarResponse]
}

// New wires the subdomain.
func New(d *run.Deps, tell activity.Teller) *run.Service {
	played, err := lru.New[string, *datamanagementpb.SimulateWebinarResponse](playedMost)
	if err != nil { // only of a size below one
		panic(err)
	}
	s := &server{played: played, db: d.DB, events: d.Events, now: d.Now, newID: d.NewID, render: markdown.New(), tell: tell, playing: make(chan struct{}, 1)}
	return &run.Service{
		RPC:  []rpc.Service{{Desc: &datamanagementpb.Webinars_ServiceDesc, Impl: s}},
		Work: []run.Work{{Name: "webinar.cancel", Run: s.follow}},
	}
}

// once runs a command of the person asking, who must be logged in.
func (s *server) once(ctx context.Context, q command.Request, name string, answer proto.Message, do func(command.Wish) error) error {
	return command.Desk{DB: s.db, Now: s.now}.Once(ctx, q, name, answer, do)
}

func (s *server) append(ctx context.Context, w command.Wish, id uuid.UUID, m proto.Message) error {
	return s.events.Append(ctx, w.Tx, eventlog.Event{Stream: "webinar/" + id.String(), ExpectedVersion: eventlog.Any, Message: m})
}

// lock reads a webinar for a change of the version that its editor saw; 0 is whichever there is.
func lock(ctx context.Context, w command.Wish, name string, version int32) (store.WebinarLockRow, error) {
	id, err := field.Known(name)
	if err != nil {
		return store.WebinarLockRow{}, err
	}
	row, err := store.New(w.Tx).WebinarLock(ctx, id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return row, field.None()
	case err != nil:
		return row, fmt.Errorf("lock webinar: %w", err)
	case version != 0 && version != row.Version:
		return row, errs.New(errs.Conflict, "webinar.version", "Somebody else changed this webinar in the meantime. Your text is still here; compare it with theirs before you save.")
	}
	return row, nil
}
