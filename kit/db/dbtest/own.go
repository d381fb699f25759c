package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/postgres"
)

// Own is a database on a server of its own, for the few tests that stop PostgreSQL or need it to be durable. It takes some
// seconds to make.
type Own struct {
	*DB

	server *postgres.Server
	config postgres.Config
}

// NewOwn starts a server and makes a database with the schemas on it.
func NewOwn(t testing.TB, schemas ...db.Schema) *Own {
	t.Helper()
	bin, err := postgres.Find()
	if err != nil {
		t.Fatalf("dbtest: %v: apt-get install postgresql", err)
	}
	dir, err := os.MkdirTemp("", "rounds-own-")
	if err == nil {
		err = os.Chmod(dir, 0o711) //nolint:gosec // The server's user must pass through.
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	o := &Own{config: postgres.Config{Bin: bin, Dir: filepath.Join(dir, "server")}}
	t.Cleanup(func() { o.Stop(t) })
	o.Start(t)
	name := "own_" + uuid.NewString()[:8]
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := o.server.CreateDatabase(ctx, name); err != nil {
		t.Fatalf("dbtest: create the database: %v", err)
	}
	o.DB = &DB{t: t, socket: postgres.SocketDir(o.config.Dir), name: name, pools: map[string]*pgxpool.Pool{}}
	if err := db.Migrate(ctx, o.AdminURL(), db.NoPassword, schemas...); err != nil {
		t.Fatalf("dbtest: migrate: %v", err)
	}
	return o
}

// Start starts the server again, with what was committed before it stopped.
func (o *Own) Start(t testing.TB) {
	t.Helper()
	server, err := postgres.Start(context.Background(), o.config)
	if err != nil {
		t.Fatalf("dbtest: start PostgreSQL: %v", err)
	}
	o.server = server
}

// Stop ends the server as an operator does who restarts it: whoever is connected is thrown out.
func (o *Own) Stop(t testing.TB) {
	t.Helper()
	if o.server == nil {
		return
	}
	if err := o.server.Stop(); err != nil {
		t.Errorf("dbtest: stop PostgreSQL: %v", err)
	}
	o.server = nil
}
