// Package datamanagement owns what Rounds is about: people, content, webinars and points, four subdomains under one roof. It calls no
// other service; what happened it tells through the event log and the queue, in the transaction of the row.
package datamanagement

import "github.com/rounds-cme/rounds/kit/run"

// Config are the settings of this service.
type Config struct{}

// New wires the service.
func New(_ *run.Deps, _ Config) (*run.Service, error) {
	return &run.Service{}, nil
}
