// Package ssr renders every page on the server, for people, their phones and search engines. It asks auth, bff and livewebinar
// over gRPC and has no database.
package ssr

import "github.com/rounds-cme/rounds/kit/run"

// Config are the settings of this service.
type Config struct{}

// New wires the service.
func New(_ *run.Deps, _ Config) (*run.Service, error) {
	return &run.Service{}, nil
}
