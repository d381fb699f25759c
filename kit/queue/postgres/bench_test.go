package postgres_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/postgres"
)

func messages(count int) []queue.Message {
	all := make([]queue.Message, count)
	for n := range all {
		all[n] = queue.Message{ID: uuid.Must(uuid.NewV7()), Queue: plain, Payload: wrapperspb.String("one reminder of about a hundred bytes, which is what a notification without its text comes to, roughly")}
	}
	return all
}

func put(t testing.TB, pool *pgxpool.Pool, count int) {
	t.Helper()
	ctx := context.Background()
	if err := db.Tx(ctx, pool, func(tx pgx.Tx) error { return queue.Put(ctx, tx, messages(count)...) }); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkPut beside BenchmarkFloor tells what a queue costs over rows in a table.
func BenchmarkPut(b *testing.B) {
	for _, batch := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			database := dbtest.New(b, queue.Schema())
			declare(b, database.Admin())
			pool := database.Pool("livewebinar")
			put(b, pool, 1)
			b.ResetTimer()
			for n := 0; n < b.N; n += batch {
				put(b, pool, batch)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchmarkFloor writes the same bytes into a table with one key and nothing else.
func BenchmarkFloor(b *testing.B) {
	for _, batch := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			ctx := context.Background()
			database := dbtest.New(b, queue.Schema())
			admin := database.Admin()
			if _, err := admin.Exec(ctx, `CREATE TABLE public.floor (id uuid PRIMARY KEY, payload bytea)`); err != nil {
				b.Fatal(err)
			}
			payload := make([]byte, 105)
			b.ResetTimer()
			for n := 0; n < b.N; n += batch {
				ids, payloads := make([][16]byte, batch), make([][]byte, batch)
				for i := range ids {
					ids[i], payloads[i] = uuid.Must(uuid.NewV7()), payload
				}
				err := db.Tx(ctx, admin, func(tx pgx.Tx) error {
					_, err := tx.Exec(ctx, `INSERT INTO public.floor SELECT * FROM unnest($1::uuid[], $2::bytea[])`, ids, payloads)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchmarkTake drains a full queue.
func BenchmarkTake(b *testing.B) {
	for _, batch := range []int{1, 100} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			database := dbtest.New(b, queue.Schema())
			declare(b, database.Admin())
			put(b, database.Pool("livewebinar"), b.N)
			driver := postgres.New(database.Pool("statistics"), quiet(), nil, time.Now)
			ctx, stop := context.WithCancel(context.Background())
			var handled atomic.Int64
			b.ResetTimer()
			err := driver.Consume(ctx, plain, queue.Options{Batch: batch, Workers: 2, Prefetch: 2000}, func(_ context.Context, d []*queue.Delivery) error {
				if handled.Add(int64(len(d))) == int64(b.N) {
					stop()
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
