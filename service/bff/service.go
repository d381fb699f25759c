// Package bff is the API of the browser, the backend for the frontend: it validates what people send, hands it to data management,
// and reads for pages through the views that other services keep for it. It writes to no table.
package bff

import "github.com/rounds-cme/rounds/kit/run"

// Config are the settings of this service.
type Config struct{}

// New wires the service.
func New(_ *run.Deps, _ Config) (*run.Service, error) {
	return &run.Service{}, nil
}
