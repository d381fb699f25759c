// Package db is how services reach PostgreSQL: one role per service, one owner per schema, and views as the only
// windows between them. A service never connects as the owner of its tables; it logs in as rounds_<service> and has
// just the rights that the migrations of the owning schema grant. So a mistake, or an attacker, in one service cannot
// write what belongs to another.
//
//	rounds_admin (or a superuser)  creates roles, databases and schemas; used by Migrate only
//	<schema>_owner                 owns the tables, cannot log in; migrations run as it
//	rounds_<service>               logs in, reads and writes what it was granted
//
// SQL is written in SQL files and run through pgx as it is; this package adds transactions with retry, migrations and
// listening, and no layer over the language.
package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/crash"
)

// Beginner is a pool or a connection: whatever can begin a transaction.
type Beginner interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// attempts bounds how often a transaction is repeated after a deadlock or a serialisation failure.
const attempts = 5

// Tx runs do in a read committed transaction and commits when it returns nil. PostgreSQL may abort one of two
// transactions that wait for each other; then do runs again, so it must not have effects outside the transaction.
func Tx(ctx context.Context, pool Beginner, do func(tx pgx.Tx) error) error {
	return TxLevel(ctx, pool, pgx.ReadCommitted, do)
}

// TxLevel is Tx at another isolation level.
func TxLevel(ctx context.Context, pool Beginner, level pgx.TxIsoLevel, do func(tx pgx.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := once(ctx, pool, level, do)
		if err == nil || attempt == attempts || !repeatable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(attempt*attempt) * 5 * time.Millisecond):
		}
	}
}

func once(ctx context.Context, pool Beginner, level pgx.TxIsoLevel, do func(tx pgx.Tx) error) error {
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: level})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// After a commit this does nothing; after a panic or an error it gives the connection back clean.
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Codes of PostgreSQL that ask for a repetition.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

func repeatable(err error) bool {
	code := Code(err)
	return code == serializationFailure || code == deadlockDetected
}

// Code returns the five characters PostgreSQL gives an error, or "" when err is not its.
func Code(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

// Duplicate tells whether err is a broken unique constraint, and of which name.
func Duplicate(err error) (constraint string, ok bool) {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "23505" {
		return pgErr.ConstraintName, true
	}
	return "", false
}

// Pool opens a pool that connects when it is first used, so that a service starts while its database is down. Idle
// connections are given back: nine services share one server on a small machine.
func Pool(ctx context.Context, url string, most int32) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse database address: %w", err)
	}
	config.MaxConns = most
	config.MinConns = 0
	config.MaxConnIdleTime = time.Minute
	config.MaxConnLifetime = time.Hour
	config.MaxConnLifetimeJitter = 10 * time.Minute
	config.ConnConfig.ConnectTimeout = 3 * time.Second
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.Tracer = crash.Tracer()
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error { sendUUIDs(conn); return nil }
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	return pool, nil
}
