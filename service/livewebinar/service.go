// Package livewebinar holds the rooms: video beside chat, presence checks, and the honest count of what everybody watched.
package livewebinar

import "github.com/rounds-cme/rounds/kit/run"

// Config are the settings of this service.
type Config struct{}

// New wires the service.
func New(_ *run.Deps, _ Config) (*run.Service, error) {
	return &run.Service{}, nil
}
