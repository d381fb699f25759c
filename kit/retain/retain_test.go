package retain_test

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/retain"
	"github.com/rounds-cme/rounds/kit/run"
)

const migration = `-- +goose Up
GRANT USAGE ON SCHEMA attic TO rounds_notificationtaskrunner;
CREATE TABLE attic.box (n integer PRIMARY KEY, at timestamptz NOT NULL, precious boolean NOT NULL);
CREATE TABLE attic.retention ("table" text PRIMARY KEY, days integer, since text, only_if text NOT NULL DEFAULT 'true', why text NOT NULL);
INSERT INTO attic.retention VALUES ('box', 30, 'at', 'NOT precious', 'for a test'), ('retention', NULL, NULL, 'true', 'the rules themselves');
`

// TestWork has thousands of old rows and two instances that hear that it is time: what is old goes, whoever deletes it, and the rest stays.
func TestWork(t *testing.T) {
	t.Parallel()
	attic := db.Schema{
		Name: "attic", Files: fstest.MapFS{"0001_attic.sql": &fstest.MapFile{Data: []byte(migration)}}, Services: []string{"notificationtaskrunner"},
		Finish: retain.Function("attic", "notificationtaskrunner"),
	}
	database := dbtest.New(t, eventlog.Schema(), attic)
	admin := database.Admin()
	_, err := admin.Exec(t.Context(), `INSERT INTO attic.box SELECT n, now() - CASE WHEN n % 10 = 0 THEN interval '1 day' ELSE interval '31 days' END, n % 7 = 0
		FROM generate_series(1, 7000) n`)
	if err != nil {
		t.Fatal(err)
	}
	count := func(where string) (n int) {
		t.Helper()
		if err := admin.QueryRow(context.Background(), `SELECT count(*) FROM attic.box WHERE `+where).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	stay := count(`precious OR at > now() - interval '30 days'`)
	quiet, pool, types := slog.New(slog.NewJSONHandler(io.Discard, nil)), database.Pool("notificationtaskrunner"), eventlog.Types{retain.Due: &timestamppb.Timestamp{}}
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	t.Cleanup(func() { cancel(); working.Wait() })
	for range 2 {
		d := &run.Deps{Now: time.Now, Log: quiet, DB: pool, Events: eventlog.New(pool, quiet, prometheus.NewRegistry(), types)}
		for _, work := range retain.Work(d, "attic") {
			working.Go(func() {
				for ctx.Err() == nil {
					_ = work.Run(ctx)
				}
			})
		}
	}
	scheduler := database.Pool("scheduler")
	err = db.Tx(t.Context(), scheduler, func(tx pgx.Tx) error {
		return eventlog.New(scheduler, quiet, prometheus.NewRegistry(), types).Append(t.Context(), tx, eventlog.Event{
			Stream: "time", ExpectedVersion: eventlog.Any, Message: timestamppb.Now(),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); count("true") > stay; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d rows are left, want %d", count("true"), stay)
		}
	}
	if n := count(`precious OR at > now() - interval '30 days'`); n != stay {
		t.Errorf("%d rows that are to be kept, want %d", n, stay)
	}
}
