package rabbitmq_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/queue/queuetest"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
)

// A test process that finds these variables is the one that is to be killed.
const (
	victim         = "QUEUE_VICTIM_URL"
	victimDatabase = "QUEUE_VICTIM_DATABASE"
)

func beVictim() {
	pool, err := pgxpool.New(context.Background(), os.Getenv(victimDatabase))
	if err != nil {
		panic(err)
	}
	d, err := rabbitmq.New(rabbitmq.Config{URL: os.Getenv(victim), Service: taker, Table: table()}, pool, quiet(), nil, time.Now)
	if err != nil {
		panic(err)
	}
	queuetest.Victim(d, plain)
}

func TestKilledConsumer(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	queuetest.Crash(t, p.rig(), func() *exec.Cmd {
		cmd := exec.Command(os.Args[0]) //nolint:gosec,noctx // This very binary.
		cmd.Env = append(os.Environ(), victim+"="+p.url(taker), victimDatabase+"="+p.database.URL(taker))
		return cmd
	})
}
