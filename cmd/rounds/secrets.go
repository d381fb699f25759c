package main

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/run"
)

// secrets are derived from one random file, so that there is one thing to keep and nothing to configure.
type secrets struct{ seed []byte }

const seedSize = 32

func (d *directory) secrets() (*secrets, error) {
	return seedOf(filepath.Join(d.path, "secret"))
}

// seedOf reads the one random secret, which it makes when there is none.
func seedOf(file string) (*secrets, error) {
	seed, err := os.ReadFile(file) //nolint:gosec // An operator's own.
	if errors.Is(err, os.ErrNotExist) {
		seed = make([]byte, seedSize)
		if _, err := rand.Read(seed); err != nil {
			return nil, fmt.Errorf("make the secret: %w", err)
		}
		err = os.WriteFile(file, seed, 0o600)
	}
	if err != nil {
		return nil, unusable(filepath.Dir(file), err)
	}
	if len(seed) < seedSize {
		return nil, fmt.Errorf("the file %s is damaged: restore it from a backup, or start over with --fresh", file)
	}
	return &secrets{seed: seed}, nil
}

// derive gives the secret for one purpose; the same each time, telling nothing about the others.
func (s *secrets) derive(purpose string) conf.Secret {
	key, err := hkdf.Key(sha256.New, s.seed, nil, "rounds "+purpose, seedSize)
	if err != nil {
		panic(err) // Only for absurd lengths.
	}
	return conf.Secret(base64.StdEncoding.EncodeToString(key))
}

// A service names the purpose of each secret in its Config, in the tag secret:
//
//	PseudonymKey conf.Secret `secret:"pseudonym" help:"…"`
//
// Fields with one purpose, in whichever services, get the same value in `up`, and must be given in `serve`.
const secretTag = "secret"

// fill sets the secrets of services that were not given.
func (s *secrets) fill(app *kong.Application) {
	for _, flag := range conf.Flags(app) {
		if purpose := flag.Tag.Get(secretTag); purpose != "" && flag.Target.String() == "" {
			flag.Target.SetString(string(s.derive(purpose)))
		}
	}
}

// missingSecrets is the error for services that would run with an empty key, which is none.
func missingSecrets(app *kong.Application, entries []run.Entry) error {
	var missing []string
	for name, flag := range conf.Flags(app) {
		wanted := slices.ContainsFunc(entries, func(e run.Entry) bool { return strings.HasPrefix(name, e.Name+"-") })
		if wanted && flag.Tag.Has(secretTag) && flag.Target.String() == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("a secret is missing: give %s", strings.Join(missing, ", "))
}
