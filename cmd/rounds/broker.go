package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
)

type brokerCommand struct {
	Setup brokerSetupCommand `cmd:"" help:"Make the virtual host, the queues, and an account with its own rights for each service."`
}

type brokerSetupCommand struct {
	Management string `name:"management-url" required:"" help:"Management API of RabbitMQ as an administrator, such as http://admin:secret@broker:15672."`
}

const setupTime = 5 * time.Minute

// Run implements the command. It may be run again at any time: what is there stays, with its messages.
func (c brokerSetupCommand) Run(cli *program, out io.Writer) error {
	if _, err := cli.broker("nobody"); err != nil {
		return err
	}
	address, err := url.Parse(cli.BrokerURL)
	if err != nil {
		return fmt.Errorf("--broker-url: %w", err)
	}
	m, err := rabbitmq.NewManagement(c.Management)
	if err != nil {
		return fmt.Errorf("--management-url: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupTime)
	defer cancel()
	table := queues()
	if err := m.Setup(ctx, strings.TrimPrefix(address.Path, "/"), table, cli.brokerPassword); err != nil {
		return err
	}
	for _, q := range table {
		fmt.Fprintf(out, "%-18s put by %s, taken by %s\n", q.Name, strings.Join(q.Put, ", "), q.Take)
	}
	fmt.Fprintf(out, "The broker is set up: %d queues, %d accounts.\n", len(table), len(rabbitmq.Services(table)))
	return nil
}
