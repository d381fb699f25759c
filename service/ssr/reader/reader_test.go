package reader_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

func maker(t *testing.T) *reader.Maker {
	t.Helper()
	c, err := i18n.Load(fstest.MapFS{"en/a.yaml": {Data: []byte("a.b: c")}, "sl/a.yaml": {Data: []byte("a.b: č")}})
	if err != nil {
		t.Fatal(err)
	}
	return &reader.Maker{Catalog: c, Now: time.Now, Zone: "Europe/Ljubljana"}
}

func read(m *reader.Maker, ctx context.Context, header http.Header) reader.Reader { //nolint:revive // the context is what is tested
	r := httptest.NewRequest(http.MethodGet, "/articles?page=2", http.NoBody).WithContext(ctx)
	r.Header = header
	return reader.From(m.Make(httptest.NewRecorder(), r).Context())
}

func TestVisitor(t *testing.T) {
	t.Parallel()
	got := read(maker(t), context.Background(), http.Header{"Accept-Language": {"sl-SI"}})
	if got.LoggedIn || got.Language != "sl" || got.Zone != "Europe/Ljubljana" || got.Theme != reader.System || got.URL != "/articles?page=2" {
		t.Errorf("%+v", got)
	}
}

func TestCookiesChoose(t *testing.T) {
	t.Parallel()
	got := read(maker(t), context.Background(), http.Header{
		"Accept-Language": {"en"},
		"Cookie":          {"rounds_language=sl; rounds_theme=dark; rounds_zone=America%2FNew_York"},
	})
	if got.Language != "sl" || got.DataTheme() != "rounds-dark" || got.Zone != "America/New_York" {
		t.Errorf("%+v", got)
	}
}

func TestHostileCookies(t *testing.T) {
	t.Parallel()
	got := read(maker(t), context.Background(), http.Header{
		"Cookie": {"rounds_language=<script>; rounds_theme=zebra; rounds_zone=..%2F..%2Fetc%2Fpasswd; rounds_notice=!!!"},
	})
	if got.Language != "en" || got.DataTheme() != "" || got.Zone != "Europe/Ljubljana" || got.Notice != nil {
		t.Errorf("%+v", got)
	}
}

func TestAccount(t *testing.T) {
	t.Parallel()
	ctx := token.With(context.Background(), token.Claims{Account: uuid.New(), Roles: []string{token.Member, token.Host}, Language: "sl", Zone: "Europe/London"})
	m := maker(t)
	m.Unseen = func(context.Context, uuid.UUID) (int, error) { return 3, nil }
	got := read(m, ctx, http.Header{"Cookie": {"rounds_zone=Asia%2FTokyo"}})
	if !got.LoggedIn || got.Language != "sl" || got.Zone != "Europe/London" || got.Unseen != 3 || !got.Has(token.Host) || got.Has(token.Analyst) {
		t.Errorf("%+v", got)
	}
	m.Unseen = func(context.Context, uuid.UUID) (int, error) { return 9, errors.New("down") }
	if got := read(m, ctx, nil); got.Unseen != 0 {
		t.Errorf("a count that is missing shows no badge, got %d", got.Unseen)
	}
}

func TestNoticeIsShownOnce(t *testing.T) {
	t.Parallel()
	told := httptest.NewRecorder()
	reader.Tell(told, reader.Notice{Key: "a.b", Args: map[string]string{"name": "Ana"}, Undo: "/undo"})
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.AddCookie(told.Result().Cookies()[0])
	shown := httptest.NewRecorder()
	got := reader.From(maker(t).Make(shown, r).Context())
	if got.Notice == nil || got.Notice.Key != "a.b" || got.Notice.Args["name"] != "Ana" {
		t.Fatalf("notice %+v", got.Notice)
	}
	if cookies := shown.Result().Cookies(); len(cookies) != 1 || cookies[0].MaxAge >= 0 {
		t.Errorf("the notice stays: %v", cookies)
	}
}
