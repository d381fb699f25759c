package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/queue"
)

// The same commands on the queue in PostgreSQL: a dead letter is seen with its reason and replayed,
// and what waits is laid aside or purged; what a message carries is not shown, and what was done is noted.
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
	const hush = "hush-hush"
	m := queue.Message{ID: uuid.New(), Queue: "activity", Payload: &eventpb.ResetPassword{AccountId: "the-account", Secret: hush}}
	err := db.Tx(ctx, database.Pool("livewebinar"), func(tx pgx.Tx) error { return queue.Put(ctx, tx, m) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.Admin().Exec(ctx, `SELECT queue.bury('activity', array_agg(seq), array_agg(token), '{the reason ana.novak@example.org}')
		FROM queue.take('activity', 1, '1m')`); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ arguments, want string }{
		{"list", "1 dead, the last"},
		{"list", "the reason …@example.org"},
		{"list --json", `"reason": "the reason …@example.org"`},
		{"peek activity", "There is nothing in activity."},
		{"peek activity --dead", m.ID.String()},
		{"peek activity --dead", "reason: the reason …@example.org"},
		{"peek activity --dead --json", `"kind": "ResetPassword"`},
		{"peek activity --dead", "account_id=the-account  secret=(hidden)"},
		{"replay activity " + m.ID.String(), "1 dead letters of activity"},
		{"peek activity", "ready"},
		{"purge activity --aside --yes", "1 messages of activity are dead letters now"},
		{"replay activity --all", "1 dead letters of activity"},
		{"purge activity --aside --yes", "1 messages of activity"},
		{"purge activity --dead --yes", "1 messages of activity are deleted"},
		{"purge activity --yes", "0 messages of activity"},
		{"list", "activity"},
	} {
		out := rounds(strings.Fields(step.arguments)...)
		if !strings.Contains(out, step.want) {
			t.Errorf("queue %s: %s", step.arguments, out)
		}
		if strings.Contains(out, hush) || strings.Contains(out, "ana.novak") {
			t.Errorf("queue %s tells what is nobody's business: %s", step.arguments, out)
		}
	}
	for refused, why := range map[string]string{
		"purge activity":                 "deletes 0 messages that wait in activity for good; add --yes",
		"purge activity --dead --aside":  "say --dead or --aside",
		"replay activity":                "say which dead letters",
		"replay activity --reason=other": "no dead letter of activity has this reason",
		"peek nowhere":                   "there is no such queue",
	} {
		code, _, failure := once(t, append(append([]string{"queue"}, strings.Fields(refused)...), "--database-url", database.AdminURL())...)
		if code != 1 || !strings.Contains(failure, why) {
			t.Errorf("queue %s: %d %s", refused, code, failure)
		}
	}
	notes := texts(t, database, `SELECT what || ' ' || count::text FROM queue.operation WHERE actor LIKE 'command line%' ORDER BY begun_at`)
	if want := []string{"replay 1", "set aside 1", "replay 1", "set aside 1", "discard 1", "purge 0"}; !slices.Equal(notes, want) {
		t.Errorf("noted %q, want %q", notes, want)
	}
}
