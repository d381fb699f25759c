// Package obs is how Rounds tells an operator what it does: one wide log line per unit of work
// (request, call, message, saga step), a trace id that ties the lines of one click together across
// services, and Prometheus metrics.
//
// Why wide lines: twenty small lines about one request have to be joined by hand at three in the
// morning; one line with everything can be filtered. Code on the way only adds what it knows:
//
//	ctx, unit := obs.Start(ctx, log, "message", "notification.send")
//	obs.Event(ctx).Set("webinar", id)   // anywhere below
//	unit.End(err)                       // writes the line
//
// No personal data: names, addresses, e-mails, tokens and texts never reach the log. NewLogger and
// every Unit hold that rule by key and by pattern (see redact.go); an account is logged by its id.
package obs

import (
	"context"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rounds-cme/rounds/kit/errs"
)

// NewLogger writes JSON lines to w and redacts what must not be in them.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(redacting{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: redactAttr})})
}

// redacting marks a handler that redacts by itself, so that a Unit need not do it before.
type redacting struct{ slog.Handler }

func (h redacting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return redacting{h.Handler.WithAttrs(attrs)}
}

func (h redacting) WithGroup(name string) slog.Handler { return redacting{h.Handler.WithGroup(name)} }

// Unit is one unit of work that ends in one log line. A nil Unit is valid and forgets everything,
// so that code need not ask whether anybody is watching. It is safe for concurrent use.
type Unit struct {
	ctx     context.Context
	log     *slog.Logger
	started time.Time

	mu    sync.Mutex
	kind  string
	name  string
	attrs []slog.Attr
	ended bool
}

type unitKey struct{}

// Start begins a unit of work of a kind ("http", "rpc", "message", "step") under a name that has
// few values (a route, a method, a queue). The ctx it returns carries the unit and a new span.
func Start(ctx context.Context, log *slog.Logger, kind, name string) (context.Context, *Unit) {
	ctx, s, parent := child(ctx)
	u := &Unit{log: log, started: time.Now(), kind: kind, name: name}
	u.attrs = append(u.attrs, slog.String("trace", s.trace), slog.String("span", s.id))
	if parent != "" {
		u.attrs = append(u.attrs, slog.String("parent", parent))
	}
	ctx = context.WithValue(ctx, unitKey{}, u)
	u.ctx = ctx
	return ctx, u
}

// Event is the unit of work in ctx; nil, and still usable, when none was started.
func Event(ctx context.Context) *Unit {
	u, _ := ctx.Value(unitKey{}).(*Unit)
	return u
}

// Set adds what is known; a later value of the same key replaces the earlier one.
func (u *Unit) Set(key string, value any) *Unit {
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	attr := slog.Any(key, value)
	for i := range u.attrs {
		if u.attrs[i].Key == key {
			u.attrs[i] = attr
			return u
		}
	}
	u.attrs = append(u.attrs, attr)
	return u
}

// Name renames the unit, for those whose name is known only later (an HTTP route).
func (u *Unit) Name(name string) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.name = name
}

// Panic notes a recovered panic with its stack, and gives the error to answer.
func (u *Unit) Panic(cause any) error {
	u.Set("panic", cause).Set("stack", string(debug.Stack()))
	return errs.New(errs.Internal, errs.CodeInternal, errs.Sorry)
}

// End writes the line, once. An error that is our fault is logged as an error, a part that was not
// there as a warning, and one that is the caller's as information.
func (u *Unit) End(err error) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return
	}
	u.ended = true
	level, outcome := verdict(err)
	line := append(make([]slog.Attr, 0, len(u.attrs)+4),
		slog.String("unit", u.name), slog.String("outcome", outcome),
		slog.Float64("ms", float64(time.Since(u.started).Microseconds())/1000))
	line = append(line, u.attrs...)
	if err != nil {
		line = append(line, slog.String("error", err.Error()))
	}
	if _, does := u.log.Handler().(redacting); !does {
		for i := range line {
			line[i] = redactAttr(nil, line[i])
		}
	}
	u.log.LogAttrs(u.ctx, level, u.kind, line...)
}

func verdict(err error) (slog.Level, string) {
	if err == nil {
		return slog.LevelInfo, "ok"
	}
	e := errs.Of(err)
	switch e.Kind {
	case errs.Internal:
		return slog.LevelError, e.Code
	case errs.Unavailable:
		return slog.LevelWarn, e.Code
	default:
		return slog.LevelInfo, e.Code
	}
}
