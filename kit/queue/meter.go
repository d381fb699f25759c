package queue

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/obs"
)

// Results of a delivery in the metrics.
const (
	Done     = "done"
	Retried  = "retried"
	Buried   = "dead"
	Expired  = "expired"
	Released = "released" // taken and not begun
	Doubled  = "double"   // finished before
	Lost     = "lost"     // the lease ran out or the connection went: another has it
)

// Meter measures queues alike for every driver: what leaves the hands of this process, and how the queues stand that it works on. The
// first is also reported to the table, since the numbers of all instances together are what an operator asks for.
type Meter struct {
	table   Table
	log     *slog.Logger
	settled *prometheus.CounterVec
	again   *prometheus.CounterVec
	depth   *prometheus.GaugeVec
	oldest  *prometheus.GaugeVec
	rate    *prometheus.GaugeVec

	mu   sync.Mutex
	flow map[string]*Flow // not reported yet
}

// NewMeter makes the metrics.
func NewMeter(table Table, log *slog.Logger, reg prometheus.Registerer) *Meter {
	return &Meter{
		table: table, log: log, flow: map[string]*Flow{},
		settled: obs.Counter(reg, "rounds_queue_messages_total", "Messages that left a worker, by result.", "queue", "result"),
		again:   obs.Counter(reg, "rounds_queue_redelivered_total", "Deliveries that were not the first of their message.", "queue"),
		depth:   obs.Gauge(reg, "rounds_queue_depth", "Messages in a queue, by state.", "queue", "state"),
		oldest:  obs.Gauge(reg, "rounds_queue_oldest_seconds", "Age of the oldest message that could be taken.", "queue"),
		rate:    obs.Gauge(reg, "rounds_queue_rate", "Messages a second in the last five minutes, of all instances, by what became of them.", "queue", "what"),
	}
}

// Left counts messages that left a worker.
func (m *Meter) Left(name, result string, n int) {
	m.settled.WithLabelValues(name, result).Add(float64(n))
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.of(name)
	switch result {
	case Done:
		f.Done += n
	case Retried:
		f.Retried += n
	case Buried:
		f.Dead += n
	case Expired:
		f.Expired += n
	}
}

// Came counts a delivery.
func (m *Meter) Came(name string, attempt int) {
	if attempt <= 1 {
		return
	}
	m.again.WithLabelValues(name).Inc()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(name).Again++
}

func (m *Meter) of(name string) *Flow {
	if m.flow[name] == nil {
		m.flow[name] = &Flow{}
	}
	return m.flow[name]
}

const looks = 10 * time.Second

// Watch reports and shows a queue every few seconds until ctx ends; stats is the driver's.
func (m *Meter) Watch(ctx context.Context, name string, stats func(context.Context, string) (Stats, error)) {
	tick := time.NewTicker(looks)
	defer tick.Stop()
	for {
		m.Report(ctx, name)
		if s, err := stats(ctx, name); err == nil {
			m.Show(name, s)
		} else if ctx.Err() == nil {
			m.log.Debug("a queue cannot be measured", "queue", name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Last reports what is left when a consumer has ended.
func (m *Meter) Last(name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) // it was told to stop, and this is worth a moment
	defer cancel()
	m.Report(ctx, name)
}

// Report tells the table what happened since the last report. What cannot be told now is told later.
func (m *Meter) Report(ctx context.Context, name string) {
	m.mu.Lock()
	f := *m.of(name)
	m.flow[name] = &Flow{}
	m.mu.Unlock()
	if f == (Flow{}) {
		return
	}
	_, err := m.table.Pool.Exec(ctx, `SELECT queue.report($1, $2, $3, $4, $5, $6)`, name, f.Done, f.Retried, f.Again, f.Dead, f.Expired)
	if err == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.of(name)
	now.Done, now.Retried, now.Again = now.Done+f.Done, now.Retried+f.Retried, now.Again+f.Again
	now.Dead, now.Expired = now.Dead+f.Dead, now.Expired+f.Expired
}

// Show sets the gauges.
func (m *Meter) Show(name string, s Stats) {
	for state, n := range map[State]int{Ready: s.Ready, Delayed: s.Delayed, Taken: s.Taken, Dead: s.Dead} {
		m.depth.WithLabelValues(name, string(state)).Set(float64(n))
	}
	m.oldest.WithLabelValues(name).Set(s.Oldest.Seconds())
	f := s.Recent
	for what, n := range map[string]int{"put": f.Put, Done: f.Done, Retried: f.Retried, Buried: f.Dead, Expired: f.Expired, "redelivered": f.Again} {
		m.rate.WithLabelValues(name, what).Set(float64(n) / Recent.Seconds())
	}
}
