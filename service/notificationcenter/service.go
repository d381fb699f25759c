// Package notificationcenter renders and sends what people are told, by e-mail and on the site. One message that fails harms no other.
package notificationcenter

import "github.com/rounds-cme/rounds/kit/run"

// Config are the settings of this service.
type Config struct{}

// New wires the service.
func New(_ *run.Deps, _ Config) (*run.Service, error) {
	return &run.Service{}, nil
}
