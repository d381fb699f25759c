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
	s, err := shared(ctx)
	if err != nil {
		t.Fatalf("dbtest: start the shared PostgreSQL: %v", err)
	}
	original, err := s.template(ctx, schemas)
	if err != nil {
		t.Fatalf("dbtest: migrate the template: %v", err)
	}
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	statements := append([]string{fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, original)}, grantConnect(name, schemas)...)
	if err := s.execute(ctx, statements...); err != nil {
		t.Fatalf("dbtest: copy the template: %v", err)
	}
	t.Cleanup(func() {
		// Tests that fail leave nothing behind either; FORCE ends connections that a test forgot.
		if err := s.execute(context.Background(), fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Errorf("dbtest: drop the database: %v", err)
		}
	})
	return &DB{t: t, socket: s.socket, name: name, pools: map[string]*pgxpool.Pool{}}
}

// URL is the address of the database for a service's role.
func (d *DB) URL(service string) string { return postgres.URL(d.socket, db.Role(service), d.name) }

// AdminURL is the address of the database for the superuser.
func (d *DB) AdminURL() string { return postgres.URL(d.socket, superuser, d.name) }

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
	d.t.Cleanup(func() { d.closePool(pool) })
	d.pools[url] = pool
	return pool
}

// closePool does not wait for ever, as a pool does, for a connection that a test forgot: the test fails instead.
func (d *DB) closePool(pool *pgxpool.Pool) {
	closed := make(chan struct{})
	go func() { pool.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		d.t.Errorf("dbtest: %d connections were not given back; did a Rows or a Tx stay open?", pool.Stat().AcquiredConns())
	}
}

// template returns the name of a migrated database for this set of schemas; its name is a hash of all migrations, so
// a changed migration gets a new one.
func (s *server) template(ctx context.Context, schemas []db.Schema) (string, error) {
	name, err := templateName(schemas)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made[name] {
		return name, nil
	}
	conn, err := s.admin.Acquire(ctx)
	if err != nil {
		return "", fmt.Errorf("connect: %w", err)
	}
	defer conn.Release()
	// Several test processes may want the same template; one makes it.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", name); err != nil {
		return "", fmt.Errorf("lock: %w", err)
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(hashtextextended($1, 0))", name)
	}()
	if err := s.make(ctx, conn, name, schemas); err != nil {
		return "", err
	}
	s.made[name] = true
	return name, nil
}

func (s *server) make(ctx context.Context, conn *pgxpool.Conn, name string, schemas []db.Schema) error {
	var there bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	if err != nil || there {
		return err
	}
	draft := name + "_draft"
	if err := s.execute(ctx, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", draft), "CREATE DATABASE "+draft); err != nil {
		return err
	}
	if err := db.Migrate(ctx, postgres.URL(s.socket, superuser, draft), db.NoPassword, schemas...); err != nil {
		return err
	}
	return s.execute(ctx, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", draft, name))
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

// execute runs statements about databases, none of which may stand in a transaction.
func (s *server) execute(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := s.admin.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
