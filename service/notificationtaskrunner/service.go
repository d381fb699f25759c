// Package notificationtaskrunner turns one event into one message per person and channel, and nothing is lost or doubled
// when it dies in the middle. It remembers how far it came with every page of recipients, in the transaction that hands
// the page over.
package notificationtaskrunner

import "github.com/rounds-cme/rounds/kit/run"

// Config are the settings of this service.
type Config struct{}

// New wires the service.
func New(_ *run.Deps, _ Config) (*run.Service, error) {
	return &run.Service{}, nil
}
