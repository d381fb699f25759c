// Command cluster runs Rounds on one machine in the shape of production, with programs from Debian's packages and without containers:
//
//	browser ── NGINX ─┬─ ssr, bff, auth, livewebinar, notificationcenter ─┬─ PostgreSQL for everything but statistics
//	                  │    datamanagement, scheduler, notificationtaskrunner├─ PostgreSQL for statistics
//	                  │    statistics          two processes of each        ├─ RabbitMQ
//	                  └─ 127.77.SERVICE.INSTANCE                            └─ Redis
//
// Each service has a configuration with its own secrets and no other's, a role in the database, an account at the broker and a certificate.
// Each process has an address of its own on this machine, as a pod has. What ends is started again.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// options are what can be chosen.
type options struct {
	Data     string            `default:"./data-cluster" type:"path" help:"Directory in which everything is kept."`
	Binary   string            `default:"./bin/rounds" type:"path" help:"The program of all services."`
	Port     uint16            `default:"8080" help:"Port of the site on this machine."`
	Network  uint8             `default:"77" help:"Processes listen on 127.NETWORK.SERVICE.INSTANCE."`
	Copies   int               `default:"2" help:"Processes of each service."`
	Requests int               `default:"100" help:"What one address may ask NGINX in a second; more for a measurement, which is one address."`
	Set      map[string]string `help:"Settings for all processes, as in the file of --config: NAME=VALUE;…"`
	Demo     bool              `default:"true" negatable:"" help:"Fill an empty Rounds with demo people, articles and webinars."`
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("cluster"), kong.Description("Run Rounds on this machine in the shape of production."))
	if err := run(o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(o options, out io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c, err := newCluster(o, out)
	if err != nil {
		return err
	}
	defer c.stop()
	if err := c.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // It was stopped while it started.
		}
		return err
	}
	c.welcome()
	<-ctx.Done()
	fmt.Fprintln(out, "\nStopping …")
	return nil
}
