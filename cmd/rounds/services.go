package main

import (
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/service/auth"
	"github.com/rounds-cme/rounds/service/bff"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/livewebinar"
	"github.com/rounds-cme/rounds/service/notificationcenter"
	"github.com/rounds-cme/rounds/service/notificationtaskrunner"
	"github.com/rounds-cme/rounds/service/scheduler"
	"github.com/rounds-cme/rounds/service/ssr"
	"github.com/rounds-cme/rounds/service/statistics"
)

// configs are the settings of all services, each with its name as prefix.
type configs struct {
	Auth                   auth.Config                   `embed:"" prefix:"auth-" group:"auth"`
	BFF                    bff.Config                    `embed:"" prefix:"bff-" group:"bff"`
	DataManagement         datamanagement.Config         `embed:"" prefix:"datamanagement-" group:"datamanagement"`
	LiveWebinar            livewebinar.Config            `embed:"" prefix:"livewebinar-" group:"livewebinar"`
	NotificationCenter     notificationcenter.Config     `embed:"" prefix:"notificationcenter-" group:"notificationcenter"`
	NotificationTaskRunner notificationtaskrunner.Config `embed:"" prefix:"notificationtaskrunner-" group:"notificationtaskrunner"`
	Scheduler              scheduler.Config              `embed:"" prefix:"scheduler-" group:"scheduler"`
	SSR                    ssr.Config                    `embed:"" prefix:"ssr-" group:"ssr"`
	Statistics             statistics.Config             `embed:"" prefix:"statistics-" group:"statistics"`
}

// Names of the two databases.
const (
	mainDatabase       = "rounds"
	statisticsDatabase = "rounds_statistics"
)

// services is the visible table of what Rounds is made of: started from top to bottom, stopped in reverse order.
func services(c *configs) []run.Entry {
	return []run.Entry{
		{
			Name: "datamanagement", Doc: "people, content, webinars, points", Database: mainDatabase,
			Schemas: []db.Schema{datamanagement.Schema()},
			New:     func(d *run.Deps) (*run.Service, error) { return datamanagement.New(d, c.DataManagement) },
		},
		{
			Name: "auth", Doc: "passwords, sessions, tokens, permissions", Database: mainDatabase,
			Schemas: []db.Schema{auth.Schema()},
			New:     func(d *run.Deps) (*run.Service, error) { return auth.New(d, c.Auth) },
		},
		{
			Name: "statistics", Doc: "what people do, without who they are", Database: statisticsDatabase,
			Schemas: []db.Schema{statistics.Schema()},
			New:     func(d *run.Deps) (*run.Service, error) { return statistics.New(d, c.Statistics) },
		},
		{
			Name: "notificationcenter", Doc: "e-mail and site notifications", Database: mainDatabase,
			Schemas: []db.Schema{notificationcenter.Schema()},
			New:     func(d *run.Deps) (*run.Service, error) { return notificationcenter.New(d, c.NotificationCenter) },
		},
		{
			Name: "notificationtaskrunner", Doc: "from one event to one message a person", Database: mainDatabase,
			Schemas: []db.Schema{notificationtaskrunner.Schema()},
			New: func(d *run.Deps) (*run.Service, error) {
				return notificationtaskrunner.New(d, c.NotificationTaskRunner)
			},
		},
		{
			Name: "livewebinar", Doc: "rooms: chat, checks, watch time", Database: mainDatabase,
			Schemas: []db.Schema{livewebinar.Schema()},
			New:     func(d *run.Deps) (*run.Service, error) { return livewebinar.New(d, c.LiveWebinar) },
		},
		{
			Name: "scheduler", Doc: "timers and sagas", Database: mainDatabase,
			Schemas: []db.Schema{scheduler.Schema()},
			New:     func(d *run.Deps) (*run.Service, error) { return scheduler.New(d, c.Scheduler) },
		},
		{
			Name: "bff", Doc: "the API of the browser", Database: mainDatabase,
			New: func(d *run.Deps) (*run.Service, error) { return bff.New(d, c.BFF) },
		},
		{
			Name: "ssr", Doc: "all pages",
			New: func(d *run.Deps) (*run.Service, error) { return ssr.New(d, c.SSR) },
		},
	}
}

// routes say which service answers which path; NGINX has the same table in the production shape.
func routes() []route {
	return []route{
		{"/api/", "bff"},
		{"/auth/", "auth"},
		{"/live/", "livewebinar"},
		{"/mailbox", "notificationcenter"},
		{"/mail/", "notificationcenter"},
		{"/", "ssr"},
	}
}

// schemas lists what Migrate makes in a database: the shared tools first, then each service's own.
func schemas(database string, entries []run.Entry) []db.Schema {
	var all []db.Schema
	if database == mainDatabase {
		all = append(all, queue.Schema(), eventlog.Schema(), saga.Schema())
	}
	for _, entry := range entries {
		if entry.Database == database {
			all = append(all, entry.Schemas...)
		}
	}
	return all
}
