package dbtest

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Right is what one role may do with one thing in a database, by PostgreSQL's own word, however it came by it: granted
// itself, through PUBLIC or through another role. A right on a thing in a schema that the role may not enter is none.
type Right struct {
	Schema string
	Name   string // of the table, view or function, the latter with its arguments
	Kind   string // "table", "view" or "function"
	Role   string // or Everybody, for a function that asks by itself who is calling
	May    string // "SELECT INSERT", or "EXECUTE"; a star marks what holds for some columns only
}

// Everybody stands for all roles that may connect.
const Everybody = "everybody"

// Writes tells whether the role can change something directly.
func (r Right) Writes() bool {
	for _, verb := range []string{"INSERT", "UPDATE", "DELETE", "TRUNCATE"} {
		if strings.Contains(r.May, verb) {
			return true
		}
	}
	return false
}

// String is one line of a list for people.
func (r Right) String() string {
	return fmt.Sprintf("%s.%s %s: %s", r.Schema, r.Name, r.Role, r.May)
}

// Rights lists every right of every login of a service, sorted. What is not in the list is refused.
func (d *DB) Rights() []Right {
	d.t.Helper()
	rows, err := d.Admin().Query(context.Background(), rightsQuery)
	if err != nil {
		d.t.Fatalf("dbtest: ask for rights: %v", err)
	}
	rights, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Right])
	if err != nil {
		d.t.Fatalf("dbtest: read rights: %v", err)
	}
	return rights
}

const rightsQuery = `
WITH login AS (
    SELECT oid, rolname FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND rolname LIKE 'rounds\_%'
        AND has_database_privilege(oid, current_database(), 'CONNECT')
), space AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relation AS (
    SELECT s.oid AS space, s.nspname, c.oid, c.relname, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END AS kind
    FROM pg_class c JOIN space s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
), verb AS (
    SELECT * FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) WITH ORDINALITY v (verb, nth)
), asked AS (
    SELECT r.nspname, r.relname, r.kind, l.rolname, v.nth, CASE
        WHEN has_table_privilege(l.oid, r.oid, v.verb) THEN v.verb
        WHEN v.verb IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege(l.oid, r.oid, v.verb) THEN v.verb || '*'
    END AS may
    FROM relation r CROSS JOIN login l CROSS JOIN verb v WHERE has_schema_privilege(l.oid, r.space, 'USAGE')
)
SELECT nspname::text, relname::text, kind, rolname::text, string_agg(may, ' ' ORDER BY nth)
FROM asked WHERE may IS NOT NULL GROUP BY 1, 2, 3, 4
UNION ALL
SELECT s.nspname::text, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', 'function', w.who, 'EXECUTE'
FROM pg_proc p JOIN space s ON s.oid = p.pronamespace CROSS JOIN LATERAL (
    SELECT 'everybody' WHERE has_function_privilege('public', p.oid, 'EXECUTE')
    UNION ALL
    SELECT l.rolname::text FROM login l WHERE has_schema_privilege(l.oid, s.oid, 'USAGE')
        AND has_function_privilege(l.oid, p.oid, 'EXECUTE') AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
) w (who)
WHERE p.prorettype <> 'trigger'::regtype
ORDER BY 1, 3, 2, 4`

// Tables lists all tables and views, as schema.name, for tests that try each.
func (d *DB) Tables() []string {
	d.t.Helper()
	rows, err := d.Admin().Query(context.Background(), `
		SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`)
	if err != nil {
		d.t.Fatalf("dbtest: ask for tables: %v", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		d.t.Fatalf("dbtest: read tables: %v", err)
	}
	return tables
}
