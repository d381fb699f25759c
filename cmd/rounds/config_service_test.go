package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/run"
)

// configured is what a service is told, with one secret for all.
func configured(t *testing.T, seed, service string) map[string]string {
	t.Helper()
	var out, complaint bytes.Buffer
	if code := execute([]string{"config", "service", service, "--seed", seed}, nil, &out, &complaint); code != 0 {
		t.Fatalf("%s: code %d: %s", service, code, complaint.String())
	}
	var own map[string]string
	if err := yaml.Unmarshal(out.Bytes(), &own); err != nil {
		t.Fatal(err)
	}
	return own
}

// TestEachServiceIsToldItsOwn: the same each time, nothing from which another's could be made, and enough for `serve` to ask for no more.
func TestEachServiceIsToldItsOwn(t *testing.T) {
	t.Parallel()
	seed := filepath.Join(t.TempDir(), "seed")
	operator := configured(t, seed, operator)
	if len(operator) != 2 || operator["database-secret"] == "" || operator["broker-secret"] == operator["database-secret"] {
		t.Errorf("the operator is told %d secrets", len(operator))
	}
	info, err := os.Stat(seed)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret of all: %v, %v", info, err)
	}
	var cli program
	parser, err := newParser(&cli, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var passwords []string
	for _, entry := range services(&cli.Services) {
		own := configured(t, seed, entry.Name)
		for name, value := range own {
			if value == "" || slices.Contains([]string{operator["database-secret"], operator["broker-secret"]}, value) {
				t.Errorf("%s is told %s, which is the operator's or nothing", entry.Name, name)
			}
			if !strings.HasPrefix(name, entry.Name+"-") && name != "database-password" && name != "broker-password" {
				t.Errorf("%s is told %s", entry.Name, name)
			}
		}
		if (own["database-password"] != "") != (entry.Database != "") {
			t.Errorf("%s: a password of the database: %t", entry.Name, own["database-password"] != "")
		}
		if entry.Database != "" {
			passwords = append(passwords, own["database-password"], own["broker-password"])
		}
		for name, value := range own {
			if flag := conf.Flags(parser.Model)[name]; flag == nil {
				t.Errorf("%s is told %s, which is no setting", entry.Name, name)
			} else {
				flag.Target.SetString(value)
			}
		}
		if err := missingSecrets(parser.Model, []run.Entry{entry}); err != nil {
			t.Errorf("%s asks for more: %v", entry.Name, err)
		}
	}
	slices.Sort(passwords)
	if len(slices.Compact(passwords)) != 2*8 {
		t.Errorf("%d different passwords", len(slices.Compact(passwords)))
	}
	if code := execute([]string{"config", "service", "nobody", "--seed", seed}, nil, io.Discard, io.Discard); code != 1 {
		t.Errorf("an unknown service ends with %d", code)
	}
}

// TestSecretsOfAll: in files what `config service` prints, and the same again.
func TestSecretsOfAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seed, to := filepath.Join(dir, "seed"), filepath.Join(dir, "secrets")
	kept := map[string]string{}
	for range 2 {
		var complaint bytes.Buffer
		if code := execute([]string{"config", "secrets", to, "--seed", seed}, nil, io.Discard, &complaint); code != 0 {
			t.Fatalf("code %d: %s", code, complaint.String())
		}
		for _, name := range []string{"auth/config.yaml", "operator/config.yaml", "statistics/config.yaml", "postgresql/password", "redis/password", "public/jwks.json"} {
			text, err := os.ReadFile(filepath.Join(to, name))
			if err != nil || len(text) < 20 || kept[name] != "" && kept[name] != string(text) {
				t.Errorf("%s: %v, %d bytes, or not as before", name, err, len(text))
			}
			kept[name] = string(text)
			if info, err := os.Stat(filepath.Join(to, name)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", name, info, err)
			}
		}
	}
	var own map[string]string
	if err := yaml.Unmarshal([]byte(kept["auth/config.yaml"]), &own); err != nil || own["database-password"] != configured(t, seed, "auth")["database-password"] {
		t.Errorf("auth is told another password in a file: %v", err)
	}
	if kept["postgresql/password"] == kept["redis/password"] {
		t.Error("two programs have one password")
	}
}
