package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

//nolint:gochecknoglobals // A flag of the test binary.
var update = flag.Bool("update", false, "write generated files anew")

// page is the generated page of all settings.
const page = "../../docs/configuration.md"

func TestConfigurationPageIsFresh(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if code := execute([]string{"config", "docs"}, nil, &out, os.Stderr); code != 0 {
		t.Fatalf("code %d", code)
	}
	if *update {
		if err := os.WriteFile(page, out.Bytes(), 0o644); err != nil { //nolint:gosec // Everybody may read it.
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(committed) {
		t.Error("docs/configuration.md is not what the settings are: run make generate, and commit it")
	}
}

// A name with two meanings would be documented with one of them, and read wrongly from the environment.
func TestNoTwoCommandsShareASettingsName(t *testing.T) {
	t.Parallel()
	var cli program
	parser, err := newParser(&cli, os.Stdout, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	type meaning struct{ command, help string }
	seen := map[string]meaning{}
	for _, command := range parser.Model.Children {
		for _, f := range command.Flags {
			if other, ok := seen[f.Name]; ok && other.help != f.Help {
				t.Errorf("--%s is a setting of %s and of %s, and means two things", f.Name, other.command, command.Name)
			}
			seen[f.Name] = meaning{command.Name, f.Help}
		}
	}
}

func TestEverySettingSaysWhatItIs(t *testing.T) {
	t.Parallel()
	var cli program
	parser, err := newParser(&cli, os.Stdout, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range parser.Model.AllFlags(false) {
		for _, f := range group {
			if !strings.HasSuffix(f.Help, ".") && f.Name != "help" {
				t.Errorf("--%s: say in a sentence what it is for, got %q", f.Name, f.Help)
			}
		}
	}
}

func TestUnknownSettingsAreRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rounds.yaml")
	if err := os.WriteFile(file, []byte("ssr:\n  zone: Europe/Vienna\n  zome: Europe/Vienna\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		arguments   []string
		environment []string
		want        string
	}{
		{"environment", []string{"version"}, []string{"ROUNDS_PROT=1"}, "ROUNDS_PROT"},
		{"file", []string{"version", "--config", file}, nil, "ssr-zome"},
		{"flag", []string{"version", "--prot"}, nil, "--prot"},
		{"no file", []string{"version", "--config", file + "x"}, nil, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			code := execute(c.arguments, c.environment, &bytes.Buffer{}, &stderr)
			if code != 2 || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("code %d, said %q", code, stderr.String())
			}
		})
	}
}
