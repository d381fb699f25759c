package eventlog_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
)

// BenchmarkAppend writes one event a transaction, from as many writers as there are processors.
func BenchmarkAppend(b *testing.B) {
	ctx := context.Background()
	pool := dbtest.New(b, eventlog.Schema()).Pool("livewebinar")
	log := open(pool)
	var writer atomic.Int64
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		stream := "s/" + string(rune('a'+writer.Add(1)))
		for pb.Next() {
			if err := add(ctx, pool, log, opened(stream, "x")); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkFollow reads a full log from zero, with a handler that does nothing.
func BenchmarkFollow(b *testing.B) {
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	pool := dbtest.New(b, eventlog.Schema()).Pool("livewebinar")
	log := open(pool)
	events := make([]eventlog.Event, b.N)
	for n := range events {
		events[n] = opened("s", "x")
	}
	if err := add(ctx, pool, log, events...); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	handled := 0
	err := log.Follow(ctx, "g", []string{"room.opened"}, func(context.Context, pgx.Tx, eventlog.Record) error {
		if handled++; handled == b.N {
			stop()
		}
		return nil
	})
	if err != nil || handled < b.N {
		b.Fatalf("handled %d, %v", handled, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
