package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db"
)

// Database is one server, as the operator and as the services reach it.
type Database struct {
	Name    string
	URL     string
	Schemas []db.Schema
	Roles   map[string]string // service → address with its own role
	Conns   int               // that all services may open, with two instances each
	Now     func() time.Time
}

// Oldest PostgreSQL that is tried, and how far clocks may be apart: tokens are believed for that long before they begin.
const (
	oldestPostgres = 150000
	apart          = time.Second
)

// Look implements a check.
func (d Database) Look(ctx context.Context) []Finding {
	name := "database." + d.Name
	conn, err := pgx.Connect(ctx, d.URL)
	if err != nil {
		return []Finding{{name, Bad, "cannot be reached: " + reason(err), "Look at --database-url and --statistics-url, and whether the server runs."}}
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var version, most int
	var theirs time.Time
	asked := d.Now()
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('max_connections')::int, clock_timestamp()`).Scan(&version, &most, &theirs)
	if err != nil {
		return []Finding{{name, Bad, "does not answer: " + reason(err), "Look into the log of the server."}}
	}
	findings := []Finding{d.version(name, version), d.room(most), clock("clock."+d.Name, theirs.Sub(asked), d.Now().Sub(asked)), d.migrations(ctx)}
	for _, service := range slices.Sorted(maps.Keys(d.Roles)) {
		findings = append(findings, role(ctx, "role."+service+"."+d.Name, d.Roles[service]))
	}
	return findings
}

func (d Database) version(name string, version int) Finding {
	if version < oldestPostgres {
		return Finding{name, Bad, fmt.Sprintf("is PostgreSQL %d", version/10000), "Use PostgreSQL 15 or newer."}
	}
	return Finding{name, Good, fmt.Sprintf("PostgreSQL %d answers", version/10000), ""}
}

func (d Database) room(most int) Finding {
	name := "connections." + d.Name
	if d.Conns > most {
		return Finding{
			name, Note, fmt.Sprintf("two instances of each service may open %d, and the server takes %d", d.Conns, most),
			"Raise max_connections, lower --database-conns, or put a pooler before it.",
		}
	}
	return Finding{name, Good, fmt.Sprintf("%d of %d at most with two instances of each service", d.Conns, most), ""}
}

// clock takes half of the way there and back as the time that an answer was under way.
func clock(name string, ahead, way time.Duration) Finding {
	if ahead -= way / 2; ahead.Abs() > apart {
		return Finding{name, Bad, fmt.Sprintf("is %s ahead of ours", ahead.Round(time.Millisecond)), "Let both machines take their time from the same source (NTP)."}
	}
	return Finding{name, Good, "goes as ours, within a second", ""}
}

func (d Database) migrations(ctx context.Context) Finding {
	name := "migrations." + d.Name
	steps, err := db.Pending(ctx, d.URL, d.Schemas...)
	if err != nil {
		return Finding{name, Bad, "cannot be looked at: " + reason(err), "Give --database-url as the role that migrates."}
	}
	if len(steps) > 0 {
		return Finding{name, Bad, fmt.Sprintf("%d are to be applied", len(steps)), "Run rounds migrate; rounds migrate --dry-run says what it does."}
	}
	return Finding{name, Good, "all are applied", ""}
}

// role logs in as a service does.
func role(ctx context.Context, name, address string) Finding {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return Finding{name, Bad, "cannot log in: " + reason(err), "Run rounds migrate with the same --database-secret that the services have their passwords from."}
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var mighty bool
	if err := conn.QueryRow(ctx, `SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles WHERE rolname = current_user`).Scan(&mighty); err != nil {
		return Finding{name, Bad, "does not answer: " + reason(err), "Look into the log of the server."}
	}
	if mighty {
		return Finding{name, Bad, "may do more than a service needs", "Take SUPERUSER, CREATEROLE, CREATEDB and BYPASSRLS from it: ALTER ROLE … NOSUPERUSER …"}
	}
	return Finding{name, Good, "logs in, and is no administrator", ""}
}
