package main

import (
	"net/http"

	"github.com/rounds-cme/rounds/kit/run"
)

// route sends every path with a prefix to a service.
type route struct{ prefix, service string }

// front is the one way in where no NGINX stands: it sends each path to its service, in memory. A service that has no
// pages, or does not run here, answers 503, as NGINX does.
func front(members []*run.Member) http.Handler {
	handlers := map[string]http.Handler{}
	for _, member := range members {
		if member.Service.HTTP != nil {
			handlers[member.Name] = member.Service.HTTP
		}
	}
	mux := http.NewServeMux()
	for _, r := range routes() {
		handler := handlers[r.service]
		if handler == nil {
			handler = http.HandlerFunc(missing)
		}
		mux.Handle(r.prefix, handler)
		if r.prefix == "/mailbox" {
			mux.Handle(r.prefix+"/", handler)
		}
	}
	return mux
}

func missing(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "This part of Rounds is not available right now. Please try again in a moment.", http.StatusServiceUnavailable)
}
