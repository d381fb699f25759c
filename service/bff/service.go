// Package bff is the API of the browser, the backend for the frontend: it validates what people send, hands it to data management,
// and reads for pages through the views that other services keep for it. It writes to no table.
//
//	pages  ── gRPC ─┐
//	                ├─> RPC (access, validation) ──> datamanagement, statistics over gRPC
//	/api/ ── JSON ──┘                            └─> views, as a role that may write nowhere
//
// The JSON API is the same RPCs: what a browser sends is turned into a call of this very service, so both ways pass the same checks.
package bff

import (
	"context"
	"log/slog"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	queuepb "github.com/rounds-cme/rounds/contract/queue/v1"
	schedulerpb "github.com/rounds-cme/rounds/contract/scheduler/v1"
	statisticspb "github.com/rounds-cme/rounds/contract/statistics/v1"
	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/pseudonym"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// Config are the settings of this service.
type Config struct {
	RegistryURL  string      `help:"Address of the registry of accredited staff, such as https://registry.example; empty: nobody is asked." default:""`
	PseudonymKey conf.Secret `secret:"pseudonym" help:"Secret from which the pseudonyms in the statistics are made; the same for all services." default:""`
}

// server is what the subjects share: tools, peers, views.
type server struct {
	log      *slog.Logger
	now      func() time.Time
	views    *store.Queries
	auth     authpb.AuthClient
	people   datamanagementpb.PeopleClient
	data     datamanagementpb.ContentClient
	center   notificationcenterpb.NotificationCenterClient
	mails    notificationcenterpb.MailsClient
	figures  statisticspb.StatisticsClient
	registry *registry
	points   datamanagementpb.PointsClient
	plans    datamanagementpb.WebinarsClient
	sagas    schedulerpb.SagasClient
	queues   map[string]queuepb.QueuesClient // by who works on them
	wishes   datamanagementpb.PreferencesClient
	namer    pseudonym.Namer
	zones    *i18n.Zones
	done     *reporter
}

// subject is one gRPC service, and the way it is reached as JSON.
type subject struct {
	service rpc.Service
	gateway func(context.Context, *runtime.ServeMux, grpc.ClientConnInterface) error
}

// subjects is all that the BFF answers; a new subject is one line.
func (s *server) subjects() []subject {
	return []subject{
		{rpc.Service{Desc: &bffpb.People_ServiceDesc, Impl: &people{server: s}}, gateway(bffpb.RegisterPeopleHandlerClient, bffpb.NewPeopleClient)},
		{rpc.Service{Desc: &bffpb.Content_ServiceDesc, Impl: &content{server: s}}, gateway(bffpb.RegisterContentHandlerClient, bffpb.NewContentClient)},
		{rpc.Service{Desc: &bffpb.Notifications_ServiceDesc, Impl: &notifications{server: s}}, gateway(bffpb.RegisterNotificationsHandlerClient, bffpb.NewNotificationsClient)},
		{rpc.Service{Desc: &bffpb.Deliveries_ServiceDesc, Impl: &deliveries{server: s}}, gateway(bffpb.RegisterDeliveriesHandlerClient, bffpb.NewDeliveriesClient)},
		{rpc.Service{Desc: &bffpb.Browsers_ServiceDesc, Impl: &browsers{server: s}}, gateway(bffpb.RegisterBrowsersHandlerClient, bffpb.NewBrowsersClient)},
		{rpc.Service{Desc: &bffpb.Preferences_ServiceDesc, Impl: &preferences{server: s}}, gateway(bffpb.RegisterPreferencesHandlerClient, bffpb.NewPreferencesClient)},
		{rpc.Service{Desc: &bffpb.Analytics_ServiceDesc, Impl: &analytics{server: s}}, gateway(bffpb.RegisterAnalyticsHandlerClient, bffpb.NewAnalyticsClient)},
		{rpc.Service{Desc: &bffpb.Webinars_ServiceDesc, Impl: &webinars{server: s}}, gateway(bffpb.RegisterWebinarsHandlerClient, bffpb.NewWebinarsClient)},
		{rpc.Service{Desc: &bffpb.Hosting_ServiceDesc, Impl: &hosting{server: s}}, gateway(bffpb.RegisterHostingHandlerClient, bffpb.NewHostingClient)},
		{rpc.Service{Desc: &bffpb.Points_ServiceDesc, Impl: &points{server: s}}, gateway(bffpb.RegisterPointsHandlerClient, bffpb.NewPointsClient)},
		{rpc.Service{Desc: &bffpb.Operations_ServiceDesc, Impl: &operations{server: s}}, gateway(bffpb.RegisterOperationsHandlerClient, bffpb.NewOperationsClient)},
	}
}

// gateway joins what the generated code gives for one service.
func gateway[C any](register func(context.Context, *runtime.ServeMux, C) error, client func(grpc.ClientConnInterface) C) func(context.Context, *runtime.ServeMux, grpc.ClientConnInterface) error {
	return func(ctx context.Context, mux *runtime.ServeMux, conn grpc.ClientConnInterface) error {
		return register(ctx, mux, client(conn))
	}
}

// New wires the service.
func New(d *run.Deps, cfg Config) (*run.Service, error) {
	data := d.Dial("datamanagement")
	s := &server{
		log: d.Log, now: d.Now, views: store.New(d.DB),
		auth:     authpb.NewAuthClient(d.Dial("auth")),
		people:   datamanagementpb.NewPeopleClient(data),
		data:     datamanagementpb.NewContentClient(data),
		center:   notificationcenterpb.NewNotificationCenterClient(d.Dial("notificationcenter")),
		mails:    notificationcenterpb.NewMailsClient(d.Dial("notificationcenter")),
		figures:  statisticspb.NewStatisticsClient(d.Dial("statistics")),
		registry: newRegistry(cfg.RegistryURL, d.Now),
		points:   datamanagementpb.NewPointsClient(data),
		plans:    datamanagementpb.NewWebinarsClient(data),
		wishes:   datamanagementpb.NewPreferencesClient(data),
		sagas:    schedulerpb.NewSagasClient(d.Dial("scheduler")),
		queues:   workers(d.Dial),
		zones:    i18n.NewZones(),
		namer:    pseudonym.New(cfg.PseudonymKey.Reveal()),
		done:     newReporter(datamanagementpb.NewActivitiesClient(data), d.Log, d.Now, d.Metrics),
	}
	mux, err := s.routes(d)
	if err != nil {
		return nil, err
	}
	whole := &run.Service{HTTP: mux, Work: []run.Work{{Name: "activity", Run: s.done.run}}, Ready: func(ctx context.Context) error { return d.DB.Ping(ctx) }}
	for _, one := range s.subjects() {
		whole.RPC = append(whole.RPC, one.service)
	}
	return whole, nil
}
