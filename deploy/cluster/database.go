package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rounds-cme/rounds/kit/postgres"
)

// database is a server with one database.
type database struct {
	name   string
	config postgres.Config
	server *postgres.Server
}

// Names of the two databases.
const (
	mainName       = "rounds"
	statisticsName = "rounds_statistics"
)

// rights: who runs the server is its administrator; every other role has to say its password.
const rights = "local all rounds_admin trust\nlocal all all scram-sha-256\n"

func (c *cluster) startDatabases(ctx, kept context.Context) error {
	bin, err := postgres.Find()
	if err != nil {
		return errors.Join(errors.New("install it: apt-get install postgresql"), err)
	}
	for _, name := range []string{mainName, statisticsName} {
		d := &database{name: name, config: postgres.Config{Bin: bin, Dir: c.at("postgres-" + name), Settings: map[string]string{
			"shared_buffers": "64MB", "max_connections": "300", "max_wal_size": "256MB", "jit": "off", "log_min_messages": "warning",
			"idle_in_transaction_session_timeout": "60s",
		}}}
		c.databases = append(c.databases, d)
		if err := c.begin(kept, &unit{name: "postgresql " + name, start: d.start}); err != nil {
			return err
		}
		if err := d.server.CreateDatabase(ctx, name); err != nil {
			return fmt.Errorf("make database %s: %w", name, err)
		}
	}
	return nil
}

func (d *database) start(ctx context.Context) (running, error) {
	if err := os.MkdirAll(d.config.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make its directory: %w", err)
	}
	hba := filepath.Join(d.config.Dir, "hba.conf")
	if err := os.WriteFile(hba, []byte(rights), 0o644); err != nil { //nolint:gosec // the server may run as another user
		return nil, fmt.Errorf("write who may log in: %w", err)
	}
	d.config.Settings["hba_file"] = hba
	server, err := postgres.Start(ctx, d.config)
	if err != nil {
		return nil, err
	}
	d.server = server
	return started{server}, nil
}

// url is its address for an administrator.
func (d *database) url() string { return d.server.AdminURL(d.name) }

// started is a server that is kept as all programs are.
type started struct{ *postgres.Server }

func (s started) Stop(time.Duration) { _ = s.Server.Stop() }

func (s started) Kill() { s.Stop(0) }
