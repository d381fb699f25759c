// Package scheduler does what time asks for: it starts and ends webinars as sagas in the event log and says when a reminder is due. Any
// instance continues where another one died.
package scheduler

import "github.com/rounds-cme/rounds/kit/run"

// Config are the settings of this service.
type Config struct{}

// New wires the service.
func New(_ *run.Deps, _ Config) (*run.Service, error) {
	return &run.Service{}, nil
}
