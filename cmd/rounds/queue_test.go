package main

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/queue"
)

// The same commands on the queue in PostgreSQL: a dead letter is seen with its reason and replayed, and what waits is purged.
func TestOperatorsOfTheQueue(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, schemas(mainDatabase, services(&configs{}))...)
	rounds := func(arguments ...string) string {
		t.Helper()
		code, out, failure := once(t, append(append([]string{"queue"}, arguments...), "--database-url", database.AdminURL())...)
		if code != 0 {
			t.Fatalf("queue %v: %d %s", arguments, code, failure)
		}
		return out
	}
	m := queue.Message{ID: uuid.New(), Queue: "activity", Payload: wrapperspb.String("x")}
	err := db.Tx(ctx, database.Pool("livewebinar"), func(tx pgx.Tx) error { return queue.Put(ctx, tx, m) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.Admin().Exec(ctx, `SELECT queue.bury('activity', array_agg(seq), array_agg(token), '{the reason}')
		FROM queue.take('activity', 1, '1m')`); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ arguments, want string }{
		{"peek activity", m.ID.String()},
		{"peek activity", "the reason"},
		{"replay activity " + m.ID.String(), "1 dead letters of activity"},
		{"purge activity --yes", "1 messages of activity"},
		{"list", "activity"},
	} {
		if out := rounds(strings.Fields(step.arguments)...); !strings.Contains(out, step.want) {
			t.Errorf("queue %s: %s", step.arguments, out)
		}
	}
}
