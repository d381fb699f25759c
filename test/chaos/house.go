package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/postgres"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq/rabbittest"
	"github.com/rounds-cme/rounds/kit/run/porttest"
	"github.com/rounds-cme/rounds/kit/token"
)

// patience bounds every waiting; it is reached only when something is wrong.
const patience = 4 * time.Minute

// workers are the connections to the mail server; beside is how many people the notification center tells at once for each.
const (
	workers = 2
	beside  = 128
)

// house is Rounds as production runs it, with everything that it needs.
type house struct {
	t        testing.TB
	binary   string
	dir      string
	config   postgres.Config
	database *postgres.Server
	broker   *rabbittest.Node
	settings []string // of all services
	services []*service
	sink     *sink
	pool     *pgxpool.Pool // as the administrator of the database
	keys     string
	address  string          // of all services
	ports    map[string]bool // that are given away
}

// names are the services, in the order of the visible table.
func names() []string {
	return []string{
		"datamanagement", "auth", "statistics", "notificationcenter", "notificationtaskrunner", "livewebinar", "scheduler", "bff", "ssr",
	}
}

// build starts everything and waits until all services are ready.
func build(t testing.TB, c *command) (*house, error) {
	t.Helper()
	h := &house{t: t, binary: c.Binary, dir: t.TempDir(), ports: map[string]bool{}}
	h.keys = filepath.Join(h.dir, "keys")
	if err := token.Ensure(h.keys, time.Now()); err != nil {
		return nil, err
	}
	if err := h.data(c.Hurry); err != nil {
		return nil, err
	}
	var err error
	if h.sink, err = startSink(t, c.Slow); err != nil {
		return nil, err
	}
	h.settings = []string{
		"--database-url", h.database.AdminURL("rounds"), "--keys", h.keys, "--log-level", "warn",
		"--notificationcenter-smtp", h.sink.address, "--notificationcenter-smtp-tls", "none",
		"--notificationcenter-workers", fmt.Sprint(workers), "--notificationcenter-first-retry", "500ms",
		"--scheduler-lease", "1s", "--scheduler-reminder-leads", c.Lead.String(), "--scheduler-hosts-lead", "0", "--notificationtaskrunner-page", "50",
		"--trusted-proxies", "127.0.0.0/8",
	}
	if c.Scenario == "callees" { // each room waits as long for the instance that ended
		h.settings = append(h.settings, "--livewebinar-lease", "2s")
	}
	if c.Broker {
		if err := h.carry(); err != nil {
			return nil, err
		}
	}
	if out, err := h.rounds("migrate"); err != nil {
		return nil, fmt.Errorf("migrate: %w: %s", err, out)
	}
	if h.pool, err = db.Pool(context.Background(), h.database.AdminURL("rounds"), 8); err != nil {
		return nil, err
	}
	t.Cleanup(h.pool.Close)
	err = h.open()
	return h, err
}

// data starts the database.
func (h *house) data(hurry bool) error {
	bin, err := postgres.Find()
	if err != nil {
		return err
	}
	h.config = postgres.Config{Bin: bin, Dir: filepath.Join(h.dir, "postgres"), Settings: map[string]string{
		"shared_buffers": "64MB", "max_connections": "160", "jit": "off", "log_min_messages": "warning", "idle_in_transaction_session_timeout": "60s",
		"fsync": map[bool]string{true: "off", false: "on"}[hurry],
	}}
	if h.database, err = postgres.Start(context.Background(), h.config); err != nil {
		return err
	}
	h.t.Cleanup(func() { _ = h.database.Stop() })
	return errors.Join(h.database.CreateDatabase(context.Background(), "rounds"), h.database.CreateDatabase(context.Background(), "rounds_statistics"))
}

// carry starts the broker, and sets it up as an operator does.
func (h *house) carry() (err error) {
	if h.broker, err = rabbittest.Start(h.t); err != nil {
		return err
	}
	h.t.Cleanup(func() { _ = h.broker.Stop() })
	h.settings = append(h.settings, "--broker-url", h.broker.Bare("rounds"), "--broker-secret", "of the chaos")
	if out, err := h.rounds("broker", "setup", "--management-url", h.broker.Management()); err != nil {
		return fmt.Errorf("set the broker up: %w: %s", err, out)
	}
	return nil
}

