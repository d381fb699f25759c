package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
)

// rightsPage is the list of all rights, for people to read and to see changing in a review.
const rightsPage = "../../docs/rights.md"

// both are the two databases with everything that the program would make in them.
func both(t *testing.T) (main, statistics *dbtest.DB) {
	t.Helper()
	entries := services(&configs{})
	return dbtest.New(t, schemas(mainDatabase, entries)...), dbtest.New(t, schemas(statisticsDatabase, entries)...)
}

// askers are the schemas of our own tools: everybody may call their functions, which look up what the caller may.
func askers() []string { return []string{"queue", "eventlog", "saga"} }

// Every role against every table and view, by PostgreSQL's word: a service writes its own tables alone, reads those of
// others through views that were made for it, and the BFF writes nowhere.
func TestEveryRoleAgainstEveryTable(t *testing.T) {
	t.Parallel()
	main, statistics := both(t)
	for _, r := range append(main.Rights(), statistics.Rights()...) {
		service := strings.TrimPrefix(r.Role, "rounds_")
		own := r.Schema == service
		switch {
		case r.Role == dbtest.Everybody && !slices.Contains(askers(), r.Schema):
			t.Errorf("%s: a function of a service is granted by name", r)
		case strings.Contains(r.May, "TRUNCATE") || strings.Contains(r.May, "TRIGGER") || strings.Contains(r.May, "REFERENCES"):
			t.Errorf("%s: only the owner changes the shape of a table", r)
		case r.Writes() && service == "bff":
			t.Errorf("%s: the BFF writes to no table", r)
		case r.Writes() && r.Kind == "view":
			t.Errorf("%s: a view is for reading", r)
		case r.Writes() && !own:
			t.Errorf("%s: only the owning service writes here", r)
		case r.Kind == "table" && !own:
			t.Errorf("%s: another service's data are read through a view", r)
		case r.Kind == "view" && !own && !strings.HasPrefix(r.Name, service+"_"):
			t.Errorf("%s: a window is named for its reader, %s_…", r, service)
		}
	}
}

