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
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
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

// wish is one command while it runs: whose, when, in which transaction.
type wish struct {
	tx  pgx.Tx
	who uuid.UUID
	now time.Time
}

// once runs a command of the person asking, who must be logged in.
func (s *server) once(ctx context.Context, request, name string, answer proto.Message, do func(wish) error) error {
	id, err := command.Parse(request)
	if err != nil {
		return err
	}
	who, ok := token.From(ctx)
	if !ok {
		return errs.New(errs.Unauthenticated, "auth.required", "Please log in.")
	}
	now := s.now()
	return db.Tx(ctx, s.db, func(tx pgx.Tx) error {
		return command.Once(ctx, tx, command.Command{Actor: who.Account, Request: id, Name: name, At: now}, answer, func() error {
			return do(wish{tx, who.Account, now})
		})
	})
}

func (s *server) append(ctx context.Context, w wish, stream string, m proto.Message) error {
	return s.events.Append(ctx, w.tx, eventlog.Event{Stream: stream, ExpectedVersion: eventlog.Any, Message: m})
}
