package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/kit/token"
)

type configSecretsCommand struct {
	Directory string `arg:"" type:"path" help:"Where to write; a directory for each service."`
	Seed      string `required:"" type:"path" help:"File with the one random secret from which all others are derived; it is made when there is none. Keep it, and keep it from the services."`
}

// Run implements the command. What it wrote before it writes alike again, but for the keys of tokens, which stay.
func (c configSecretsCommand) Run(cli *program, parser *kong.Kong, out io.Writer) error {
	s, err := seedOf(c.Seed)
	if err != nil {
		return err
	}
	names := []string{operator}
	for _, entry := range services(&cli.Services) {
		names = append(names, entry.Name)
	}
	for _, name := range names {
		own, err := s.of(cli, parser.Model, name)
		if err != nil {
			return err
		}
		text, err := yamlOf(own)
		if err != nil {
			return err
		}
		if err := c.write(filepath.Join(name, "config.yaml"), text); err != nil {
			return err
		}
	}
	// Of programs that are not ours: their administrators.
	for _, name := range []string{"postgresql", "rabbitmq", "redis"} {
		if err := c.write(filepath.Join(name, "password"), []byte(s.word(name))); err != nil {
			return err
		}
	}
	if err := c.keys(); err != nil {
		return err
	}
	fmt.Fprintf(out, "Each service needs the directory with its own name in %s, and public; auth needs keys, and nobody else does.\n", c.Directory)
	return nil
}

func (c configSecretsCommand) keys() error {
	if err := token.Ensure(filepath.Join(c.Directory, "keys"), time.Now()); err != nil {
		return fmt.Errorf("the keys for tokens: %w", err)
	}
	public, err := os.ReadFile(filepath.Join(c.Directory, "keys", token.PublicFile))
	if err != nil {
		return fmt.Errorf("the keys for tokens: %w", err)
	}
	return c.write(filepath.Join("public", token.PublicFile), public)
}

func (c configSecretsCommand) write(name string, text []byte) error {
	path := filepath.Join(c.Directory, name)
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, text, 0o600)) //nolint:gosec // where the operator wants it
}
