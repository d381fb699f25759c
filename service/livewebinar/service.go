// Package livewebinar holds the rooms in which webinars happen: it lets members in, carries what they say, asks whether
// they are there, and writes down what they watched, so that credit can be computed from it and disputed with it.
//
// Why a service of its own: thousands of open connections and a heartbeat of each have another rhythm than pages and
// forms, and a room must go on while everything around it is restarted.
//
//	             start.requested              end.requested                (frozen, room.closed)
//	(no room) ────────────────────> open ───────────────────> closing ───────────────────────────> closed
//	                                 │ start.failed
//	                                 └──────────────> abandoned ──start.requested──> open
//
// What a room shows beside the film is its board, in board.go. Whatever changes on it goes through boards.change, which gives it
// a revision, commits it and tells it:
//
//	revision, err := s.boards.change(ctx, webinar, func(ctx context.Context, tx pgx.Tx, revision int32) error {
//		…write the items with this revision, or return errUnchanged…
//	})
//
// The database is the truth, memory the running total. A room in memory can be made again at any moment from its row and
// its log, so a kill -9 costs a viewer at most the heartbeat that had not been written.
package livewebinar

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/pseudonym"
	krpc "github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/fanout"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
)

// Config is what an operator may set.
type Config struct {
	PseudonymKey conf.Secret `secret:"pseudonym" help:"Secret from which the pseudonyms in the statistics are made; the same for all services." default:""`
	// A person writes this many messages at once, and one more each second.
	ChatBurst int         `help:"Chat messages that a person may send at once; one more each second." default:"5"`
	RedisURL  conf.Secret `name:"redis-url" help:"Redis, such as redis://:password@redis:6379/0, through which several instances tell each other at once what they would otherwise find in the database a second later. One instance needs none."`
	// A hospital is one address.
	VisitorsPerAddress int `help:"Connections without an account that may be open from one address outside private networks, on each instance; 0: any number." default:"200"`
	// Instances of one service know each other through the database.
	Lease time.Duration `help:"How long an instance may give no sign of life before the others go on without it." default:"5s"`
	// An incident takes a time out of everybody's programme, so it wants many people.
	IncidentPercent int           `help:"When more than this share of a room loses its connection at about the same time, that time is held against nobody. 0: never." default:"25"`
	IncidentPeople  int           `help:"The least number of people for it." default:"5"`
	IncidentWithin  time.Duration `help:"How close together they lose it." default:"30s"`
	IncidentMost    time.Duration `help:"The longest time that is left out at once." default:"5m"`
}

func (c Config) outage() room.Outage {
	return room.Outage{
		Percent: c.IncidentPercent, Least: cmp.Or(c.IncidentPeople, 5), Within: cmp.Or(c.IncidentWithin, 30*time.Second),
		Most: cmp.Or(c.IncidentMost, 5*time.Minute),
	}
}

type server struct {
	log         *slog.Logger
	now         func() time.Time // of the rooms, the same on all instances
	clock       *clock
	peers       *peers
	rand        io.Reader
	events      *eventlog.Log
	tokens      *token.Verifier
	node        *centrifuge.Node
	fan         *fanout.Fan
	rooms       *rooms
	boards      *boards
	wire        *wire
	recorder    *recorder
	activity    activity
	talk        *web.Limiter
	limits      limits
	seconds     *prometheus.HistogramVec
	connections prometheus.Gauge
	methods     map[string]method
	gates       gates
	headlines   headlines
	guests      guests
	wake        chan struct{}
	freezing    sync.Map // rooms that are being frozen by this instance
	freezers    sync.WaitGroup
}

// New wires the service.
func New(d *run.Deps, cfg Config) (*run.Service, error) {
	me := d.NewID()
	clock := newClock(d.Now, d.DB)
	s := &server{
		log: d.Log, now: clock.now, clock: clock, rand: d.Rand, events: d.Events, tokens: d.Tokens,
		peers:       newPeers(me, d.DB, d.Log, cmp.Or(cfg.Lease, defaultLease)),
		wire:        newWire(me, cfg.RedisURL, d.Log, d.Metrics),
		recorder:    newRecorder(me, d.DB, d.Log, d.Metrics),
		activity:    activity{namer: pseudonym.New(cfg.PseudonymKey.Reveal())},
		talk:        web.NewLimiter(web.Rate{Every: time.Second, Burst: cfg.ChatBurst}, d.Now),
		seconds:     obs.Seconds(d.Metrics, "rounds_live_seconds", "Duration of the calls of browsers in rooms.", "method"),
		connections: obs.Gauge(d.Metrics, "rounds_live_connections", "Browsers that are connected to this instance; more instances are started by it.").WithLabelValues(),
		limits:      newLimits(d.Now),
		methods:     methods(),
		gates:       newGates(),
		wake:        make(chan struct{}, 1),
		guests:      guests{most: cfg.VisitorsPerAddress},
	}
	s.boards = newBoards(d.DB, d.Log, clock.now)
	s.boards.publish, s.boards.local, s.boards.enforce = s.publish, s.hand, s.enforce
	s.boards.programme = programme
	s.rooms = newRooms(me, clock, s.boards)
	s.rooms.say, s.rooms.outage, s.rooms.sure = s.spoken, cfg.outage(), s.peers.sure
	s.fan = s.newFan()
	node, err := s.newNode(d.Name, d.Metrics)
	if err != nil {
		return nil, err
	}
	s.node, s.wire.node, s.wire.arrive = node, node, s.arrived
	mux := s.routes(d.Web())
	return &run.Service{
		RPC:  []krpc.Service{{Desc: &livewebinarpb.LiveWebinar_ServiceDesc, Impl: &rpc{server: s}}},
		HTTP: mux,
		Work: []run.Work{
			{Name: "instances", Run: s.stay},
			{Name: "events", Run: s.follow},
			{Name: "rooms", Run: s.keep},
			{Name: "other instances", Run: s.followOthers},
			{Name: "watch log", Run: s.recorder.run},
			{Name: "wire", Run: s.wire.run},
			{Name: "boards", Run: s.tend},
		},
		Close: s.stop,
	}, node.Run()
}

// stop says goodbye to everybody, then writes down what that led to. Browsers come back to whoever serves next.
func (s *server) stop(ctx context.Context) error {
	if err := errors.Join(s.node.Shutdown(ctx), s.recorder.flush(ctx)); err != nil {
		return err
	}
	return s.peers.leave(ctx)
}

// spoken sends what was said in a room.
func (s *server) spoken(webinar uuid.UUID, messages []*livewebinarpb.ChatMessage) {
	s.publish(roomChannel(webinar), &livewebinarpb.RoomPush{Messages: messages})
}

// stir makes the keeper look at once, soon after the transaction that it is called in.
func (s *server) stir() {
	time.AfterFunc(20*time.Millisecond, func() {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	})
}

func errInternal(cause error) error {
	return errs.Wrap(cause, errs.Internal, "internal", "Something went wrong on our side. Nothing was lost; please try again.")
}
