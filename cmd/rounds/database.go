package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/rounds-cme/rounds/kit/postgres"
)

// privateDatabase is the PostgreSQL that `up` owns. When it dies while we live, it is started again: services lose
// their connections, nothing that was committed, and go on by themselves.
type privateDatabase struct {
	config postgres.Config
	log    *slog.Logger

	mu       sync.Mutex
	server   *postgres.Server
	stopping bool
}

// databaseSettings are for a small machine and real durability. Compiling plans (jit) pays for queries of seconds, and ours take
// less than a millisecond; where the planner guesses too high it costs a hundred times what it saves.
func databaseSettings() map[string]string {
	return map[string]string{
		"shared_buffers": "64MB", "max_connections": "160", "max_wal_size": "256MB", "log_min_messages": "warning",
		"idle_in_transaction_session_timeout": "60s", "jit": "off",
	}
}

func startPrivateDatabase(ctx context.Context, log *slog.Logger, bin, dir string) (*privateDatabase, error) {
	p := &privateDatabase{config: postgres.Config{Bin: bin, Dir: dir, Settings: databaseSettings()}, log: log}
	server, err := postgres.Start(ctx, p.config)
	if err != nil {
		return nil, err
	}
	p.server = server
	for _, name := range []string{mainDatabase, statisticsDatabase} {
		if err := server.CreateDatabase(ctx, name); err != nil {
			p.stop()
			return nil, err
		}
	}
	go p.watch()
	return p, nil
}

func (p *privateDatabase) adminURL(database string) string { return p.server.AdminURL(database) }

// watch starts the server again whenever it ends and nobody wanted that.
func (p *privateDatabase) watch() {
	for {
		<-p.current().Done()
		if err := p.restart(); err != nil {
			p.log.Error("PostgreSQL ended and cannot be started again yet", "error", err)
			time.Sleep(time.Second)
		}
		p.mu.Lock()
		stopping := p.stopping
		p.mu.Unlock()
		if stopping {
			return
		}
	}
}

func (p *privateDatabase) current() *postgres.Server {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server
}

func (p *privateDatabase) restart() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		return nil
	}
	p.log.Warn("PostgreSQL ended; starting it again")
	server, err := postgres.Start(context.Background(), p.config)
	if err != nil {
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	p.server = server
	return nil
}

func (p *privateDatabase) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopping = true
	if err := p.server.Stop(); err != nil {
		p.log.Error("PostgreSQL did not stop", "error", err)
	}
}