// The same by trying: what is not in the list is refused, whoever asks.
func TestWhatIsNotGrantedIsRefused(t *testing.T) {
	t.Parallel()
	main, statistics := both(t)
	tried := 0
	for _, database := range []*dbtest.DB{main, statistics} {
		granted := map[string]string{}
		for _, r := range database.Rights() {
			granted[r.Role+" "+r.Schema+"."+r.Name] = r.May
		}
		for _, service := range logins(t, database) {
			pool := database.Pool(service)
			for _, table := range database.Tables() {
				may := granted[db.Role(service)+" "+table]
				for verb, statement := range attempts(t, database, table) {
					tried++
					_, err := pool.Exec(context.Background(), statement)
					if err == nil && !strings.Contains(may, verb) {
						t.Errorf("%s: %s succeeded, granted is only %q", service, statement, may)
					}
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d attempts: the test does not see the tables", tried)
	}
}

// attempts are statements that need exactly one right and change nothing.
func attempts(t *testing.T, database *dbtest.DB, table string) map[string]string {
	t.Helper()
	var column string
	if err := database.Admin().QueryRow(context.Background(), `SELECT quote_ident(attname) FROM pg_attribute
		WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum LIMIT 1`, table).Scan(&column); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"SELECT": fmt.Sprintf("SELECT %s FROM %s LIMIT 0", column, table),
		"INSERT": fmt.Sprintf("INSERT INTO %s (%s) SELECT NULL WHERE false", table, column),
		"UPDATE": fmt.Sprintf("UPDATE %s SET %s = DEFAULT WHERE false", table, column),
		"DELETE": fmt.Sprintf("DELETE FROM %s WHERE false", table),
	}
}

// logins are the services that may connect to a database at all.
func logins(t *testing.T, database *dbtest.DB) []string {
	t.Helper()
	return texts(t, database, `SELECT substr(rolname, 8) FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND rolname LIKE 'rounds\_%'
		AND has_database_privilege(oid, current_database(), 'CONNECT') ORDER BY 1`)
}

func texts(t *testing.T, database *dbtest.DB, query string) []string {
	t.Helper()
	rows, err := database.Admin().Query(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRolesHaveNoPowerOfTheirOwn(t *testing.T) {
	t.Parallel()
	main, statistics := both(t)
	for _, c := range []struct{ wrong, query string }{
		{"has a power over the whole server", `SELECT rolname FROM pg_roles WHERE rolname LIKE 'rounds\_%' AND rolname <> current_user
			AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls OR rolreplication)`},
		{"is a member of another role", `SELECT m.member::regrole || ' in ' || m.roleid::regrole FROM pg_auth_members m
			WHERE m.member::regrole::text LIKE 'rounds\_%' AND m.member::regrole::text <> current_user`},
		{"may make things in a schema", `SELECT r.rolname || ' in ' || n.nspname FROM pg_roles r, pg_namespace n
			WHERE r.rolname LIKE 'rounds\_%' AND NOT r.rolsuper AND has_schema_privilege(r.oid, n.oid, 'CREATE')`},
		{"may make schemas or temporary tables", `SELECT rolname FROM pg_roles WHERE rolname LIKE 'rounds\_%' AND NOT rolsuper
			AND (has_database_privilege(oid, current_database(), 'CREATE') OR has_database_privilege(oid, current_database(), 'TEMPORARY'))`},
		{"is an owner that can log in", `SELECT rolname FROM pg_roles WHERE rolname LIKE '%\_owner' AND rolcanlogin
			AND EXISTS (SELECT FROM pg_namespace WHERE nspowner = pg_roles.oid)`},
		{"runs as its owner with the caller's search_path, which can be bent", `SELECT oid::regprocedure::text FROM pg_proc
			WHERE prosecdef AND pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
			AND NOT EXISTS (SELECT FROM unnest(proconfig) setting WHERE setting LIKE 'search_path=%')`},
	} {
		for _, database := range []*dbtest.DB{main, statistics} {
			for _, found := range texts(t, database, c.query) {
				t.Errorf("%s %s", found, c.wrong)
			}
		}
	}
}

func TestServicesConnectToTheirDatabaseOnly(t *testing.T) {
	t.Parallel()
	main, statistics := both(t)
	var names []string
	for _, entry := range services(&configs{}) {
		names = append(names, entry.Name)
	}
	for _, service := range logins(t, main) {
		if !slices.Contains(names, service) || service == "ssr" {
			t.Errorf("%s is let into database rounds, and needs none", service)
		}
	}
	for _, service := range logins(t, statistics) {
		if service != "statistics" {
			t.Errorf("%s is let into the database of the statistics", service)
		}
	}
}

func TestRightsPageIsFresh(t *testing.T) {
	t.Parallel()
	main, statistics := both(t)
	var page strings.Builder
	page.WriteString("# Who may do what in the databases\n\nEvery right of every service's role, as PostgreSQL sees it after all migrations; " +
		"what is not here is refused.\nWritten by `go test ./cmd/rounds -run TestRightsPageIsFresh -update`.\n")
	write(&page, mainDatabase, main.Rights())
	write(&page, statisticsDatabase, statistics.Rights())
	if *update {
		if err := os.WriteFile(rightsPage, []byte(page.String()), 0o644); err != nil { //nolint:gosec // Everybody may read it.
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(rightsPage)
	if err != nil {
		t.Fatal(err)
	}
	if page.String() != string(committed) {
		t.Errorf("docs/rights.md is not what the migrations grant; look at the difference, then write it anew: " +
			"go test ./cmd/rounds -run TestRightsPageIsFresh -update")
	}
}

// write makes one table for each schema: a row for each thing, with those who may use it.
func write(page *strings.Builder, database string, rights []dbtest.Right) {
	schema, thing := "", ""
	for _, r := range rights {
		who := fmt.Sprintf("%s: %s", strings.TrimPrefix(r.Role, "rounds_"), r.May)
		if r.Schema+r.Kind+r.Name == thing {
			page.WriteString("; " + who)
			continue
		}
		if thing != "" {
			page.WriteString(" |\n")
		}
		if r.Schema != schema {
			schema = r.Schema
			fmt.Fprintf(page, "\n## %s: schema %s\n\n| what | who: may |\n|---|---|\n", database, schema)
		}
		thing = r.Schema + r.Kind + r.Name
		fmt.Fprintf(page, "| %s `%s` | %s", r.Kind, r.Name, who)
	}
	if thing != "" {
		page.WriteString(" |\n")
	}
}
