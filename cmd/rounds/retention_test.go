package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
)

// retentionPage is what is kept for how long, for people whose data it is and for a supervisor.
const retentionPage = "../../docs/retention.md"

const ruledSchemas = `SELECT table_schema FROM information_schema.tables WHERE table_name = 'retention' ORDER BY 1`

// TestEveryTableHasARule looks into the schemas that have rules: each of their tables is named, and no rule is for a table that is not.
func TestEveryTableHasARule(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t, schemas(mainDatabase, services(&configs{}))...)
	ruled := texts(t, database, ruledSchemas)
	if len(ruled) < 5 {
		t.Fatalf("schemas with rules: %v", ruled)
	}
	for _, schema := range ruled {
		rows, err := database.Admin().Query(t.Context(), `SELECT coalesce(t.table_name, r."table") FROM `+schema+`.retention r
			FULL JOIN (SELECT table_name FROM information_schema.tables WHERE table_schema = $1 AND table_type = 'BASE TABLE' AND table_name <> 'goose_version') t
			ON t.table_name = r."table" WHERE t.table_name IS NULL OR r."table" IS NULL`, schema)
		if err != nil {
			t.Fatal(err)
		}
		odd, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(odd) > 0 {
			t.Errorf("%s: no rule for a table, or no table for a rule: %v, %v", schema, odd, err)
		}
	}
}

// TestRetentionPageIsFresh holds docs/retention.md against the rules that the database applies.
func TestRetentionPageIsFresh(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t, schemas(mainDatabase, services(&configs{}))...)
	var page strings.Builder
	page.WriteString("# What is kept for how long\n\nThe rules by which the databases delete, as they stand in the table `retention` of a schema after all migrations.\n" +
		"Each schema here names all its tables, also those that are kept for ever. The services apply the rules once a day.\n" +
		"A schema that is not here has no such rules.\n" +
		"Written by `go test ./cmd/rounds -run TestRetentionPageIsFresh -update`.\n")
	for _, schema := range texts(t, database, ruledSchemas) {
		fmt.Fprintf(&page, "\n## %s\n\n| table | kept | counted from | only rows | why |\n|---|---|---|---|---|\n", schema)
		for _, line := range texts(t, database, ruleLines(schema)) {
			page.WriteString(line + "\n")
		}
	}
	if *update {
		if err := os.WriteFile(retentionPage, []byte(page.String()), 0o644); err != nil { //nolint:gosec // Everybody may read it.
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(retentionPage)
	if err != nil {
		t.Fatal(err)
	}
	if page.String() != string(committed) {
		t.Errorf("docs/retention.md is not what the rules say; look at the difference, then write it anew: " +
			"go test ./cmd/rounds -run TestRetentionPageIsFresh -update")
	}
}

// ruleLines makes a row of the page of each rule. A schema whose function knows by itself which rows are old names no column for that.
func ruleLines(schema string) string {
	return strings.ReplaceAll(`SELECT format('| ~%s~ | %s | %s | %s | %s |', r."table",
			CASE WHEN r.days IS NULL THEN 'for ever' WHEN r.days = 0 THEN 'until then' WHEN r.days = 1 THEN '1 day' ELSE r.days || ' days' END,
			'~' || (to_jsonb(r)->>'since') || '~', '~' || nullif(to_jsonb(r)->>'only_if', 'true') || '~', r.why)
		FROM `, "~", "`") + schema + `.retention r ORDER BY r."table" COLLATE "C"`
}

// TestWhatIsOldGoes applies the rules as the services do, with their own roles, a year and a half later: what has no worth any more goes
// in bounded steps, evidence of points and what is still under way stay.
func TestWhatIsOldGoes(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t, schemas(mainDatabase, services(&configs{}))...)
	admin := database.Admin()
	run := func(statement string, arguments ...any) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), statement, arguments...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	run(`INSERT INTO notificationcenter.notification (id, account_id, kind, text, path, created_at)
		SELECT gen_random_uuid(), gen_random_uuid(), 'k', 't', '/', now() - make_interval(days => n) FROM generate_series(0, 20) n`)
	run(`INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, at)
		SELECT gen_random_uuid(), gen_random_uuid(), 'email', 'k', CASE WHEN n < 2 THEN 'retry' ELSE 'sent' END, 1, now() FROM generate_series(0, 9) n`)
	run(`INSERT INTO notificationcenter.suppression (address, scope, account_id, cause, reason, at) VALUES ('a@rounds.example', 'all', gen_random_uuid(), 'bounce', 'r', now())`)
	run(`INSERT INTO notificationtaskrunner.run (id, kind, subject, began_at, ended_at) VALUES ('old', 'k', gen_random_uuid(), now(), now()), ('open', 'k', gen_random_uuid(), now(), NULL)`)
	run(`INSERT INTO datamanagement.command (actor, request_id, name, at) VALUES (gen_random_uuid(), gen_random_uuid(), 'n', now())`)
	run(`INSERT INTO datamanagement.licence_round (at, done_at) VALUES (now(), now()), (now() + interval '1 day', NULL)`)
	run(`INSERT INTO auth.session (id, account_id, created_at, used_at, expires_at, revoked_at) SELECT gen_random_uuid(), gen_random_uuid(), now(), now(),
		now() + make_interval(days => n.open), now() + make_interval(days => n.ended) FROM (VALUES (30, NULL), (900, 3), (900, NULL)) n (open, ended)`)
	run(`INSERT INTO auth.refresh_token (hash, session_id, created_at) SELECT sha256(id::text::bytea), id, now() FROM auth.session`)
	run(`INSERT INTO auth.password_reset (hash, account_id, created_at, expires_at) VALUES ('h', gen_random_uuid(), now(), now())`)
	run(`INSERT INTO auth.login_failure (key, failures, last_at) VALUES ('k', 1, now())`)
	count := func(table string) (n int) {
		t.Helper()
		if err := admin.QueryRow(context.Background(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	retain := func(by *pgxpool.Pool, schema string, now time.Time, most int) {
		t.Helper()
		if _, err := by.Exec(context.Background(), `SELECT * FROM `+schema+`.retain($1, $2)`, now, most); err != nil {
			t.Fatalf("%s: %v", schema, err)
		}
	}
	later := time.Now().AddDate(0, 18, 0)
	for said, now := range map[string]time.Time{"a day on which nothing is old": time.Now(), "a clock went wrong": later} {
		retain(database.Pool("notificationcenter"), "notificationcenter", now, 100)
		if n := count("notificationcenter.notification"); n != 21 {
			t.Errorf("%d notifications after %s", n, said)
		}
	}
	retain(admin, "notificationcenter", later, 5)
	if n := count("notificationcenter.notification"); n != 16 {
		t.Errorf("%d notifications after a step of five", n)
	}
	for _, schema := range []string{"auth", "notificationcenter", "notificationtaskrunner", "datamanagement"} {
		retain(admin, schema, later, 1000)
	}
	for table, want := range map[string]int{
		"auth.session": 1, "auth.refresh_token": 1, "auth.password_reset": 0, "auth.login_failure": 0,
		"notificationcenter.notification": 0, "notificationcenter.delivery": 2, "notificationcenter.suppression": 1,
		"notificationtaskrunner.run": 1, "datamanagement.command": 0, "datamanagement.licence_round": 1,
	} {
		if n := count(table); n != want {
			t.Errorf("%s has %d rows, want %d", table, n, want)
		}
	}
}
