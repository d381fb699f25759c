package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"github.com/rounds-cme/rounds/kit/run"
)

// webServer is an HTTP server of the process itself, in front of the services.
type webServer struct{ server *http.Server }

func serveFront(listener net.Listener, handler http.Handler, log *slog.Logger) *webServer {
	server := run.HTTPServer(handler, log)
	go func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Error("front door closed", "error", err)
		}
	}()
	return &webServer{server: server}
}

// stop waits for requests under way; those that outlast ctx are cut.
func (w *webServer) stop(ctx context.Context) error {
	if err := w.server.Shutdown(ctx); err != nil {
		return errors.Join(err, w.server.Close())
	}
	return nil
}
