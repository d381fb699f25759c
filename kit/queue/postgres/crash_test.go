package postgres_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/queue/queuetest"
)

// A test process that finds this variable is the helper that is to be killed.
const victim = "QUEUE_VICTIM_URL"

func TestMain(m *testing.M) {
	url := os.Getenv(victim)
	if url == "" {
		os.Exit(m.Run())
	}
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		panic(err)
	}
	queuetest.Victim(postgres.New(pool, quiet(), nil, time.Now), plain)
}

func TestKilledConsumer(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t, queue.Schema())
	declare(t, database.Admin())
	taker := database.Pool("statistics")
	rig := queuetest.Rig{
		Pool: database.Pool("livewebinar"), Plain: plain, Ordered: ordered,
		Driver: func() queue.Driver { return postgres.New(taker, quiet(), nil, time.Now) },
	}
	queuetest.Crash(t, rig, func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victim+"="+database.URL("statistics"))
		return cmd
	})
}

// TestConnectionsKilled loses nothing when the server ends every connection again and again.
func TestConnectionsKilled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // reached only when it fails
	defer cancel()
	database := dbtest.New(t, queue.Schema())
	declare(t, database.Admin())
	putter, taker, admin := database.Pool("livewebinar"), database.Pool("statistics"), database.Admin()
	const count = 3000
	put(t, putter, count)
	driver := postgres.New(taker, quiet(), nil, time.Now)
	seen := make(chan [16]byte, 3*count)
	consuming, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		o := queue.Options{Workers: 2, Batch: 10, Lease: time.Second}
		ended <- driver.Consume(consuming, plain, o, func(_ context.Context, batch []*queue.Delivery) error {
			for _, d := range batch {
				seen <- d.ID
			}
			return nil
		})
	}()
	distinct := map[[16]byte]bool{}
	kill := time.NewTicker(50 * time.Millisecond)
	defer kill.Stop()
	for kills := 0; len(distinct) < count; {
		select {
		case id := <-seen:
			distinct[id] = true
		case <-kill.C:
			if kills++; kills > 100 {
				continue // a slow machine gets nowhere between two kills
			}
			if _, err := admin.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND usename = 'rounds_statistics' AND random() < 0.5`); err != nil {
				t.Fatal(err)
			}
		case <-ctx.Done():
			t.Fatalf("%d of %d messages came", len(distinct), count)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestFrozenConsumerIsFenced: one whose lease ran out cannot settle what another has by now.
func TestFrozenConsumerIsFenced(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, queue.Schema())
	declare(t, database.Admin())
	put(t, database.Pool("livewebinar"), 1)
	taker := database.Pool("statistics")
	take := func() (seq int64, token int32) {
		t.Helper()
		if err := taker.QueryRow(ctx, `SELECT seq, token FROM queue.take($1, 1, '1 ms')`, plain).Scan(&seq, &token); err != nil {
			t.Fatal(err)
		}
		return seq, token
	}
	seq, old := take()
	if _, err := taker.Exec(ctx, `SELECT pg_sleep(0.01)`); err != nil {
		t.Fatal(err)
	}
	_, fresh := take()
	for _, sql := range []string{`queue.ack($1, $2, $3)`, `queue.extend($1, $2, $3, '1h')`, `queue.bury($1, $2, $3, '{x}')`, `queue.retry($1, $2, $3, '{0}', '{x}')`} {
		if got := settle(t, taker, sql, seq, old); got != 0 {
			t.Errorf("%s with an old token settled %d messages", sql, got)
		}
	}
	if got := settle(t, taker, `queue.ack($1, $2, $3)`, seq, fresh); got != 1 {
		t.Errorf("the one who has it settled %d", got)
	}
}

func settle(t *testing.T, pool *pgxpool.Pool, call string, seq int64, token int32) (n int) {
	t.Helper()
	err := pool.QueryRow(context.Background(), `SELECT count(*) FROM `+call, plain, []int64{seq}, []int32{token}).Scan(&n)
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	return n
}
