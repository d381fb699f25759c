// Package arrow is who speaks to whom, and over what: the one table from which the network is closed everywhere else.
//
//	Table ──> deploy/helm/rounds/files/arrows.yaml   the NetworkPolicies, which open exactly these
//	      ──> docs/arrows.md                         the picture
//	      ──> Callers                                whose certificate a service listens to, whatever an RPC allows
//	      <── callers of each RPC in its .proto      test/arch holds them, and every Dial in the code, against the table
//
// Who is not a service is an Outsider: a program that is not ours, or somebody who is not here.
package arrow

import "slices"

// Over is what an arrow speaks.
type Over string

// What arrows speak. Ports are those of the production shape.
const (
	RPC      Over = "grpc"
	HTTP     Over = "http"
	Private  Over = "private" // /readyz and /metrics
	Postgres Over = "postgresql"
	AMQP     Over = "amqp"
	Manage   Over = "amqp-management"
	Redis    Over = "redis"
	SMTP     Over = "smtp"
	HTTPS    Over = "https"
)

// Who is at an end of an arrow and no service.
const (
	Browser    = "browser"
	NGINX      = "nginx"
	Main       = "postgresql"
	Statistics = "postgresql-statistics"
	Replica    = "postgresql-statistics-replica"
	Analysts   = "analysts"
	Broker     = "rabbitmq"
	Cache      = "redis"
	MailServer = "mailserver"
	Push       = "push-services"
	Registry   = "registry"
	Monitoring = "monitoring"
	Migration  = "migration"
)

// Arrow is one connection that may be: From opens it.
type Arrow struct {
	From, To string
	Over     Over
	For      string
}

// Services are the nine, in the order in which ARCHITECTURE.md has them.
func Services() []string {
	return []string{
		"auth", "ssr", "bff", "datamanagement", "scheduler", "livewebinar", "notificationtaskrunner", "notificationcenter", "statistics",
	}
}

// Table is every connection that may be.
func Table() []Arrow {
	all := []Arrow{
		{Browser, NGINX, HTTPS, "everything that people see"},
		{MailServer, NGINX, HTTPS, "what came back"},

		{NGINX, "ssr", HTTP, "pages"},
		{NGINX, "bff", HTTP, "the API of browsers"},
		{NGINX, "auth", HTTP, "logging in"},
		{NGINX, "livewebinar", HTTP, "rooms, over WebSocket"},
		{NGINX, "notificationcenter", HTTP, "the mailbox of the demo; mails that came back"},

		{"ssr", "bff", RPC, "what stands on pages"},
		{"ssr", "auth", RPC, "sessions, permissions"},
		{"ssr", "livewebinar", RPC, "rooms, for hosts and moderators"},
		{"bff", "auth", RPC, "who asks"},
		{"bff", "datamanagement", RPC, "whatever is written"},
		{"bff", "scheduler", RPC, "processes, for operators"},
		{"bff", "statistics", RPC, "figures for analysts"},
		{"bff", "notificationcenter", RPC, "notifications, deliveries, queues"},
		{"bff", "notificationtaskrunner", RPC, "queues, for operators"},
		{"scheduler", "livewebinar", RPC, "whether hosts are there"},
		{"notificationcenter", "livewebinar", RPC, "who is in a room and needs no mail"},

		{"datamanagement", Main, Postgres, "its tables, the log, its outbox"},
		{"auth", Main, Postgres, "its tables, its outbox"},
		{"scheduler", Main, Postgres, "its tables, the log"},
		{"livewebinar", Main, Postgres, "its tables, the log, its outbox"},
		{"notificationtaskrunner", Main, Postgres, "its tables, the log, its outbox"},
		{"notificationcenter", Main, Postgres, "its tables, the log, its outbox"},
		{"bff", Main, Postgres, "views, to read"},
		{"statistics", Main, Postgres, "the log, its queue"},
		{"statistics", Statistics, Postgres, "its tables"},

		{"datamanagement", Broker, AMQP, "puts tasks and activities"},
		{"auth", Broker, AMQP, "puts tasks"},
		{"livewebinar", Broker, AMQP, "puts activities"},
		{"notificationtaskrunner", Broker, AMQP, "takes tasks, puts notifications"},
		{"notificationcenter", Broker, AMQP, "takes notifications"},
		{"statistics", Broker, AMQP, "takes activities"},
		{"livewebinar", Cache, Redis, "news of rooms between its instances"},

		{"notificationcenter", MailServer, SMTP, "mails"},
		{"notificationcenter", Push, HTTPS, "pushes to browsers"},

		{"bff", Registry, HTTPS, "whether somebody is accredited"},

		{Migration, Main, Postgres, "tables and rights"},
		{Migration, Statistics, Postgres, "tables and rights"},
		{Migration, Broker, Manage, "queues and accounts"},
		{Replica, Statistics, Postgres, "streams what is written"},
		{Analysts, Replica, Postgres, "reads, and disturbs nobody"},
	}
	for _, service := range Services() {
		all = append(all, Arrow{Monitoring, service, Private, "metrics"})
	}
	return all
}

// Callers are the services that may call another at all.
func Callers(service string) []string {
	var all []string
	for _, a := range Table() {
		if a.To == service && a.Over == RPC {
			all = append(all, a.From)
		}
	}
	slices.Sort(all)
	return all
}
