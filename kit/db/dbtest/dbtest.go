// Package dbtest gives every test a database of its own on a real PostgreSQL, in some 50 ms: one server is shared by
// all packages of a `go test` run, each set of schemas is migrated once into a template, and each test gets a copy. So
// tests run in parallel, see the real roles and rights, and cannot see each other.
//
//	database := dbtest.New(t, datamanagement.Schema())
//	pool := database.Pool("datamanagement")   // logged in as rounds_datamanagement, with its rights and no more
package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/postgres"
)

// DB is one test's database.
type DB struct {
	t      testing.TB
	socket string
	name   string

	mu    sync.Mutex
	pools map[string]*pgxpool.Pool // by address: asking again gives the same one
}

// New makes a database with the schemas, which is dropped when the test ends.
func New(t testing.TB, schemas ...db.Schema) *DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	socket, err := shared(ctx)
	if err != nil {
		t.Fatalf("dbtest: start the shared PostgreSQL: %v", err)
	}
	original, err := template(ctx, socket, schemas)
	if err != nil {
		t.Fatalf("dbtest: migrate the template: %v", err)
	}
	d := &DB{t: t, socket: socket, pools: map[string]*pgxpool.Pool{}, name: "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")}
	if err := execute(ctx, socket, "postgres", fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", d.name, original)); err != nil {
		t.Fatalf("dbtest: copy the template: %v", err)
	}
	if err := execute(ctx, socket, d.name, grantConnect(d.name, schemas)...); err != nil {
		t.Fatalf("dbtest: let the roles connect: %v", err)
	}
	t.Cleanup(func() {
		// Tests that fail leave nothing behind either; FORCE ends connections that a test forgot.
		if err := execute(context.Background(), socket, "postgres", fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", d.name)); err != nil {
			t.Errorf("dbtest: drop the database: %v", err)
		}
	})
	return d
}

// URL is the address of the database for a service's role.
func (d *DB) URL(service string) string { return postgres.URL(d.socket, db.Role(service), d.name) }

// AdminURL is the address of the database for the superuser.
func (d *DB) AdminURL() string { return postgres.URL(d.socket, "rounds_admin", d.name) }

// Pool connects as a service's role; it is closed when the test ends.
func (d *DB) Pool(service string) *pgxpool.Pool { return d.open(d.URL(service)) }

// Admin connects as the superuser, for arranging and looking, never for what is under test.
func (d *DB) Admin() *pgxpool.Pool { return d.open(d.AdminURL()) }

func (d *DB) open(url string) *pgxpool.Pool {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if pool := d.pools[url]; pool != nil {
		return pool
	}
	pool, err := db.Pool(context.Background(), url, 8)
	if err != nil {
		d.t.Fatalf("dbtest: open a pool: %v", err)
	}
	d.t.Cleanup(pool.Close)
	d.pools[url] = pool
	return pool
}

// template returns the name of a migrated database for this set of schemas; its name is a hash of all migrations, so
// a changed migration gets a new one.
func template(ctx context.Context, socket string, schemas []db.Schema) (string, error) {
	name, err := templateName(schemas)
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, postgres.URL(socket, "rounds_admin", "postgres"))
	if err != nil {
		return "", fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// Several test processes may want the same template; one makes it.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", name); err != nil {
		return "", fmt.Errorf("lock: %w", err)
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return name, err
	}
	draft := name + "_draft"
	if err := execute(ctx, socket, "postgres", fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", draft),
		"CREATE DATABASE "+draft); err != nil {
		return "", err
	}
	if err := db.Migrate(ctx, postgres.URL(socket, "rounds_admin", draft), db.NoPassword, schemas...); err != nil {
		return "", err
	}
	return name, execute(ctx, socket, "postgres", fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", draft, name))
}

func templateName(schemas []db.Schema) (string, error) {
	hash := sha256.New()
	for _, schema := range schemas {
		fmt.Fprintf(hash, "%s %v\n", schema.Name, schema.Services)
		err := fs.WalkDir(schema.Files, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := fs.ReadFile(schema.Files, path)
			fmt.Fprintf(hash, "%s %d\n%s", path, len(text), text)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("read migrations of %s: %w", schema.Name, err)
		}
	}
	return "template_" + hex.EncodeToString(hash.Sum(nil)[:8]), nil
}

// grantConnect repeats what belongs to a database and is not copied from its template.
func grantConnect(name string, schemas []db.Schema) []string {
	statements := []string{"REVOKE ALL ON DATABASE " + name + " FROM PUBLIC"}
	for _, schema := range schemas {
		for _, service := range schema.Services {
			statements = append(statements, fmt.Sprintf("GRANT CONNECT ON DATABASE %s TO %s", name, db.Role(service)))
		}
	}
	return statements
}

func execute(ctx context.Context, socket, database string, statements ...string) error {
	conn, err := pgx.Connect(ctx, postgres.URL(socket, "rounds_admin", database))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
