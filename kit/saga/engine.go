package saga

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/wake"
)

// Deps are the engine's tools. Events must know Types() and log in as the same role as Pool.
type Deps struct {
	Pool    *pgxpool.Pool
	Events  *eventlog.Log
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Now     func() time.Time
	Lease   time.Duration // how long after a kill another instance takes over; 3 s
	Workers int           // sagas at once; 4
	Crash   CrashPoint    // tests only
}

// Engine runs the sagas of one service. Every instance of the service has one.
type Engine struct {
	Deps
	defs  map[string]Definition
	names []string
	bell  *wake.Bell
	steps *prometheus.CounterVec
}

// New makes an engine for the definitions; it connects when it runs.
func New(d Deps, defs ...Definition) (*Engine, error) {
	if d.Lease <= 0 {
		d.Lease = 3 * time.Second
	}
	if d.Workers <= 0 {
		d.Workers = 4
	}
	if d.Crash == nil {
		d.Crash = func(string, string, Phase) {}
	}
	e := &Engine{Deps: d, defs: map[string]Definition{}, bell: wake.New(d.Pool, "saga")}
	e.steps = obs.Counter(d.Metrics, "rounds_saga_events_total", "What happened to sagas.", "saga", "event")
	for _, def := range defs {
		if err := def.check(); err != nil {
			return nil, err
		}
		e.defs[def.Name] = def
		e.names = append(e.names, def.Name)
	}
	return e, nil
}

// Start begins a saga in the caller's transaction. It is false, and nothing happens, when it was begun before.
func (e *Engine) Start(ctx context.Context, tx pgx.Tx, name, id string, data map[string]string) (bool, error) {
	if _, known := e.defs[name]; !known {
		return false, fmt.Errorf("start saga: there is no %q", name)
	}
	var fresh bool
	if err := tx.QueryRow(ctx, `SELECT saga.open($1, $2, $3)`, name, id, e.Now()).Scan(&fresh); err != nil {
		return false, fmt.Errorf("start saga %s %s: %w", name, id, err)
	}
	if !fresh && e.defs[name].Again {
		return e.again(ctx, tx, name, id, data)
	}
	if !fresh {
		return false, nil
	}
	return true, e.append(ctx, tx, &State{Name: name, ID: id}, begun, entry{Data: data})
}

// again begins a saga anew that was undone. One that is being undone is waited for: whoever wants it again must not be forgotten.
func (e *Engine) again(ctx context.Context, tx pgx.Tx, name, id string, data map[string]string) (bool, error) {
	var opened bool
	if err := tx.QueryRow(ctx, `SELECT saga.open_again($1, $2, $3)`, name, id, e.Now()).Scan(&opened); err != nil {
		return false, fmt.Errorf("start saga %s %s again: %w", name, id, err)
	}
	s, err := e.Load(ctx, tx, name, id)
	switch {
	case err != nil:
		return false, err
	case opened:
		return true, e.append(ctx, tx, s, begun, entry{Data: data})
	case s.Status == Compensating:
		return false, fmt.Errorf("saga %s %s is being undone, and begins again after that", name, id)
	default:
		return false, nil
	}
}

// Load gives the state of a saga, from its events; it has no Status if it was never begun.
func (e *Engine) Load(ctx context.Context, tx pgx.Tx, name, id string) (*State, error) {
	records, err := e.Events.Stream(ctx, tx, Stream(name, id), 0)
	if err != nil {
		return nil, err
	}
	return e.defs[name].fold(id, records)
}

// Run works on sagas until ctx ends, and returns when no step runs any more.
func (e *Engine) Run(ctx context.Context) error {
	var group sync.WaitGroup
	defer group.Wait()
	for _, def := range e.defs {
		if kinds := def.replies(); len(kinds) > 0 {
			group.Go(func() { e.follow(ctx, def, kinds) })
		}
	}
	rings, stop := e.bell.On()
	defer stop()
	free := make(chan struct{}, e.Workers)
	var patience wake.Patience
	for ctx.Err() == nil {
		free <- struct{}{}
		run, next, err := e.claim(ctx)
		if err != nil && ctx.Err() == nil {
			e.Log.Error("sagas cannot be claimed", "error", err)
		}
		if run == nil {
			<-free
			patience.Sleep(ctx, rings, next)
			continue
		}
		patience.Found()
		group.Go(func() {
			defer func() { <-free }()
			e.work(ctx, run)
		})
	}
	return nil
}

// run is a claimed saga.
type run struct {
	name, id string
	token    int64
}

// claim takes the saga that waits longest, or tells when the next one is due, at most a second from now.
func (e *Engine) claim(ctx context.Context) (*run, time.Duration, error) {
	r := &run{}
	err := e.Pool.QueryRow(ctx, `SELECT name, id, token FROM saga.claim($1, $2, $3)`, e.names, e.Now(), e.Lease).Scan(&r.name, &r.id, &r.token)
	if err == nil {
		return r, 0, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return nil, time.Second, fmt.Errorf("claim a saga: %w", err)
	}
	var next *time.Time
	if err := e.Pool.QueryRow(ctx, `SELECT saga.next($1)`, e.names).Scan(&next); err != nil {
		return nil, time.Second, fmt.Errorf("when is the next saga due: %w", err)
	}
	if next == nil {
		return nil, time.Second, nil
	}
	return nil, max(min(next.Sub(e.Now()), time.Second), time.Millisecond), nil
}

// work goes on with a saga until it is over or must wait.
func (e *Engine) work(ctx context.Context, r *run) {
	ctx, unit := obs.Start(ctx, e.Log, "saga", r.name)
	unit.Set("id", r.id).Set("token", r.token)
	err := e.drive(ctx, r, unit)
	unit.End(err)
	if err != nil {
		return // the lease runs out, and whoever comes then tries again
	}
	if _, err := e.Pool.Exec(context.WithoutCancel(ctx), `SELECT saga.rest($1, $2, $3)`, r.name, r.id, r.token); err != nil {
		e.Log.Warn("saga keeps its lease", "saga", r.name, "id", r.id, "error", err)
	}
}

func (e *Engine) drive(ctx context.Context, r *run, unit *obs.Unit) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = unit.Panic(cause)
		}
	}()
	for ctx.Err() == nil {
		s, rest, err := e.advance(ctx, r)
		if s != nil {
			unit.Set("status", string(s.Status)).Set("step", s.Step)
		}
		if err != nil || rest {
			return err
		}
	}
	return ctx.Err()
}
