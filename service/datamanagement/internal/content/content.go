// Package content keeps what is read and discussed: categories, lecturers, articles, comments.
//
//	article   (none) ──Save──> draft ──Publish──> published ──Unpublish──> draft      Save keeps the state
//	comment   (none) ──Add──> shown ──Edit, ten minutes──> shown ──Hide──> hidden
//
// An article is rendered and sanitised once, when it is written, so that reading it costs nothing and no page has to trust a text.
// Two editors cannot overwrite each other: a save names the version that was read.
package content

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/markdown"
)

type server struct {
	datamanagementpb.UnimplementedContentServer

	db     *pgxpool.Pool
	events *eventlog.Log
	now    func() time.Time
	newID  func() uuid.UUID
	render *markdown.Renderer
	tell   activity.Teller
}

// New wires the subdomain.
func New(d *run.Deps, tell activity.Teller) *run.Service {
	s := &server{db: d.DB, events: d.Events, now: d.Now, newID: d.NewID, render: markdown.New(), tell: tell}
	return &run.Service{RPC: []rpc.Service{{Desc: &datamanagementpb.Content_ServiceDesc, Impl: s}}}
}

// once runs a command of the person asking, who must be logged in.
func (s *server) once(ctx context.Context, q command.Request, name string, answer proto.Message, do func(command.Wish) error) error {
	return command.Desk{DB: s.db, Now: s.now}.Once(ctx, q, name, answer, do)
}

func (s *server) append(ctx context.Context, w command.Wish, stream string, m proto.Message) error {
	return s.events.Append(ctx, w.Tx, eventlog.Event{Stream: stream, ExpectedVersion: eventlog.Any, Message: m})
}
