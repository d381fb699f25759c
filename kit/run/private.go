package run

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/pprof"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Private is the handler for operators' eyes: never routed to from outside.
//
//	/livez    200 while the process can answer at all
//	/readyz   200 when every service here can do its own work, else 503 and what is missing
//	/metrics  Prometheus
//	/debug/pprof
func (g *Group) Private(metrics prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", g.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func (g *Group) readyz(w http.ResponseWriter, r *http.Request) {
	missing := g.Ready(r.Context())
	if len(missing) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	for _, member := range g.members {
		if missing[member.Name] != nil {
			continue
		}
		if late := member.late(); late != nil {
			fmt.Fprintf(w, "%s: ready, but what it passes on is late: %v\n", member.Name, late)
			continue
		}
		fmt.Fprintf(w, "%s: ready\n", member.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		fmt.Fprintf(w, "%s: %v\n", name, missing[name])
	}
}
