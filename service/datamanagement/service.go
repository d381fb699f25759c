// Package datamanagement owns what Rounds is about: people, content, webinars, points and what people want to be
// told of, subdomains under one roof. It calls no
// other service; what happened it tells through the event log and the queue, in the transaction of the row.
//
// Each subdomain is a package of its own with its own tables, so that one can move out one day; they meet in one transaction only where
// the business does.
package datamanagement

import (
	"context"
	"fmt"

	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/optout"
	"github.com/rounds-cme/rounds/kit/retain"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/content"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/licence"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/people"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/points"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/preference"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/webinar"
)

// Config are the settings of this service.
type Config struct {
	PseudonymKey conf.Secret `secret:"pseudonym" help:"Secret from which the pseudonyms in the statistics are made; the same for all services." default:""`
	ProofKey     conf.Secret `secret:"proof" help:"Key with which proofs of profession are encrypted: 32 bytes in base64. Keep it: without it they cannot be read." default:""`
	OptoutKey    conf.Secret `secret:"optout" help:"Secret with which the links that stop e-mails are signed; the same for all services. Keep it: old mails hold such links." default:""`
}

// subject is a subdomain as the service sees it: what it answers, and what it does on its own.
type subject func(*run.Deps, Config) (*run.Service, error)

// subjects are the subdomains; a new one is one line.
func subjects() []subject {
	return []subject{
		newPeople,
		newContent,
		newWebinar,
		newPoints,
		newPreference,
		newLicence,
		newActivity,
	}
}

// New wires the service.
func New(d *run.Deps, cfg Config) (*run.Service, error) {
	whole := &run.Service{Ready: func(ctx context.Context) error { return d.DB.Ping(ctx) }}
	for _, wire := range subjects() {
		one, err := wire(d, cfg)
		if err != nil {
			return nil, err
		}
		whole.RPC = append(whole.RPC, one.RPC...)
		whole.Work = append(whole.Work, one.Work...)
	}
	whole.Work = append(whole.Work, retain.Work(d, "datamanagement")...)
	return whole, nil
}

func newPeople(d *run.Deps, cfg Config) (*run.Service, error) {
	s, err := people.New(d, cfg.ProofKey, cfg.teller())
	if err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	return s, nil
}

func newContent(d *run.Deps, cfg Config) (*run.Service, error) {
	return content.New(d, cfg.teller()), nil
}

func newPoints(d *run.Deps, cfg Config) (*run.Service, error) {
	return points.New(d, cfg.teller()), nil
}

func newWebinar(d *run.Deps, cfg Config) (*run.Service, error) {
	return webinar.New(d, cfg.teller()), nil
}

func newPreference(d *run.Deps, cfg Config) (*run.Service, error) {
	return preference.New(d, optout.New(cfg.OptoutKey.Reveal())), nil
}

func newLicence(d *run.Deps, _ Config) (*run.Service, error) { return licence.New(d), nil }

func newActivity(d *run.Deps, cfg Config) (*run.Service, error) {
	return activity.Serve(d, cfg.teller()), nil
}

// teller tells the statistics what people do.
func (c Config) teller() activity.Teller { return activity.New(c.PseudonymKey.Reveal()) }
