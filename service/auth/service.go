// Package auth knows who somebody is: passwords, sessions, tokens and permissions. It needs no other service; others verify its
// tokens by themselves, so that nobody is logged out when it is down.
package auth

import "github.com/rounds-cme/rounds/kit/run"

// Config are the settings of this service.
type Config struct{}

// New wires the service.
func New(_ *run.Deps, _ Config) (*run.Service, error) {
	return &run.Service{}, nil
}
