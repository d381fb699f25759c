package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/rounds-cme/rounds/cmd/rounds/verify"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/postgres"
	"github.com/rounds-cme/rounds/kit/queue"
)

type verifyCommand struct {
	Directory string        `help:"Data directory of an up that runs, in place of --database-url." placeholder:"DIR" env:"-"`
	Patience  time.Duration `default:"1m" help:"What is late by more than that is stuck." env:"-"`
	JSON      bool          `help:"Print the findings as JSON." env:"-"`
}

// Run implements the command: it succeeds when every promise holds.
func (c verifyCommand) Run(cli *program, out io.Writer) error {
	var all []verify.Finding
	for _, part := range []struct {
		database string
		promises []verify.Invariant
	}{{mainDatabase, verify.Main()}, {statisticsDatabase, verify.Statistics()}} {
		address, err := c.address(cli, part.database)
		if err != nil {
			return err
		}
		findings, err := verify.Run(context.Background(), address, part.promises, c.Patience)
		if err != nil {
			return fmt.Errorf("database %s cannot be verified: %w", part.database, err)
		}
		all = append(all, findings...)
	}
	carried, err := c.carried(cli)
	if err != nil {
		return err
	}
	all = append(all, carried...)
	if err := c.print(out, all); err != nil {
		return err
	}
	broken := 0
	for _, f := range all {
		if !f.Holds() {
			broken++
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d of %d promises do not hold", broken, len(all))
	}
	return nil
}

// carried looks at the broker, where there is one: what left the outbox is nowhere else.
func (c verifyCommand) carried(cli *program) (all []verify.Finding, err error) {
	if cli.BrokerURL == "" {
		return nil, nil
	}
	address, err := c.address(cli, mainDatabase)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), operatorTime)
	defer cancel()
	pool, err := db.Pool(ctx, address, 2)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	for _, q := range queues() {
		err := operateOne(&cli.settings, pool, q, func(d queue.Driver) error {
			ctx, cancel := context.WithTimeout(ctx, brokerTime)
			defer cancel()
			all = append(all, verify.Carried(ctx, d, q.Name, c.Patience)...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// brokerTime is how long the broker may take to answer about one queue; one that is away never does.
const brokerTime = 20 * time.Second

func (c verifyCommand) address(cli *program, database string) (string, error) {
	if c.Directory == "" {
		return cli.adminURL(database)
	}
	if cli.DatabaseURL != "" {
		return "", errors.New("give --directory or --database-url, not both")
	}
	directory, err := filepath.Abs(c.Directory)
	if err != nil {
		return "", fmt.Errorf("--directory: %w", err)
	}
	return postgres.URL(postgres.SocketDir(filepath.Join(directory, "postgres")), "rounds_admin", database), nil
}

func (c verifyCommand) print(out io.Writer, all []verify.Finding) error {
	if c.JSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(all)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range all {
		verdict := "holds"
		if !f.Holds() {
			verdict = "BROKEN"
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", verdict, f.Name, f.Looked, f.Says)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, f := range all {
		for _, one := range f.Broken {
			fmt.Fprintf(out, "%s: %s\n", f.Name, one)
		}
		if f.More > 0 {
			fmt.Fprintf(out, "%s: and %d more\n", f.Name, f.More)
		}
		if !f.Holds() {
			fmt.Fprintf(out, "%s: what to do: %s\n", f.Name, f.Mend)
		}
	}
	return nil
}
