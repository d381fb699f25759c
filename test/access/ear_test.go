package access

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// ear hears what the services really ask the database for: which events each follows, which queues each takes from. Their
// own lists are private to them; this is what they do with them.
type ear struct {
	mu      sync.Mutex
	follows map[string]map[string]bool // service → event types
	takes   map[string]map[string]bool // service → queues
}

func newEar() *ear {
	return &ear{follows: map[string]map[string]bool{}, takes: map[string]map[string]bool{}}
}

// listener is the ear at the pool of one service.
type listener struct {
	ear     *ear
	service string
}

// TraceQueryStart is called by pgx before each query.
func (l listener) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	switch {
	case strings.Contains(data.SQL, "eventlog.claim("):
		if types, ok := data.Args[1].([]string); ok {
			l.ear.note(l.ear.follows, l.service, types...)
		}
	case strings.Contains(data.SQL, "queue.take("):
		if name, ok := data.Args[0].(string); ok {
			l.ear.note(l.ear.takes, l.service, name)
		}
	}
	return ctx
}

// TraceQueryEnd is called by pgx after each query.
func (listener) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (e *ear) note(what map[string]map[string]bool, service string, names ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if what[service] == nil {
		what[service] = map[string]bool{}
	}
	for _, name := range names {
		what[service][name] = true
	}
}

// follows and takes are sorted, as "service name".
func (e *ear) lines(what map[string]map[string]bool) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []string
	for service, names := range what {
		for name := range maps.Keys(names) {
			all = append(all, service+" "+name)
		}
	}
	slices.Sort(all)
	return all
}
