// Package command makes a command that arrives twice act once.
//
// Why: a double click, a retry of the browser or of a caller whose answer got lost is the same wish. Its request id is
// taken in the transaction of its effect, so both exist or neither does; the answer is kept beside it and given again.
package command

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// Command names one wish of one person.
type Command struct {
	Actor   uuid.UUID // who wishes; the zero UUID for a visitor
	Request uuid.UUID
	Name    string // of the RPC; an id that comes again under another name is refused
	At      time.Time
	// Digest is of what was asked: an id that comes again with something else is refused, or that would be lost without a word.
	// Nil where the request holds a password, of which nothing may be kept.
	Digest []byte
}

// Parse reads a request id as it came over the wire.
func Parse(id string) (uuid.UUID, error) {
	request, err := uuid.Parse(id)
	if err != nil || request == uuid.Nil {
		return uuid.Nil, errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
			Field("request_id", "command.request_id", "The request has no valid id. Load the page again.")
	}
	return request, nil
}

// Once runs do, which fills answer, unless this command was run before: then answer is what it was. A second one that
// comes while the first still runs waits for it. An error of do must roll the transaction back.
func Once(ctx context.Context, tx pgx.Tx, c Command, answer proto.Message, do func() error) error {
	tag, err := tx.Exec(ctx, `INSERT INTO datamanagement.command (actor, request_id, name, at, digest) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, c.Actor, c.Request, c.Name, c.At, c.Digest)
	if err != nil {
		return fmt.Errorf("take command %s: %w", c.Name, err)
	}
	if tag.RowsAffected() == 0 {
		return again(ctx, tx, c, answer)
	}
	if err := do(); err != nil {
		return err
	}
	result, err := proto.Marshal(answer)
	if err != nil {
		return fmt.Errorf("keep the answer of %s: %w", c.Name, err)
	}
	if len(result) == 0 {
		return nil
	}
	_, err = tx.Exec(ctx, `UPDATE datamanagement.command SET result = $3 WHERE actor = $1 AND request_id = $2`, c.Actor, c.Request, result)
	if err != nil {
		return fmt.Errorf("keep the answer of %s: %w", c.Name, err)
	}
	return nil
}

func again(ctx context.Context, tx pgx.Tx, c Command, answer proto.Message) error {
	var name string
	var result, digest []byte
	err := tx.QueryRow(ctx, `SELECT name, result, digest FROM datamanagement.command WHERE actor = $1 AND request_id = $2`, c.Actor, c.Request).
		Scan(&name, &result, &digest)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && (name != c.Name || !bytes.Equal(digest, c.Digest)):
		return errs.New(errs.Conflict, "command.reused", "This form was sent before, with other content. Copy what you wrote, and load the page again.")
	case err != nil:
		return fmt.Errorf("read command %s: %w", c.Name, err)
	}
	if err := proto.Unmarshal(result, answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", c.Name, err)
	}
	return nil
}

// Request is what commands come as.
type Request interface {
	proto.Message
	GetRequestId() string
}

func digestOf(q Request) ([]byte, error) {
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	sum := sha256.Sum256(text)
	return sum[:], nil
}

// Wish is one command while it runs: whose, when, in which transaction.
type Wish struct {
	Tx  pgx.Tx
	Who token.Claims
	Now time.Time
}

// Desk takes the commands of people who are logged in.
type Desk struct {
	DB  *pgxpool.Pool
	Now func() time.Time
}

// Once runs a command of the person asking, as Once does, in a transaction of its own.
func (d Desk) Once(ctx context.Context, q Request, name string, answer proto.Message, do func(Wish) error) error {
	id, err := Parse(q.GetRequestId())
	if err != nil {
		return err
	}
	digest, err := digestOf(q)
	if err != nil {
		return err
	}
	who, ok := token.From(ctx)
	if !ok {
		return errs.New(errs.Unauthenticated, "auth.required", "Please log in.")
	}
	now := d.Now()
	return db.Tx(ctx, d.DB, func(tx pgx.Tx) error {
		return Once(ctx, tx, Command{Actor: who.Account, Request: id, Name: name, At: now, Digest: digest}, answer, func() error {
			return do(Wish{tx, who, now})
		})
	})
}
