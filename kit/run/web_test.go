package run_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/web"
)

// TestDoorBehindProxy asks through a proxy that is ours and through one that is not: only the word of ours counts.
func TestDoorBehindProxy(t *testing.T) {
	t.Parallel()
	d := &run.Deps{
		Name: "echo", Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry(),
		BaseURL: "https://rounds.example", Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}
	m := web.New(d.Web())
	var seen netip.Addr
	m.Get("/", web.Public, func(_ http.ResponseWriter, r *http.Request) error {
		seen = web.Address(r.Context())
		return nil
	})
	for peer, want := range map[string]string{"10.1.2.3:4000": "203.0.113.9", "192.0.2.1:4000": "192.0.2.1"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "198.51.100.7, 203.0.113.9")
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		if seen.String() != want || w.Header().Get("Strict-Transport-Security") == "" {
			t.Errorf("from %s: %s, want %s; %v", peer, seen, want, w.Header())
		}
	}
}
