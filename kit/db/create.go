package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Codes of PostgreSQL around databases that are there or not.
const (
	noSuchDatabase   = "3D000"
	databaseIsThere  = "42P04"
	duplicateCatalog = "23505" // Two that create at the same moment.
)

// Create makes the database that url names, on a server that somebody else runs, unless it is there.
func Create(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("parse database address: %w", err)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		return conn.Close(ctx)
	}
	if Code(err) != noSuchDatabase {
		return fmt.Errorf("connect: %w", err)
	}
	name := config.Database
	config.Database = "postgres"
	if conn, err = pgx.ConnectConfig(ctx, config); err != nil {
		return fmt.Errorf("connect to create a database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, "CREATE DATABASE "+quote(name))
	if code := Code(err); err != nil && code != databaseIsThere && code != duplicateCatalog {
		return fmt.Errorf("create database: %w", err)
	}
	return nil
}
