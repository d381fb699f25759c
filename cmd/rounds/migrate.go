package main

import (
	"context"
	"fmt"
	"io"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/run"
)

type migrateCommand struct {
	DryRun bool `help:"Say what would be done, and do nothing."`
}

// Run implements the command. It may be run at any time and by several at once: one does it, the others wait.
func (c migrateCommand) Run(cli *program, out io.Writer) error {
	if c.DryRun {
		return pending(context.Background(), &cli.settings, services(&cli.Services), out)
	}
	if err := migrate(context.Background(), &cli.settings, services(&cli.Services)); err != nil {
		return err
	}
	fmt.Fprintln(out, "The databases are up to date.")
	return nil
}

// pending says what migrate would do.
func pending(ctx context.Context, s *settings, entries []run.Entry, out io.Writer) error {
	count := 0
	for _, database := range []string{mainDatabase, statisticsDatabase} {
		address, err := s.adminURL(database)
		if err != nil {
			return err
		}
		steps, err := db.Pending(ctx, address, schemas(database, entries)...)
		if err != nil {
			return fmt.Errorf("database %s cannot be looked at, see --database-url and --statistics-url: %w", database, err)
		}
		for _, step := range steps {
			fmt.Fprintf(out, "%-18s %-24s %s\n", database, step.Schema, step.File)
		}
		count += len(steps)
	}
	if count == 0 {
		fmt.Fprintln(out, "The databases are up to date.")
		return nil
	}
	fmt.Fprintf(out, "%d migrations are to be applied; rounds migrate does that.\n", count)
	return nil
}

// migrate brings both databases to the newest version.
func migrate(ctx context.Context, s *settings, entries []run.Entry) error {
	for _, database := range []string{mainDatabase, statisticsDatabase} {
		address, err := s.adminURL(database)
		if err != nil {
			return err
		}
		if err := db.Create(ctx, address); err != nil {
			return fmt.Errorf("database %s cannot be reached, look at --database-url and --statistics-url: %w", database, err)
		}
		if err := db.Migrate(ctx, address, s.rolePassword, schemas(database, entries)...); err != nil {
			return fmt.Errorf("database %s cannot be brought up to date: %w", database, err)
		}
	}
	return nil
}
