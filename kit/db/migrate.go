package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// Schema is what one owner keeps in a database: its name, its migrations, and who looks in.
type Schema struct {
	// Name of the schema; its tables belong to the role <Name>_owner.
	Name string
	// Files holds the goose migrations at its root.
	Files fs.FS
	// Services that are granted something by the migrations, by name, without the prefix "rounds_".
	Services []string
	// Finish is run by the owner after the migrations, each time: functions that are the same in several schemas.
	Finish string
}

// Role is the role that a service logs in as.
func Role(service string) string { return "rounds_" + service }

// Owner is the role that owns a schema's tables.
func Owner(schema string) string { return schema + "_owner" }

// Password gives the password of a role; "" leaves the role without one, for servers that trust their socket.
type Password func(role string) string

// NoPassword is for a server that trusts whoever reaches its socket.
func NoPassword(string) string { return "" }

// migrationLock keeps instances that start together from migrating together.
const migrationLock = 7069_0001

// Migrate brings the database at url to the newest version of the schemas, in their order. It may run on every start
// and from many instances at once. The role of url must be a superuser, or own the database and may create roles.
func Migrate(ctx context.Context, url string, password Password, schemas ...Schema) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return fmt.Errorf("wait for the migration lock: %w", err)
	}
	for _, script := range prepare(conn.Config().Database, password, schemas) {
		if err := patient(ctx, conn, script); err != nil {
			return err
		}
	}
	for _, schema := range schemas {
		if err := up(ctx, conn.Config(), schema); err != nil {
			return fmt.Errorf("migrate %s: %w", schema.Name, err)
		}
	}
	return nil
}

// prepare lists the statements that make roles and schemas; each may run again and again.
func prepare(name string, password Password, schemas []Schema) []string {
	var services, scripts []string
	for _, schema := range schemas {
		services = append(services, schema.Services...)
	}
	slices.Sort(services)
	services = slices.Compact(services) // once: it clears what it cuts off
	for _, service := range services {
		scripts = append(scripts, createRole(Role(service), "LOGIN", password(Role(service))))
	}
	scripts = append(scripts,
		"REVOKE ALL ON SCHEMA public FROM PUBLIC",
		fmt.Sprintf("REVOKE ALL ON DATABASE %s FROM PUBLIC", quote(name)))
	for _, service := range services {
		scripts = append(scripts, fmt.Sprintf("GRANT CONNECT ON DATABASE %s TO %s", quote(name), quote(Role(service))))
	}
	for _, schema := range schemas {
		owner := Owner(schema.Name)
		scripts = append(scripts,
			createRole(owner, "NOLOGIN", ""),
			fmt.Sprintf("GRANT %s TO CURRENT_USER", quote(owner)),
			fmt.Sprintf("CREATE SCHEMA IF NOT EXISTS %s AUTHORIZATION %s", quote(schema.Name), quote(owner)))
	}
	return scripts
}

func createRole(role, kind, password string) string {
	set := kind
	if password != "" {
		set += " PASSWORD " + literal(password)
	}
	return fmt.Sprintf(`DO $$ BEGIN CREATE ROLE %[1]s %[2]s; EXCEPTION WHEN duplicate_object OR unique_violation THEN
		ALTER ROLE %[1]s %[2]s; END $$`, quote(role), set)
}

// patient repeats a statement on roles: they belong to the whole server, and two databases that are migrated at the
// same moment may touch the same row of its catalogue ("tuple concurrently updated", XX000).
func patient(ctx context.Context, conn *pgx.Conn, script string) error {
	var err error
	for attempt := range 50 {
		if _, err = conn.Exec(ctx, script); err == nil || (Code(err) != "XX000" && Code(err) != "23505") {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("prepare roles: %w", ctx.Err())
		case <-time.After(time.Duration(attempt+1) * 2 * time.Millisecond):
		}
	}
	if err != nil {
		return fmt.Errorf("prepare roles: %w", err)
	}
	return nil
}

// up runs a schema's migrations as its owner.
func up(ctx context.Context, config *pgx.ConnConfig, schema Schema) (err error) {
	store, err := database.NewStore(database.DialectPostgres, schema.Name+".goose_version")
	if err != nil {
		return fmt.Errorf("version table: %w", err)
	}
	as := fmt.Sprintf("SET ROLE %s; SET search_path = %s", quote(Owner(schema.Name)), quote(schema.Name))
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, as)
		return err
	}))
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := run(ctx, pool, store, schema.Files); err != nil || schema.Finish == "" {
		return err
	}
	if _, err := pool.ExecContext(ctx, schema.Finish); err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	return nil
}

func run(ctx context.Context, pool *sql.DB, store database.Store, files fs.FS) error {
	// Schemas are owned by several rooms with number ranges of their own, so a lower number may come later.
	provider, err := goose.NewProvider("", pool, files, goose.WithStore(store), goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("apply migrations: %w", err)
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
