package e2e

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/ssr"
	"github.com/rounds-cme/rounds/service/statistics"
	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// analystHouse is pages, bff and statistics over real databases, with an analyst logged in.
func analystHouse(t *testing.T) (*browser.Page, *dbtest.DB) {
	t.Helper()
	keys := t.TempDir()
	if err := token.Ensure(keys, time.Now()); err != nil {
		t.Fatal(err)
	}
	own, main := dbtest.New(t, statistics.Schema()), dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema())
	local := rpc.NewLocal("bff", "statistics")
	deps := func(name string) *run.Deps {
		return &run.Deps{
			Name: name, Now: time.Now, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
			Dial: rpc.NewDialer(name, local, nil).Dial, Tokens: token.NewVerifier(filepath.Join(keys, "jwks.json"), time.Now), BaseURL: "http://localhost",
		}
	}
	serve := func(d *run.Deps, s *run.Service, err error) {
		if err != nil {
			t.Fatal(err)
		}
		server := rpc.NewServer(rpc.Options{Name: d.Name, Log: d.Log, Metrics: prometheus.NewRegistry(), Tokens: d.Tokens}, s.RPC...)
		go server.Serve(local.Listener(d.Name)) //nolint:errcheck // It ends with the test.
		t.Cleanup(server.Stop)
	}
	d := deps("statistics")
	d.DB = own.Pool("statistics")
	s, err := statistics.New(d, statistics.Config{Batch: 50, SmallCell: 10})
	serve(d, s, err)
	d = deps("bff")
	d.DB = main.Pool("bff")
	s, err = bff.New(d, bff.Config{})
	serve(d, s, err)
	pages, err := ssr.New(deps("ssr"), ssr.Config{Zone: "Europe/Ljubljana"})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(pages.HTTP)
	t.Cleanup(site.Close)
	signed, err := token.NewSigner(keys, time.Now).Sign(token.Claims{
		Account: uuid.New(), Session: uuid.New(), Roles: []string{token.Analyst}, Language: "en", Zone: "Europe/Ljubljana", Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	p := chromium.New(t, site.URL)
	withoutRooms(p)
	p.Cookie("rounds_access", signed)
	return p, own
}

// TestAnalyst is journey 8: activity over time, attendance of each webinar, and when people leave, without anybody's name.
func TestAnalyst(t *testing.T) {
	t.Parallel()
	p, figures := analystHouse(t)
	many, few := uuid.New(), uuid.New()
	for _, sql := range []string{
		`INSERT INTO statistics.hour SELECT date_trunc('hour', now()) - make_interval(hours => n), 1, 10 + n % 7 FROM generate_series(0, 400) n`,
		`INSERT INTO statistics.visit SELECT '` + many.String() + `', 'p' || n, now() - interval '1 day', 30, 1, 0, 2 FROM generate_series(1, 31) n`,
		`INSERT INTO statistics.visit SELECT '` + few.String() + `', 'p' || n, now() - interval '2 days', 30, 1, 0, 2 FROM generate_series(1, 3) n`,
		`INSERT INTO statistics.minute SELECT '` + many.String() + `', n, 31 - n FROM generate_series(0, 29) n`,
	} {
		if _, err := figures.Admin().Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	p.Open("/analyst")
	p.SeeText("h1", "Analysis")
	p.Until(`document.querySelectorAll("svg[role=img] path.line").length === 4`)
	p.SeeText("main tbody", "31")
	p.SeeText("main tbody [data-suppressed]", "Fewer than ten people")
	p.SeeText("#leaving", "In minutes without a number")
	looks(p, "analyst", look{390, false}, look{1440, false}, look{390, true}, look{1440, true})
	p.Open("/analyst?days=7&step=hour&webinar=" + few.String())
	p.SeeText("#leaving [data-suppressed]", "Fewer than ten people")
	p.Until(`document.querySelector("#q-days").value === "7" && document.querySelector("#q-step").value === "hour"`)
}
