package obs

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// The nine services may share one process and one registry, and several of them use the same kit.
// So these helpers return the metric that is registered already instead of failing on the second.
// Labels need few values: a route pattern, a method, a queue, never an id.

// Seconds is a histogram of durations, from 1 ms to 10 s.
func Seconds(reg prometheus.Registerer, name, help string, labels ...string) *prometheus.HistogramVec {
	return registered(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help,
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, labels))
}

// Counter counts what only grows.
func Counter(reg prometheus.Registerer, name, help string, labels ...string) *prometheus.CounterVec {
	return registered(reg, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels))
}

// Gauge shows what goes up and down.
func Gauge(reg prometheus.Registerer, name, help string, labels ...string) *prometheus.GaugeVec {
	return registered(reg, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels))
}

// registered panics only when the same name is used for two different metrics, which is a mistake
// in the code that the first test run shows.
func registered[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	if reg == nil {
		return c
	}
	err := reg.Register(c)
	if err == nil {
		return c
	}
	var already prometheus.AlreadyRegisteredError
	if errors.As(err, &already) {
		if same, ok := already.ExistingCollector.(C); ok {
			return same
		}
	}
	panic(fmt.Errorf("metric: %w", err))
}
