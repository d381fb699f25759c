package conf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/kit/conf"
)

type settings struct {
	Color string      `default:"red" help:"Color of the door."`
	Key   conf.Secret `help:"What opens it."`
	Auth  struct {
		Minutes int `default:"15" help:"How long it stays open."`
	} `embed:"" prefix:"auth-" group:"auth"`
	File kong.ConfigFlag `name:"config" help:"File."`
}

func parse(t *testing.T, file string, arguments ...string) (settings, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	var s settings
	parser, err := kong.New(&s, kong.Name("door"), kong.Configuration(conf.YAML), kong.DefaultEnvars(conf.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(append([]string{"--config", path}, arguments...))
	return s, err
}

func TestPrecedence(t *testing.T) {
	t.Setenv("ROUNDS_COLOR", "green")
	s, err := parse(t, "color: blue\nauth: {minutes: 5}\n")
	if err != nil || s.Color != "green" || s.Auth.Minutes != 5 {
		t.Errorf("environment over file, file over default: %+v, %v", s, err)
	}
	s, err = parse(t, "color: blue\nauth-minutes: 6\n", "--color", "black")
	if err != nil || s.Color != "black" || s.Auth.Minutes != 6 {
		t.Errorf("flag over all: %+v, %v", s, err)
	}
}

func TestUnknownAndWrongSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"colour: blue":            "colour",
		"auth: {minuets: 5}":      "auth-minuets",
		"auth: {minutes: [1, 2]}": "minutes",
		"color: blue\n  bad: {":   "not valid YAML",
	} {
		if _, err := parse(t, file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", file, err)
		}
	}
	if _, err := parse(t, ""); err != nil {
		t.Errorf("an empty file is a file: %v", err)
	}
	var s settings
	parser, err := kong.New(&s, kong.DefaultEnvars(conf.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	if err := conf.CheckEnvironment(parser.Model, []string{"ROUNDS_COLOR=x", "ROUNDS_AUTH_MINUTES=1", "HOME=/", "ROUNDSMAN=x"}); err != nil {
		t.Error(err)
	}
	if err := conf.CheckEnvironment(parser.Model, []string{"ROUNDS_COLOUR=x"}); err == nil {
		t.Error("a misspelt variable passed")
	}
}

func TestSecretNeverShowsItself(t *testing.T) {
	t.Parallel()
	const value = "correct horse battery"
	s := settings{Key: value}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %v %+v %#v %q %x ", s.Key, s, s, s, s.Key, s.Key)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("starting", "key", s.Key, "settings", s)
	slog.New(slog.NewTextHandler(&out, nil)).Info("starting", "key", s.Key, "settings", s)
	if err := json.NewEncoder(&out).Encode(s); err != nil {
		t.Fatal(err)
	}
	hexed := fmt.Sprintf("%x", value)
	if text := out.String(); strings.Contains(text, value) || strings.Contains(text, hexed) {
		t.Errorf("it leaked:\n%s", text)
	}
	if s.Key.Reveal() != value {
		t.Error("it is of no use")
	}
}

func TestDocs(t *testing.T) {
	t.Parallel()
	var s settings
	parser, err := kong.New(&s, kong.DefaultEnvars(conf.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	conf.Docs(&out, parser.Model)
	for _, want := range []string{
		"## auth", "| `--auth-minutes` | `ROUNDS_AUTH_MINUTES` | `15` | How long it stays open. |",
		"| `--color` | `ROUNDS_COLOR` | `red` | Color of the door. |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("missing %q in\n%s", want, out.String())
		}
	}
}
