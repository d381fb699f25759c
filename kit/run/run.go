// Package run is the life of a service: how it is made, started, asked how it is, and stopped.
//
// Why: the nine services run in one process, or each in its own; that must make no difference to them. So a service
// is only a value that says what it serves and what it does meanwhile, and a Group gives it sockets and a life:
//
//	made ──> starting ──> serving ──> draining ──> stopped
//	          │ New wired it; nothing has been asked of a peer yet: every service starts while all others are down
//	                        │ /readyz answers 200 while the service's own needs are met; a missing peer is not one
//	                                    │ no new request, the ones under way end, work is told to end, then tools close
//
// Deps holds tools, never a service: what a service wants from another it asks over Dial, and lives with "not now".
package run

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/token"
)

// Deps are the tools that a service is made with. Clock, randomness and ids are among them, so that a test decides
// what time it is and what comes next.
type Deps struct {
	Name    string
	Now     func() time.Time
	NewID   func() uuid.UUID
	Rand    io.Reader
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Dial gives the connection to a service, wherever it is; a missing one answers Unavailable.
	Dial func(service string) grpc.ClientConnInterface
	// DB is logged in as this service's own role and connects when first used; nil for a service without a database.
	DB     *pgxpool.Pool
	Events *eventlog.Log
	Queue  queue.Driver
	Tokens *token.Verifier
	// Keys is the directory of the keys that tokens are signed with; only auth looks into it.
	Keys string
	// BaseURL is the address that people reach the site at, without a slash at its end.
	BaseURL string
	// Proxies are the networks of those in front, whose word is taken for where a request comes from.
	Proxies []netip.Prefix
}

// Service is what New makes: nothing runs yet.
type Service struct {
	RPC  []rpc.Service
	HTTP http.Handler
	Work []Work
	// Ready tells what keeps the service from doing its own work, such as a database that is down; nil when nothing.
	Ready func(context.Context) error
	// Late tells what is done and not passed on yet, such as messages while the broker is down; nil when nothing. The service
	// is ready all the same, and /readyz says both.
	Late func() error
	// Close ends what the sockets do not know of, such as WebSockets, when the service drains.
	Close func(context.Context) error
}

// Work is something a service does on its own, such as following events.
type Work struct {
	Name string
	// Run returns only when all its work is done, soon after its context ended. It must start while peers are down.
	// When it returns an error before that, it is run again after a pause.
	Run func(context.Context) error
}

// Entry is one line of the table of services.
type Entry struct {
	Name string
	// Doc says in a few words what it is for.
	Doc string
	// Database is the name of the database it keeps its tables in, or reads from; "" for none.
	Database string
	Schemas  []db.Schema
	New      func(*Deps) (*Service, error)
}
