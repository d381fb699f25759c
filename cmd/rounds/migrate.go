package main

import (
	"context"
	"fmt"
	"io"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/run"
)

type migrateCommand struct{}

// Run implements the command.
func (migrateCommand) Run(cli *program, out io.Writer) error {
	if err := migrate(context.Background(), &cli.settings, services(&cli.Services)); err != nil {
		return err
	}
	fmt.Fprintln(out, "The databases are up to date.")
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
