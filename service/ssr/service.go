// Package ssr renders every page on the server, for people, their phones and search engines. It
// asks auth, bff and livewebinar over gRPC and has no database.
//
// Why on the server: a page that arrives whole is read on a slow phone, by a search engine and by a
// screen reader alike, and works where scripts do not. What a peer cannot answer right now is one
// block of the page that says so; the rest stands.
//
//	request ─> kit/web (access, limits) ─> reader.Make (who, language, zone) ─> handler
//	        ─> peers over gRPC ─> view ─> page/<name> ─> layout.Page ─> HTML
package ssr

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/asset"
	"github.com/rounds-cme/rounds/service/ssr/locale"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// Config are the settings of this service.
type Config struct {
	Zone string `help:"Time zone of visitors whose browser has not told its own." default:"Europe/Ljubljana"`
	// Support is shown where something may be wrong that only a person can put right.
	Support string          `help:"E-mail address that people write to when something seems wrong." default:"support@rounds.example"`
	Flags   map[string]bool `help:"Features to switch on or off, as name=true."`
}

// server is what the handlers share.
type server struct {
	now    func() time.Time
	newID  func() uuid.UUID
	assets *asset.Set
	reader *reader.Maker
	live   livewebinarpb.LiveWebinarClient
	people bffpb.PeopleClient
	points bffpb.PointsClient

	content  bffpb.ContentClient
	told     bffpb.NotificationsClient
	wishes   bffpb.PreferencesClient
	browsers bffpb.BrowsersClient

	deliveries bffpb.DeliveriesClient

	analytics bffpb.AnalyticsClient

	webinars   bffpb.WebinarsClient
	hosting    bffpb.HostingClient
	operations bffpb.OperationsClient
	auth       authpb.AuthClient
	support    string
	base       string // of the site, for what leaves it
}

// New wires the service.
func New(d *run.Deps, cfg Config) (*run.Service, error) {
	catalog, err := i18n.Load(locale.Files)
	if err != nil {
		return nil, fmt.Errorf("read the texts of the pages: %w", err)
	}
	assets, err := asset.Load()
	if err != nil {
		return nil, err
	}
	s := &server{live: livewebinarpb.NewLiveWebinarClient(d.Dial("livewebinar")), now: d.Now, newID: d.NewID, assets: assets}
	s.people = bffpb.NewPeopleClient(d.Dial("bff"))
	s.points = bffpb.NewPointsClient(d.Dial("bff"))
	s.content = bffpb.NewContentClient(d.Dial("bff"))
	s.auth, s.support = authpb.NewAuthClient(d.Dial("auth")), cmp.Or(cfg.Support, "support@rounds.example")
	rights := &permissions{auth: s.auth, now: d.Now, known: map[uuid.UUID]permission{}}
	s.analytics = bffpb.NewAnalyticsClient(d.Dial("bff"))
	s.deliveries = bffpb.NewDeliveriesClient(d.Dial("bff"))
	s.wishes, s.browsers = bffpb.NewPreferencesClient(d.Dial("bff")), bffpb.NewBrowsersClient(d.Dial("bff"))
	s.told = bffpb.NewNotificationsClient(d.Dial("bff"))
	s.webinars, s.base = bffpb.NewWebinarsClient(d.Dial("bff")), strings.TrimSuffix(d.BaseURL, "/")
	s.hosting = bffpb.NewHostingClient(d.Dial("bff"))
	s.operations = bffpb.NewOperationsClient(d.Dial("bff"))
	s.reader = &reader.Maker{Unseen: s.unseen, Catalog: catalog, Assets: assets, Now: d.Now, Zone: cfg.Zone, Flags: cfg.Flags}
	o := d.Web()
	o.Policy = web.Policy{Media: []string{"blob:", "https:"}, Connect: []string{"https:"}, Workers: []string{"blob:"}}
	o.Identify, o.Denied, o.Render = rights.identify, s.denied, s.renderError
	return &run.Service{HTTP: s.routes(o)}, nil
}
