// Package conf reads configuration: flags, then the environment, then a YAML file, then defaults, through kong. A
// setting is one field of a typed struct with its help beside it, so the page of all settings is generated and cannot
// go stale. What nobody knows is refused: a misspelt setting that is silently ignored is found in production.
//
//	--auth-access-minutes 5        flag
//	ROUNDS_AUTH_ACCESS_MINUTES=5   environment
//	auth: {access-minutes: 5}      file given by --config
package conf

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// Prefix starts the name of every environment variable that is ours.
const Prefix = "ROUNDS"

// Secret is a setting that never shows itself, in no log and no message.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// GoString hides the value.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the value from JSON and its like, also inside other values.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal gives the value to the one who needs it.
func (s Secret) Reveal() string { return string(s) }

// YAML is the loader for kong.Configuration. Nested keys are joined with dashes into the names of flags.
func YAML(r io.Reader) (kong.Resolver, error) {
	var tree map[string]any
	if err := yaml.NewDecoder(r).Decode(&tree); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the configuration file is not valid YAML: %w", err)
	}
	flat := map[string]any{}
	flatten("", tree, flat)
	return &file{values: flat}, nil
}

func flatten(prefix string, tree map[string]any, into map[string]any) {
	for key, value := range tree {
		name := key
		if prefix != "" {
			name = prefix + "-" + key
		}
		if branch, ok := value.(map[string]any); ok {
			flatten(name, branch, into)
			continue
		}
		into[name] = value
	}
}

type file struct{ values map[string]any }

// Validate implements kong.Resolver: it refuses settings that nobody knows.
func (f *file) Validate(app *kong.Application) error {
	known := Flags(app)
	var unknown []string
	for name := range f.values {
		if _, ok := known[name]; !ok {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	if len(unknown) > 0 {
		return fmt.Errorf("unknown setting in the configuration file: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// Resolve implements kong.Resolver. The parser would let the file win over the environment; but what is set for one
// process must win over what is set for all.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := f.values[flag.Name]
	if !ok || inEnvironment(flag) {
		return nil, nil //nolint:nilnil // That is how a resolver says "not mine".
	}
	return value, nil
}

func inEnvironment(flag *kong.Flag) bool {
	return slices.ContainsFunc(flag.Envs, func(name string) bool {
		_, ok := os.LookupEnv(name)
		return ok
	})
}

// Flags lists every flag of the program by name, of all commands.
func Flags(app *kong.Application) map[string]*kong.Flag {
	flags := map[string]*kong.Flag{}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			flags[flag.Name] = flag
		}
		return next(nil)
	})
	return flags
}

// CheckEnvironment refuses variables with our prefix that no setting has.
func CheckEnvironment(app *kong.Application, environment []string) error {
	known := map[string]bool{}
	for _, flag := range Flags(app) {
		for _, name := range flag.Envs {
			known[name] = true
		}
	}
	var unknown []string
	for _, pair := range environment {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, Prefix+"_") && !known[name] && !strings.HasPrefix(name, Prefix+"_TEST_") {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	if len(unknown) > 0 {
		return fmt.Errorf("unknown setting in the environment: %s", strings.Join(unknown, ", "))
	}
	return nil
}
