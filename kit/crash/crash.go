// Package crash ends a process with -9 at a named place, in a build that is made for that and in no other:
//
//	go build -ldflags "-X github.com/rounds-cme/rounds/kit/crash.enabled=yes" ./cmd/rounds
//	CRASH_AT="room.opened after commit;points.submitted before append" rounds serve …
//
// A place is an event, and where its transaction stands. The linker sets what enables it, so that nothing which is set at run time can.
package crash

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// Phases of the transaction that appends an event.
const (
	BeforeAppend = "before append"
	BeforeCommit = "after append, before commit"
	AfterCommit  = "after commit"
)

// Phases lists them all, for tests.
func Phases() []string { return []string{BeforeAppend, BeforeCommit, AfterCommit} }

// Separator stands between the places of CRASH_AT.
const Separator = ";"

// Said is what stands before the place in the last line of a process that ended at one.
const Said = "crashed at: "

//nolint:gochecknoglobals // The linker can set nothing else.
var enabled string

// On tells whether this is such a build.
func On() bool { return enabled != "" }

// Appending is called before an event is appended.
func Appending(event string) { at(event, BeforeAppend) }

// Appended is called after that, in the same transaction.
func Appended(event string, tx pgx.Tx) {
	at(event, BeforeCommit)
	if On() && wanted(event, AfterCommit) {
		armed.Store(&arm{tx.Conn(), event})
	}
}

func at(event, phase string) {
	if On() && wanted(event, phase) {
		end(event, phase)
	}
}

func wanted(event, phase string) bool {
	return slices.Contains(strings.Split(os.Getenv("CRASH_AT"), Separator), event+" "+phase)
}

func end(event, phase string) {
	fmt.Fprintf(os.Stderr, "%s%s %s\n", Said, event, phase)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// armed is the connection whose next commit is the place.
//
//nolint:gochecknoglobals // Only such a build uses it, and it lives as long as the process.
var armed atomic.Pointer[arm]

type arm struct {
	connection *pgx.Conn
	event      string
}

// Tracer sees commits; nil in any other build.
func Tracer() pgx.QueryTracer {
	if !On() {
		return nil
	}
	return tracer{}
}

type tracer struct{}

func (tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (tracer) TraceQueryEnd(_ context.Context, connection *pgx.Conn, query pgx.TraceQueryEndData) {
	a := armed.Load()
	if a == nil || a.connection != connection {
		return
	}
	switch query.CommandTag.String() {
	case "COMMIT":
		end(a.event, AfterCommit)
	case "ROLLBACK":
		armed.Store(nil) // what failed is tried again
	}
}
