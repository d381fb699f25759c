// Package news measures what carries news between services, without the services: the event log, the queue in PostgreSQL, the queue behind
// RabbitMQ, and the scheduler's timers. Each stands beside the least that any program would do for the same with the same client library.
//
// PostgreSQL is one of its own with its settings as they come, so every commit waits for the disk.
package news

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/rounds-cme/rounds/kit/postgres"
	"github.com/rounds-cme/rounds/test/load/machine"
)

// longest bounds each line of a table.
const longest = 5 * time.Minute

func bounded() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), longest)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func describe() error {
	bin, err := postgres.Find()
	if err != nil {
		return err
	}
	fmt.Println(machine.Describe(bin))
	return nil
}

// rates prints lines of how many a second.
type rates struct{ unit string }

func (r rates) head() {
	fmt.Printf("\n%-52s %12s %10s\n", "what", r.unit+"/s", "of the floor")
}

// pair is a floor and what is measured against it.
func (r rates) pair(floor, what string, bare, ours float64) {
	fmt.Printf("%-52s %12.0f\n%-52s %12.0f %10.2f\n", "floor: "+floor, bare, what, ours, ours/bare)
}

// rate runs something, and tells how many a second that was.
func rate(count int, do func() error) (float64, error) {
	began := time.Now()
	if err := do(); err != nil {
		return 0, err
	}
	return float64(count) / time.Since(began).Seconds(), nil
}

// lateness is what the table says of many moments.
type lateness []time.Duration

func (l lateness) at(share float64) time.Duration {
	slices.Sort(l)
	return l[min(int(share*float64(len(l))), len(l)-1)]
}

func (l lateness) print(what string) {
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
	fmt.Printf("%-52s %8d %12s %12s %12s %12s\n", what, len(l), ms(l.at(0)), ms(l.at(0.5)), ms(l.at(0.99)), ms(l.at(1)))
}

func headOfLateness(many string) {
	fmt.Printf("\n%-52s %8s %12s %12s %12s %12s\n", "what", many, "least", "p50", "p99", "most")
}
