package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
)

// Step is a migration that a database has not seen.
type Step struct{ Schema, File string }

// Pending lists what Migrate would do, in its order, and does nothing. A database that is not there has seen nothing.
func Pending(ctx context.Context, url string, schemas ...Schema) ([]Step, error) {
	conn, err := pgx.Connect(ctx, url)
	var refusal *pgconn.PgError
	switch {
	case err == nil:
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	case !errors.As(err, &refusal) || refusal.Code != noDatabase:
		return nil, fmt.Errorf("connect to look: %w", err)
	}
	var steps []Step
	for _, schema := range schemas {
		seen, err := applied(ctx, conn, schema.Name)
		if err != nil {
			return nil, fmt.Errorf("what schema %s has seen: %w", schema.Name, err)
		}
		files, err := fs.Glob(schema.Files, "*.sql") // in the order of their numbers, which all have four digits
		if err != nil {
			return nil, fmt.Errorf("migrations of schema %s: %w", schema.Name, err)
		}
		for _, file := range files {
			version, err := goose.NumericComponent(file)
			if err != nil {
				return nil, fmt.Errorf("migration %s of schema %s: %w", file, schema.Name, err)
			}
			if !seen[version] {
				steps = append(steps, Step{schema.Name, file})
			}
		}
	}
	return steps, nil
}

// noDatabase is PostgreSQL's code for a database that is not there.
const noDatabase = "3D000"

// applied are the versions that a schema has seen.
func applied(ctx context.Context, conn *pgx.Conn, schema string) (map[int64]bool, error) {
	seen := map[int64]bool{}
	if conn == nil {
		return seen, nil
	}
	table := pgx.Identifier{schema, "goose_version"}.Sanitize()
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&there); err != nil || !there {
		return seen, err
	}
	rows, err := conn.Query(ctx, `SELECT version_id FROM `+table+` WHERE is_applied`)
	if err != nil {
		return nil, err
	}
	var version int64
	_, err = pgx.ForEachRow(rows, []any{&version}, func() error { seen[version] = true; return nil })
	return seen, err
}
