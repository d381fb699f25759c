// Package notificationtaskrunner turns one event into one message per person and channel, and nothing is lost or doubled
// when it dies in the middle.
//
// Why a service of its own: finding ten thousand recipients and sending ten thousand mails fail in different ways. Here
// only the database is touched; what can fail outside is the notification center's, one message at a time.
//
//	event ──> run (what, about what, for whom) ──page of 500 people──> one message a person and channel ──> queue
//	                    ^                                │
//	                    └── cursor, in the same transaction as the messages of the page
//
// Mails with a secret link come as tasks through the queue instead: the event log keeps everything, and must not keep those.
package notificationtaskrunner

import (
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/queue/desk"
	"github.com/rounds-cme/rounds/kit/retain"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/wake"
)

// Config are the settings of this service.
type Config struct {
	Page int32 `default:"500" help:"How many people one step of a run tells."`
}

type server struct {
	*run.Deps
	config Config
	bell   *wake.Bell
	zones  *i18n.Zones
}

// New wires the service.
func New(d *run.Deps, config Config) (*run.Service, error) {
	s := &server{Deps: d, config: config, bell: wake.New(d.DB, "notificationtaskrunner_run"), zones: i18n.NewZones()}
	return &run.Service{
		RPC: []rpc.Service{desk.Serve(d.Queue, "notification.task")},
		Work: append(retain.Work(d, "notificationtaskrunner"),
			run.Work{Name: "events", Run: s.follow},
			run.Work{Name: "runs", Run: s.runs},
			run.Work{Name: "tasks", Run: s.tasks},
		),
	}, nil
}
