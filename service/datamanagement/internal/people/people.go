// Package people knows who has an account, and how it was decided that somebody works in medicine.
//
//	(none) ──Register──> unconfirmed ──ConfirmEmail──> in_review ──Decide──> approved
//	                                                     ^   └────Decide────> rejected
//	                                                     └──SubmitProof───────────┘
//
// Whoever registers with an address that has an account is answered as everybody is, and the owner of the address is told by mail:
// so nobody finds out who is a member here.
package people

import (
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/password"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
)

const (
	linkLife    = 48 * time.Hour
	linksAnHour = 5
	proofLife   = 30 * 24 * time.Hour // after the decision
	tasks       = "notification.task"
)

type server struct {
	datamanagementpb.UnimplementedPeopleServer

	db     *pgxpool.Pool
	events *eventlog.Log
	log    *slog.Logger
	now    func() time.Time
	newID  func() uuid.UUID
	rand   io.Reader
	hasher *password.Hasher
	safe   *safe
	tell   activity.Teller
}

// New wires the subdomain.
func New(d *run.Deps, proofKey conf.Secret, tell activity.Teller) (*run.Service, error) {
	safe, err := newSafe(proofKey.Reveal(), d.Rand)
	if err != nil {
		return nil, err
	}
	s := &server{
		db: d.DB, events: d.Events, log: d.Log, now: d.Now, newID: d.NewID, rand: d.Rand, hasher: password.New(d.Rand), safe: safe, tell: tell,
	}
	return &run.Service{
		RPC: []rpc.Service{{Desc: &datamanagementpb.People_ServiceDesc, Impl: s}},
	}, nil
}
