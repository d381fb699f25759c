// Package postgres runs a private PostgreSQL server as a child process, so that one command starts Rounds on a machine
// where nobody has set up a database. The server listens on a unix socket only, in a directory that nobody else may
// enter, and therefore trusts whoever connects. It ends with its parent, even when the parent is killed: the kernel
// sends it SIGQUIT, and PostgreSQL recovers by itself at the next start.
//
// PostgreSQL refuses to run as root; then it runs as the user postgres, or else nobody.
package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// Config says what to run and where.
type Config struct {
	// Bin is the directory of PostgreSQL's programs, from Find.
	Bin string
	// Dir is the directory of the server's own; it is made when missing. Its parent must exist.
	Dir string
	// Settings are passed as -c name=value.
	Settings map[string]string
	// Detached servers outlive their parent; tests share one.
	Detached bool
}

// Server is a running PostgreSQL.
type Server struct {
	config Config
	socket string
	user   *owner
	cmd    *exec.Cmd
	done   chan struct{}
	log    string
}

// superuser is the only role after initdb; services never log in as it.
const superuser = "rounds_admin"

// Start prepares the directory, makes a new cluster when there is none, starts the server and waits until it answers.
func Start(ctx context.Context, config Config) (*Server, error) {
	user, err := unprivileged()
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, user: user, socket: SocketDir(config.Dir), log: filepath.Join(config.Dir, "postgres.log")}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	if err := s.launch(); err != nil {
		return nil, err
	}
	if err := s.await(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) cluster() string { return filepath.Join(s.config.Dir, "cluster") }

func (s *Server) prepare(ctx context.Context) error {
	for _, dir := range []string{s.config.Dir, s.socket} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
		if dir == s.socket {
			if err := s.user.alone(dir); err != nil {
				return err
			}
		}
		if err := s.user.own(dir); err != nil {
			return err
		}
	}
	if err := s.user.reaches(s.config.Dir); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(s.cluster(), "PG_VERSION")); err == nil {
		return s.clearStale()
	}
	return s.initdb(ctx)
}

// initdb makes the cluster under another name and moves it, so that an interrupted one is never mistaken for whole.
func (s *Server) initdb(ctx context.Context) error {
	fresh := s.cluster() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove half-made cluster: %w", err)
	}
	//nolint:gosec // The program is the initdb that Find returned.
	cmd := exec.CommandContext(ctx, filepath.Join(s.config.Bin, "initdb"), "-D", fresh, "-U", superuser,
		"--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions", "--no-sync")
	cmd.Dir, cmd.Env = "/", environment() // A directory that every user can be in.
	cmd.SysProcAttr = s.user.attributes()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(output.Bytes()))
	}
	if err := os.Rename(fresh, s.cluster()); err != nil {
		return fmt.Errorf("move new cluster: %w", err)
	}
	return nil
}

// URL is the address of a database on this server for one role.
func (s *Server) URL(role, database string) string { return URL(s.socket, role, database) }

// AdminURL is the address for the superuser.
func (s *Server) AdminURL(database string) string { return s.URL(superuser, database) }

// URL is the address of a database behind a socket directory.
func URL(socket, role, database string) string {
	address := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database}
	address.RawQuery = url.Values{"host": {socket}, "sslmode": {"disable"}}.Encode()
	return address.String()
}

// CreateDatabase makes a database unless it is there.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.AdminURL("postgres"))
	if err != nil {
		return fmt.Errorf("connect as administrator: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil {
		return fmt.Errorf("look for database: %w", err)
	}
	if there {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return nil
}

// SocketDir is where the server of a directory has its socket. It is short, because the path of a unix socket may have only about 100 bytes, and fixed for a directory, so
// that a second start finds what a killed one left.
func SocketDir(dir string) string {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		absolute = dir
	}
	sum := sha256.Sum256([]byte(absolute))
	return filepath.Join(os.TempDir(), "rounds-pg-"+hex.EncodeToString(sum[:6]))
}

// Ping tells whether a server answers behind a socket directory.
func Ping(ctx context.Context, socket string) error {
	return ping(ctx, URL(socket, superuser, "postgres"))
}

func (s *Server) await(ctx context.Context) error {
	deadline := time.Now().Add(60 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case <-s.done:
			return fmt.Errorf("PostgreSQL stopped while starting; its last words: %s", lastWords(s.log))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		if ping(ctx, s.AdminURL("postgres")) == nil {
			return nil
		}
	}
	return fmt.Errorf("PostgreSQL did not answer within a minute; its last words: %s", lastWords(s.log))
}

func ping(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func lastWords(path string) string {
	text, err := os.ReadFile(path) //nolint:gosec // Our own log.
	if err != nil {
		return "none"
	}
	return string(bytes.TrimSpace(text[max(0, len(text)-600):]))
}