// rounds runs a command of the program to its end.
func (h *house) rounds(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.binary, append(arguments, h.settings...)...) //nolint:gosec // our own binary
	cmd.Env = environment()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// environment is ours without what is set for tests, which the program refuses.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "ROUNDS_") })
}

// open starts the services, with ports of their own and every secret that they ask for.
func (h *house) open() error {
	secrets, err := h.secrets()
	if err != nil {
		return err
	}
	var peers []string
	for _, name := range names() {
		s := &service{name: name, log: filepath.Join(h.dir, name+".log")}
		for _, address := range []*string{&s.http, &s.private, &s.rpc} {
			if *address, err = h.port(); err != nil {
				return err
			}
		}
		peers = append(peers, name+"="+s.rpc)
		h.services = append(h.services, s)
	}
	for _, s := range h.services {
		s.command = slices.Concat([]string{
			h.binary, "serve", s.name, "--http", s.http, "--private", s.private, "--rpc", s.name + "=" + s.rpc,
			"--peers", strings.Join(peers, ";"), "--base-url", "http://" + h.services[len(h.services)-1].http,
		}, secrets, h.settings)
		if err := s.start(); err != nil {
			return err
		}
		h.t.Cleanup(s.stop)
	}
	for _, s := range h.services {
		if err := s.ready(); err != nil {
			return errors.Join(err, h.ended())
		}
	}
	return nil
}

// port is an address for one listener. The house has an address of its own on this machine, where that goes: the ports of a service that
// is down are free, and another test might sit down on them.
func (h *house) port() (string, error) {
	if h.address == "" {
		h.address = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), rand.IntN(250), 1+rand.IntN(250)) //nolint:gosec // nobody guesses it
		listener, err := net.Listen("tcp", h.address+":0")                                          //nolint:noctx // it returns at once
		if err != nil {
			h.address = "127.0.0.1"
		} else if err := listener.Close(); err != nil {
			return "", err
		}
	}
	for {
		port := porttest.Free(h.t)
		if !h.ports[port] {
			h.ports[port] = true
			return net.JoinHostPort(h.address, port), nil
		}
	}
}

// secrets asks the program which it wants.
func (h *house) secrets() (arguments []string, err error) {
	out, _ := h.rounds("serve", "all") //nolint:errcheck // it is to fail
	_, flags, asks := strings.Cut(strings.TrimSpace(out), "give ")
	if !asks {
		return nil, fmt.Errorf("the program asks for no secret: %s", out)
	}
	for _, flag := range strings.Split(flags, ", ") {
		arguments = append(arguments, flag, base64.StdEncoding.EncodeToString(make([]byte, 32)))
	}
	return arguments, nil
}

func (h *house) at(name string) *service {
	return h.services[slices.IndexFunc(h.services, func(s *service) bool { return s.name == name })]
}

// ended tells of services that ended though nobody killed them.
func (h *house) ended() (err error) {
	for _, s := range h.services {
		err = errors.Join(err, s.fault())
	}
	return err
}

// exec changes something as the administrator, also while the database comes back.
func (h *house) exec(sql string, arguments ...any) {
	h.t.Helper()
	h.trying(sql, func(ctx context.Context) error {
		_, err := h.pool.Exec(ctx, sql, arguments...)
		return err
	})
}

// number reads one.
func (h *house) number(sql string, arguments ...any) (n int) {
	h.t.Helper()
	h.trying(sql, func(ctx context.Context) error { return h.pool.QueryRow(ctx, sql, arguments...).Scan(&n) })
	return n
}

func (h *house) trying(what string, try func(context.Context) error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		if ctx.Err() != nil || db.Code(err) != "" && !passing(db.Code(err)) {
			h.t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// passing are the answers of a server that is going down or coming up.
func passing(code string) bool {
	return strings.HasPrefix(code, "57P") || strings.HasPrefix(code, "08")
}

// all reads rows of texts.
func (h *house) all(sql string, arguments ...any) (rows [][]string) {
	h.t.Helper()
	h.trying(sql, func(ctx context.Context) error {
		found, err := h.pool.Query(ctx, sql, arguments...)
		if err != nil {
			return err
		}
		rows, err = pgx.CollectRows(found, func(row pgx.CollectableRow) (line []string, err error) {
			values, err := row.Values()
			for _, v := range values {
				line = append(line, fmt.Sprint(v))
			}
			return line, err
		})
		return err
	})
	return rows
}
