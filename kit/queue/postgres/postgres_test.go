package postgres_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/queue/queuetest"
)

const plain, ordered = "test.plain", "test.ordered"

// declare makes the suite's queues, with their rights for two services as in the seed.
func declare(t testing.TB, admin *pgxpool.Pool) {
	t.Helper()
	_, err := admin.Exec(context.Background(), `
		SET ROLE queue_owner;
		SELECT queue.declare('test.plain', false, 'tests');
		SELECT queue.declare('test.ordered', true, 'tests');
		INSERT INTO queue.permission VALUES
			('rounds_livewebinar', 'test.plain', true, false), ('rounds_livewebinar', 'test.ordered', true, false),
			('rounds_statistics', 'test.plain', false, true), ('rounds_statistics', 'test.ordered', false, true);
		RESET ROLE;`)
	if err != nil {
		t.Fatalf("declare queues: %v", err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func rig(t *testing.T) queuetest.Rig {
	t.Helper()
	database := dbtest.New(t, queue.Schema())
	declare(t, database.Admin())
	taker := database.Pool("statistics")
	return queuetest.Rig{
		Pool: database.Pool("livewebinar"), Plain: plain, Ordered: ordered,
		Driver: func() queue.Driver { return postgres.New(taker, quiet(), nil, time.Now) },
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	queuetest.Exercise(t, rig)
}

func TestHundredThousandInOrder(t *testing.T) {
	t.Parallel()
	queuetest.Many(t, rig(t), 100_000)
}

func TestOnlyThoseWithTheRight(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, queue.Schema())
	declare(t, database.Admin())
	const refused = "42501"
	for name, c := range map[string]struct{ service, sql string }{
		"take by one who puts":  {"livewebinar", `SELECT * FROM queue.take('test.plain', 1, '1s')`},
		"put by one who takes":  {"statistics", `SELECT queue.put('{test.plain}', '{018f0000-0000-7000-8000-000000000001}', '{k}', '{t}', '{x}', '{0}', '{NULL}', '{NULL}', '')`},
		"take by a stranger":    {"auth", `SELECT * FROM queue.take('test.plain', 1, '1s')`},
		"ack by a stranger":     {"auth", `SELECT queue.ack('test.plain', '{1}', '{1}')`},
		"replay by a stranger":  {"auth", `SELECT queue.replay('test.plain', NULL)`},
		"letters to a stranger": {"auth", `SELECT * FROM queue.letters('test.plain', 1)`},
		"the table":             {"statistics", `SELECT payload FROM queue.message`},
		"the rights":            {"statistics", `INSERT INTO queue.permission VALUES ('rounds_statistics', 'test.plain', true, true)`},
		"declare":               {"statistics", `SELECT queue.declare('x', false, 'x')`},
	} {
		if _, err := database.Pool(c.service).Exec(ctx, c.sql); db.Code(err) != refused {
			t.Errorf("%s: want refused, got %v", name, err)
		}
	}
}

func TestEmptyTransactionCostsNothing(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t, queue.Schema())
	err := db.Tx(context.Background(), database.Pool("livewebinar"), func(tx pgx.Tx) error {
		return queue.Put(context.Background(), tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}
