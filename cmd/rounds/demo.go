package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/rpc"
)

type demoCommand struct {
	BFF string `name:"bff" required:"" help:"Where the bff accepts gRPC: HOST:PORT."`
}

// Run implements the command. It speaks to the bff as pages do, and sets in the database what lies in the past; what is there already
// stays.
func (c demoCommand) Run(cli *program, out io.Writer) error {
	if cli.DatabaseURL == "" {
		return errors.New("no database is set: give --database-url, such as postgres://rounds_admin@localhost/rounds")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	h := newHost(&cli.settings, obs.NewLogger(os.Stderr, cli.LogLevel), nil, map[string]string{"bff": c.BFF})
	defer h.close()
	identity, err := h.identity("ssr")
	if err != nil {
		return err
	}
	dialer := rpc.NewDialer("ssr", nil, h.peers).Proving(identity)
	defer func() { _ = dialer.Close() }()
	data, err := seed(ctx, cli, dialer.Dial("bff"))
	if err != nil {
		return fmt.Errorf("fill in the demo: %w", err)
	}
	fmt.Fprintf(out, "The demo is there: %s.\n", summary(data))
	return nil
}
