package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/run"
)

// drainTime is how long requests under way may take after the signal to stop; Ctrl-C promises five seconds for all.
const drainTime = 4 * time.Second

type serveCommand struct {
	Names   []string          `arg:"" name:"service" help:"Services to run, or all."`
	HTTP    string            `name:"http" default:"127.0.0.1:8080" help:"Address for HTTP: of the service, or of a front router where several run."`
	RPC     map[string]string `name:"rpc" help:"Where services accept gRPC from other processes: SERVICE=HOST:PORT;…"`
	Peers   map[string]string `help:"Where services in other processes are: SERVICE=HOST:PORT;…, and SERVICE=HOST:PORT,HOST:PORT where it has several instances and no name for all of them."`
	Private string            `default:"127.0.0.1:8081" help:"Address of /livez, /readyz, /metrics and pprof, for operators only."`
}

// Run implements the command.
func (c *serveCommand) Run(cli *program, parser *kong.Kong) error {
	entries, err := pick(services(&cli.Services), c.Names)
	if err != nil {
		return err
	}
	if err := missingSecrets(parser.Model, entries); err != nil {
		return err
	}
	if cli.BaseURL == "" {
		cli.BaseURL = "http://" + c.HTTP
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := obs.NewLogger(os.Stderr, cli.LogLevel)
	spare(c.Names)
	h := newHost(&cli.settings, log, entries, c.Peers)
	defer h.close()
	members, err := c.members(ctx, h, entries)
	if err != nil {
		return err
	}
	doors := []string{c.HTTP, c.Private}
	listeners, err := listen(doors)
	if err != nil {
		return err
	}
	g := run.NewGroup(log, members...)
	g.Start()
	web := serveFront(listeners[0], front(members), log)
	private := serveFront(listeners[1], g.Private(h.metrics), log)
	log.Info("serving", "services", strings.Join(c.Names, " "), "http", c.HTTP, "private", c.Private)
	failure := wait(ctx, g)
	stop() // A second signal ends the process at once.
	return errors.Join(failure, shutdown(log, g, web, private))
}

// spare collects garbage more often in a process that carries rooms alone: thousands of connections hold much and leave little behind,
// so it costs next to nothing there and saves a third of the memory of each connection.
func spare(names []string) {
	const percent = 50
	if os.Getenv("GOGC") == "" && slices.Equal(names, []string{"livewebinar"}) {
		debug.SetGCPercent(percent)
	}
}

func (c *serveCommand) members(ctx context.Context, h *host, entries []run.Entry) ([]*run.Member, error) {
	var members []*run.Member
	for _, entry := range entries {
		member, err := h.member(ctx, entry)
		if err != nil {
			return nil, err
		}
		if address := c.RPC[entry.Name]; address != "" {
			listeners, err := listen([]string{address})
			if err != nil {
				return nil, err
			}
			member.RPC = append(member.RPC, listeners...)
		}
		members = append(members, member)
	}
	return members, nil
}

// pick finds services by name, in the order of the table.
func pick(entries []run.Entry, names []string) ([]run.Entry, error) {
	if slices.Contains(names, "all") {
		return entries, nil
	}
	var picked []run.Entry
	var known []string
	for _, entry := range entries {
		known = append(known, entry.Name)
		if slices.Contains(names, entry.Name) {
			picked = append(picked, entry)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no service %q: choose among all, %s", name, strings.Join(known, ", "))
		}
	}
	return picked, nil
}

// listen opens sockets, and says in one sentence when one is taken.
func listen(addresses []string) ([]net.Listener, error) {
	var listeners []net.Listener
	for _, address := range addresses {
		listener, err := net.Listen("tcp", address) //nolint:noctx // It returns at once.
		if err == nil {
			listeners = append(listeners, listener)
			continue
		}
		for _, opened := range listeners {
			_ = opened.Close()
		}
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("the address %s is in use by another program: stop it, or choose another port", address)
		}
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return listeners, nil
}

// wait returns when the process is told to stop, or a server fails by itself.
func wait(ctx context.Context, g *run.Group) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-g.Failed():
		return err
	}
}

func shutdown(log *slog.Logger, g *run.Group, servers ...*webServer) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	var failures []error
	for _, server := range servers {
		failures = append(failures, server.stop(ctx))
	}
	failures = append(failures, g.Stop(ctx))
	err := errors.Join(failures...)
	if err != nil {
		log.Warn("stopped with something under way", "error", err)
	}
	return nil
}
