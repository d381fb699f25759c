package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"

	"github.com/rounds-cme/rounds/cmd/rounds/verify"
	"github.com/rounds-cme/rounds/kit/postgres"
)

type verifyCommand struct {
	Directory string `help:"Data directory of an up that runs, in place of --database-url." placeholder:"DIR" env:"-"`
	JSON      bool   `help:"Print the findings as JSON." env:"-"`
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
		findings, err := verify.Run(context.Background(), address, part.promises)
		if err != nil {
			return fmt.Errorf("database %s cannot be verified: %w", part.database, err)
		}
		all = append(all, findings...)
	}
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
	}
	return nil
}
