// Package scheduler does what time asks for. It reminds before a webinar, starts it and ends it, as sagas whose every
// step is an event in the log; any instance continues where another one died. It appends to the event log, changes a
// webinar's status through three functions of data management, and that is all it may do. It asks the rooms one question, whether
// hosts are there, and lives without an answer.
//
//	plan_webinar (data management's transaction) ──> timers: reminder(s), hosts, start, end
//	end completed ──> timers: points, so long before the agency takes them no longer
//	the clock ──> digest (each hour), licence, retention, cleanup (each day): see recur.go
//
//	reminder ──due──> event reminder.due, unless the start has come
//	hosts ─────due──> event hosts.missing, if nobody who may host is connected
//	points ────due──> event points.deadline, while the agency has not accepted them
//	start ─────due──> saga webinar.start: status ──> room ──> announce      (undone: status planned, tried again soon)
//	end ───────due──> saga webinar.end:   room ──> status and credit ──> complete
//	points.requested ──> saga points.request: submit ──> answer   (as long as it takes)
//	cancel.requested ──> saga webinar.cancel: timers ──> status │ ──> room ──> complete   (given up before the line: it goes on)
//
// Administrators see each saga and help it on where it stands still (operate.go); nothing needs them to.
//
// A timer is claimed for some seconds with a token that grows; what it does and "done" commit together, and only for
// the holder of the latest token. So an instance that was frozen and wakes up cannot act twice.
package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	schedulerpb "github.com/rounds-cme/rounds/contract/scheduler/v1"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/kit/wake"
	"github.com/rounds-cme/rounds/service/scheduler/internal/store"
)

// Config are the settings of this service.
type Config struct {
	ReminderLeads  []time.Duration `name:"reminder-leads" default:"1h" help:"How long before a webinar its subscribers are reminded, such as 24h,1h."`
	HostsLead      time.Duration   `name:"hosts-lead" default:"10m" help:"How long before a webinar it is looked whether anybody who may host it is connected; 0: never."`
	PointsDeadline time.Duration   `name:"points-deadline" default:"192h" help:"How long after the end of a webinar the agency takes its points, where the rules of the country do not say."`
	PointsWarnings []time.Duration `name:"points-warnings" default:"48h,12h" help:"How long before that administrators are warned of points that the agency has not accepted yet."`
	Lease          time.Duration   `default:"3s" help:"How long after a crash another instance takes over a timer or a saga."`
	StartTimeout   time.Duration   `default:"10s" help:"How long the live webinar service may take to open a room before it is asked again."`
	StartAttempts  int             `default:"5" help:"How often a room is asked for before the start is undone."`
	StartPause     time.Duration   `default:"15s" help:"How long after an undone start the next one is tried."`
	EndTimeout     time.Duration   `default:"30s" help:"How long the closing of a room, and the computing of credit, may take before it is asked for again."`
	SubmitTimeout  time.Duration   `default:"10m" help:"How long handing a request for points to the agency may take before it is asked for again."`
	AnswerTimeout  time.Duration   `default:"24h" help:"How long after that it is asked again what became of the request."`
}

// hosts is the lead at which hosts are looked for, if it is done at all.
func (c Config) hosts() []time.Duration {
	if c.HostsLead == 0 {
		return nil
	}
	return []time.Duration{c.HostsLead}
}

type server struct {
	*run.Deps
	config Config
	store  *store.Queries
	sagas  *saga.Engine
	bell   *wake.Bell
	rooms  livewebinarpb.LiveWebinarClient
}

// New wires the service.
func New(d *run.Deps, config Config) (*run.Service, error) {
	return newWithCrash(d, config, nil)
}

// newWithCrash is New with a hook by which tests kill the process at a named step of a saga.
func newWithCrash(d *run.Deps, config Config, crash saga.CrashPoint) (*run.Service, error) {
	for _, lead := range slices.Concat(config.ReminderLeads, config.PointsWarnings, config.hosts()) {
		if lead < time.Second || lead > 30*24*time.Hour {
			return nil, fmt.Errorf("reminders and warnings may lead by one second to thirty days, not by %s", lead)
		}
	}
	s := &server{
		Deps: d, config: config, store: store.New(d.DB), bell: wake.New(d.DB, "scheduler_timer"),
		rooms: livewebinarpb.NewLiveWebinarClient(d.Dial("livewebinar")),
	}
	engine, err := saga.New(saga.Deps{
		Pool: d.DB, Events: d.Events, Log: d.Log, Metrics: d.Metrics, Now: d.Now, Lease: config.Lease, Crash: crash,
	}, s.startSaga(), s.endSaga(), s.cancelSaga(), s.pointsSaga())
	if err != nil {
		return nil, fmt.Errorf("sagas: %w", err)
	}
	s.sagas = engine
	return &run.Service{
		RPC: []rpc.Service{{Desc: &schedulerpb.Sagas_ServiceDesc, Impl: &operations{sagas: engine}}},
		Work: []run.Work{
			{Name: "timers", Run: s.timers},
			{Name: "sagas", Run: engine.Run},
			{Name: "wishes", Run: s.wished},
		},
	}, nil
}

// timers looks for due ones until ctx ends.
func (s *server) timers(ctx context.Context) error {
	if err := s.addRecurrences(ctx); err != nil {
		return err
	}
	rings, stop := s.bell.On()
	defer stop()
	var added time.Time
	rang := true
	for ctx.Err() == nil {
		add := rang || time.Since(added) > addEvery
		pause, err := s.look(ctx, add)
		if add {
			added = time.Now()
		}
		if err != nil {
			return err
		}
		rang = false
		select {
		case <-ctx.Done():
		case <-rings:
			rang = true
		case <-time.After(pause):
		}
	}
	return nil
}
