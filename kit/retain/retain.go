// Package retain deletes what need not be kept any longer, by rules that stand in the database beside the tables.
//
// Why rules as rows: what is kept for how long is asked by the person whose data it is, and by a supervisor; both read one table and no
// program. A schema that has such a table names all its tables in it, also those that are kept for ever, with the reason:
//
//	retention: table, days (none: for ever), since (the moment from which they are counted), only_if, why
//
// The function retain of the schema, made by Function, deletes a bounded number of rows of each table; Work calls it when the scheduler
// says that it is time (retention.due), again and again in short transactions, until nothing is left. Whose clock goes wrong deletes
// nothing early by that: for a service it is never later than the database says; tests, as administrators, may turn it.
package retain

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/run"
)

// Due is the event that says that it is time.
const Due = "retention.due"

// atOnce is how many rows of each table go in one transaction: long ones would hold back the events of everybody.
const atOnce = 1000

// Function is the SQL of a schema's function, which its owner runs after its migrations.
func Function(schema, service string) string {
	return strings.NewReplacer("{schema}", schema, "{service}", service).Replace(`
CREATE OR REPLACE FUNCTION {schema}.retain(p_now timestamptz, p_most integer, OUT "table" text, OUT gone bigint) RETURNS SETOF record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    r record;
BEGIN
    IF NOT pg_has_role(session_user, current_user, 'MEMBER') THEN
        p_now := least(p_now, clock_timestamp());
    END IF;
    FOR r IN SELECT * FROM retention WHERE retention.days IS NOT NULL ORDER BY retention."table" LOOP
        -- The rules are written by migrations alone.
        EXECUTE format('DELETE FROM %1$I WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM %1$I t
            WHERE %2$s < $1 - make_interval(days => $2) AND (%3$s) LIMIT $3 FOR UPDATE SKIP LOCKED))', r."table", r.since, r.only_if)
            USING p_now, r.days, p_most;
        GET DIAGNOSTICS gone = ROW_COUNT;
        IF gone > 0 THEN
            "table" := r."table";
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION {schema}.retain(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.retain(timestamptz, integer) TO rounds_{service}`)
}

// Work keeps the rules of a schema.
func Work(d *run.Deps, schema string) []run.Work {
	k := &keeper{Deps: d, schema: schema, due: make(chan struct{}, 1)}
	return []run.Work{{Name: schema + ".retention", Run: k.follow}, {Name: schema + ".retain", Run: k.keep}}
}

type keeper struct {
	*run.Deps

	schema string
	due    chan struct{}
}

func (k *keeper) follow(ctx context.Context) error {
	return k.Events.Follow(ctx, "retention."+k.schema, []string{Due}, func(context.Context, pgx.Tx, eventlog.Record) error {
		// The deleting has transactions of its own. What is killed in the middle goes on the next day.
		select {
		case k.due <- struct{}{}:
		default:
		}
		return nil
	})
}

func (k *keeper) keep(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.due:
		}
		if err := k.all(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// all deletes until nothing is left that need not be kept.
func (k *keeper) all(ctx context.Context) (err error) {
	ctx, unit := obs.Start(ctx, k.Log, "work", k.schema+".retention")
	defer func() { unit.End(err) }()
	gone := map[string]int64{}
	for more := true; more; {
		more = false
		rows, err := k.DB.Query(ctx, fmt.Sprintf(`SELECT "table", gone FROM %s.retain($1, $2)`, k.schema), k.Now(), atOnce)
		if err != nil {
			return fmt.Errorf("delete what is old: %w", err)
		}
		var table string
		var n int64
		_, err = pgx.ForEachRow(rows, []any{&table, &n}, func() error {
			gone[table] += n
			more = more || n == atOnce
			return nil
		})
		if err != nil {
			return fmt.Errorf("delete what is old: %w", err)
		}
	}
	for table, n := range gone {
		unit.Set(table, n)
	}
	return nil
}
