package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/password"
	"github.com/rounds-cme/rounds/kit/token"
)

type adminCommand struct {
	Create adminCreateCommand `cmd:"" help:"Make somebody an administrator: the first one, whom nobody else could approve."`
}

type adminCreateCommand struct {
	Email        string `required:"" help:"Address with which the administrator logs in. Who has an account keeps it, with its password, and becomes an administrator."`
	FullName     string `name:"full-name" help:"Name of the administrator, where there is no account yet."`
	Country      string `default:"SI" help:"Country of the administrator, as two letters."`
	Language     string `default:"en" enum:"en,sl" help:"Language of the administrator: en or sl."`
	Zone         string `default:"Europe/Ljubljana" help:"Time zone of the administrator."`
	PasswordFile string `name:"password-file" default:"-" help:"File whose first line is the password of a new account; - reads it from the standard input, so that it stands in no history."`
}

// Run implements the command. It writes to the database as its administrator, since no service may make somebody an administrator unasked.
func (c adminCreateCommand) Run(cli *program, out io.Writer) error {
	address, err := cli.adminURL(mainDatabase)
	if err != nil {
		return err
	}
	parsed, err := netmail.ParseAddress(c.Email)
	if err != nil || parsed.Address != c.Email {
		return fmt.Errorf("--email %q is not an address such as petra@chamber.example", c.Email)
	}
	email := strings.ToLower(c.Email)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("the database cannot be reached, look at --database-url: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var state string
	err = conn.QueryRow(ctx, `UPDATE datamanagement.account SET updated_at = now(),
		roles = CASE WHEN $2 = ANY (roles) OR state <> 'approved' THEN roles ELSE roles || $2::text END WHERE email = $1 RETURNING state`,
		email, token.Administrator).Scan(&state)
	switch {
	case err == nil && state == "approved":
		fmt.Fprintf(out, "%s is an administrator, with the password as it was.\n", email)
		return nil
	case err == nil:
		return fmt.Errorf("%s has an account that is %s: only who is approved can be an administrator", email, strings.ReplaceAll(state, "_", " "))
	case !errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("look for the account: %w", err)
	}
	return c.create(ctx, conn, email, out)
}

func (c adminCreateCommand) create(ctx context.Context, conn *pgx.Conn, email string, out io.Writer) error {
	name := strings.Join(strings.Fields(c.FullName), " ")
	if name == "" {
		return fmt.Errorf("%s has no account yet: give --full-name too", email)
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" {
		return fmt.Errorf("--zone %q is no time zone such as Europe/Ljubljana", c.Zone)
	}
	if len(c.Country) != 2 {
		return fmt.Errorf("--country %q is not two letters such as SI", c.Country)
	}
	secret, err := c.password()
	if err != nil {
		return err
	}
	if _, sentence := password.Check(secret, email, name); sentence != "" {
		return errors.New(sentence)
	}
	hash, err := password.New(rand.Reader).Hash(ctx, secret)
	if err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	_, err = conn.Exec(ctx, `INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone,
		roles, state, consent_version, consent_at, created_at, email_confirmed_at, updated_at)
		VALUES ($1, $2, $3, $4, '', '-', $5, $6, $7, $8, 'approved', 'operator', now(), now(), now(), now())`,
		uuid.Must(uuid.NewV7()), email, hash, name, strings.ToUpper(c.Country), c.Language, c.Zone, []string{token.Administrator})
	if err != nil {
		return fmt.Errorf("make the account: %w", err)
	}
	fmt.Fprintf(out, "%s is an administrator and can log in.\n", email)
	return nil
}

// password is the first line of the file, or of the standard input.
func (c adminCreateCommand) password() (string, error) {
	in := io.Reader(os.Stdin)
	if c.PasswordFile != "-" {
		file, err := os.Open(c.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("--password-file: %w", err)
		}
		defer file.Close()
		in = file
	}
	const most = 4096
	line, err := bufio.NewReader(io.LimitReader(in, most)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
