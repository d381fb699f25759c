// Package reader knows who reads a page: account and roles, language, time zone, theme, the number
// of unseen notifications. It is made once per request and travels in the context, so that every
// page and part can ask it and no signature has to carry it.
package reader

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr/asset"
)

// Cookies with the choices of a browser. They hold no secret, so scripts may read them.
const (
	LanguageCookie = "rounds_language"
	ThemeCookie    = "rounds_theme"
	ZoneCookie     = "rounds_zone"
)

// Themes that can be chosen; System follows the device.
const (
	Light  = "light"
	Dark   = "dark"
	System = "system"
)

// Reader is who reads the page.
type Reader struct {
	LoggedIn  bool
	Account   uuid.UUID
	Roles     []string
	Language  string
	Languages []string
	Zone      string
	Theme     string
	Unseen    int             // notifications not seen yet
	Flags     map[string]bool // features that are switched on
	RequestID string
	Path      string // of the page, for the navigation
	URL       string // path and query, to come back to
	Notice    *Notice
	Now       time.Time

	assets *asset.Set
}

// Has tells whether the reader has one of the roles.
func (r Reader) Has(roles ...string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(r.Roles, role) })
}

// Asset is the address of a built file, such as "app.css".
func (r Reader) Asset(name string) string { return r.assets.URL(name) }

// DataTheme is what the html element says; empty leaves the choice to the device.
func (r Reader) DataTheme() string {
	switch r.Theme {
	case Light:
		return "rounds"
	case Dark:
		return "rounds-dark"
	}
	return ""
}

// Maker makes the reader of each request.
type Maker struct {
	Catalog *i18n.Catalog
	Assets  *asset.Set
	Now     func() time.Time
	Zone    string // of visitors whose browser has not told its own yet
	Flags   map[string]bool
	// Unseen counts unseen notifications; when that part is missing the badge is too.
	Unseen func(ctx context.Context, account uuid.UUID) (int, error)
}

// Make gives the request a context with its reader and the speaker for it.
func (m *Maker) Make(w http.ResponseWriter, req *http.Request) *http.Request {
	ctx := req.Context()
	r := Reader{
		Languages: m.Catalog.Languages(), Zone: m.Zone, Theme: choice(cookie(req, ThemeCookie), Light, Dark), Flags: m.Flags,
		RequestID: obs.Trace(ctx), Path: req.URL.Path, URL: req.URL.RequestURI(), Now: m.Now(), assets: m.Assets,
	}
	wish, zone := "", cookie(req, ZoneCookie)
	if claims, ok := token.From(ctx); ok {
		r.LoggedIn, r.Account, r.Roles = true, claims.Account, claims.Roles
		wish = claims.Language
		if claims.Zone != "" {
			zone = claims.Zone
		}
		r.Unseen = m.unseen(ctx, claims.Account)
	}
	r.Language = m.Catalog.Match(cookie(req, LanguageCookie), wish, req.Header.Get("Accept-Language"))
	if m.Catalog.Zone(zone) != nil {
		r.Zone = zone
	}
	r.Notice = takeNotice(w, req)
	ctx = i18n.With(ctx, m.Catalog.Speaker(r.Language, r.Zone, r.Now))
	return req.WithContext(With(ctx, r))
}

func (m *Maker) unseen(ctx context.Context, account uuid.UUID) int {
	if m.Unseen == nil {
		return 0
	}
	n, err := m.Unseen(ctx, account)
	if err != nil {
		obs.Event(ctx).Set("unseen_missing", err.Error())
		return 0
	}
	return n
}

func choice(value string, known ...string) string {
	if slices.Contains(known, value) {
		return value
	}
	return System
}

type readerKey struct{}

// With returns a context that knows the reader.
func With(ctx context.Context, r Reader) context.Context {
	return context.WithValue(ctx, readerKey{}, r)
}

// Made is the reader of ctx, if one was made.
func Made(ctx context.Context) (Reader, bool) {
	r, ok := ctx.Value(readerKey{}).(Reader)
	return r, ok
}

// From is the reader of ctx; a visitor who reads English in UTC where nobody was made.
func From(ctx context.Context) Reader {
	if r, ok := Made(ctx); ok {
		return r
	}
	return Reader{Language: i18n.Fallback, Languages: []string{i18n.Fallback}, Zone: "UTC", Theme: System, RequestID: obs.Trace(ctx)}
}
