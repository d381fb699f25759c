// Package auth knows who somebody is: passwords, sessions, tokens and permissions. It needs no other service; others verify its
// tokens by themselves, so that nobody is logged out when it is down.
//
//	login ──> session ──(access token, 10 min)──> refresh ──> session …
//	             │  each refresh token is good once; 10 s of grace for tabs that come at the same moment
//	             ├── an old refresh token comes back ──> stolen: session ended
//	             └── logout, new password, 30 days unused ──> ended
//
// Wrong passwords are counted for one account from one address, so nobody can lock another person out. A flood from many addresses
// against one account makes logins to it slower for places that it was not used from, and refuses nobody.
package auth

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	"github.com/rounds-cme/rounds/kit/password"
	"github.com/rounds-cme/rounds/kit/retain"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
)

// Config are the settings of this service.
type Config struct {
	AccessTime  time.Duration `help:"How long a token is good before it is renewed." default:"10m"`
	SessionTime time.Duration `help:"How long a session lasts that nobody uses." default:"720h"`
}

const (
	grace      = 10 * time.Second // for tabs that refresh at the same moment
	resetLife  = time.Hour
	resetsHour = 3
	tasks      = "notification.task"
)

type server struct {
	authpb.UnimplementedAuthServer

	cfg    Config
	keys   string
	https  bool
	db     *pgxpool.Pool
	log    *slog.Logger
	now    func() time.Time
	newID  func() uuid.UUID
	rand   io.Reader
	signer *token.Signer
	hasher *password.Hasher
	// wait slows a login down; it gives up with the context.
	wait func(ctx context.Context, d time.Duration)
}

// New wires the service.
func New(d *run.Deps, cfg Config) (*run.Service, error) {
	if cfg.AccessTime == 0 {
		cfg.AccessTime = 10 * time.Minute
	}
	if cfg.SessionTime == 0 {
		cfg.SessionTime = 30 * 24 * time.Hour
	}
	s := &server{
		cfg: cfg, keys: d.Keys, https: strings.HasPrefix(d.BaseURL, "https:"), db: d.DB, log: d.Log, now: d.Now, newID: d.NewID, rand: d.Rand,
		signer: token.NewSigner(d.Keys, d.Now), hasher: password.New(d.Rand), wait: wait,
	}
	return &run.Service{
		RPC:   []rpc.Service{{Desc: &authpb.Auth_ServiceDesc, Impl: s}},
		HTTP:  s.routes(d),
		Work:  retain.Work(d, "auth"),
		Ready: func(ctx context.Context) error { return d.DB.Ping(ctx) },
	}, nil
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
