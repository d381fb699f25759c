package main

import (
	"context"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/run/porttest"
)

// alone starts one service on its own: nobody else is there.
func alone(t *testing.T, service, database string, more ...string) (p *process, private string) {
	t.Helper()
	port, privatePort := porttest.Free(t), porttest.Free(t)
	arguments := []string{
		"serve", service, "--http", "127.0.0.1:" + port, "--private", "127.0.0.1:" + privatePort,
		"--rpc", service + "=127.0.0.1:" + porttest.Free(t), "--keys", t.TempDir(), "--database-url", database, "--statistics-url", database,
	}
	arguments = append(arguments, secretArguments(t)...)
	return begin(t, append(arguments, more...)...), "http://127.0.0.1:" + privatePort
}

// secretArguments give every secret that services need.
func secretArguments(t *testing.T) (arguments []string) {
	t.Helper()
	for _, flag := range secretFlags(t) {
		arguments = append(arguments, flag, base64.StdEncoding.EncodeToString(make([]byte, seedSize)))
	}
	return arguments
}

// secretFlags are the flags of all secrets that services need.
func secretFlags(t *testing.T) []string {
	t.Helper()
	var cli program
	parser, err := newParser(&cli, os.Stdout, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	err = missingSecrets(parser.Model, services(&cli.Services))
	if err == nil {
		return nil
	}
	_, names, _ := strings.Cut(err.Error(), "give ")
	return strings.Split(names, ", ")
}

// Each service starts while everything else, also its database, is down; says so; gets ready by itself as soon as its
// own needs are met, with its peers still down; and stops in time.
func TestEveryServiceStartsAlone(t *testing.T) {
	t.Parallel()
	entries := services(&configs{})
	database := dbtest.New(t, append(schemas(mainDatabase, entries), schemas(statisticsDatabase, entries)...)...)
	for _, entry := range entries {
		t.Run(entry.Name, func(t *testing.T) {
			t.Parallel()
			p, private := alone(t, entry.Name, "postgres://nobody@127.0.0.1:1/rounds?sslmode=disable")
			p.await("it lives", func() bool { status, _ := get(private + "/livez"); return status == http.StatusOK })
			want := http.StatusOK
			if entry.Database != "" {
				want = http.StatusServiceUnavailable
			}
			if status, body := get(private + "/readyz"); status != want {
				t.Errorf("without a database: %d, want %d: %s", status, want, body)
			}
			if code, took := p.stop(syscall.SIGTERM); code != 0 {
				t.Errorf("stopped with code %d after %s: %s", code, took, p.stderr.String())
			}
			p, private = alone(t, entry.Name, database.AdminURL())
			p.await("it is ready", func() bool { status, _ := get(private + "/readyz"); return status == http.StatusOK })
			if code, took := p.stop(syscall.SIGTERM); code != 0 {
				t.Errorf("stopped with code %d after %s: %s", code, took, p.stderr.String())
			}
		})
	}
}

func TestServeSaysInOneSentenceWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"serve", "billing"}, `there is no service "billing": choose among all, `},
		{[]string{"serve", "bff", "--http", "127.0.0.1:1", "--bff-pseudonym-key", "k"}, "no database is set"},
		{[]string{"serve", "bff", "--http", "127.0.0.1:1"}, "a secret is missing: give --bff-pseudonym-key"},
		{[]string{"migrate"}, "no database is set"},
	} {
		code, _, stderr := once(t, c.arguments...)
		if code != 1 || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: %d %s", c.arguments, code, stderr)
		}
	}
}

func TestSecretsMustBeGivenAndAreDerivedInUp(t *testing.T) {
	t.Parallel()
	code, _, stderr := once(t, "serve", "livewebinar", "--database-url", "postgres://x@127.0.0.1:1/rounds")
	if code != 1 || !strings.Contains(stderr, "a secret is missing: give --livewebinar-pseudonym-key") {
		t.Errorf("an empty key was taken: %d %s", code, stderr)
	}
	d, err := openDirectory(filepath.Join(t.TempDir(), "data"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	fill := func() configs {
		var cli program
		parser, err := newParser(&cli, os.Stdout, os.Stderr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse([]string{"version"}); err != nil {
			t.Fatal(err)
		}
		s, err := d.secrets()
		if err != nil {
			t.Fatal(err)
		}
		s.fill(parser.Model)
		if err := missingSecrets(parser.Model, services(&cli.Services)); err != nil {
			t.Fatal(err)
		}
		return cli.Services
	}
	first, second := fill(), fill()
	if first.LiveWebinar.PseudonymKey != second.LiveWebinar.PseudonymKey {
		t.Error("the second start has another key than the first: nobody would be recognised")
	}
	// What people do in rooms, read and write is found again on their own page.
	if key := first.LiveWebinar.PseudonymKey; key == "" || key != first.BFF.PseudonymKey || key != first.DataManagement.PseudonymKey {
		t.Error("the services do not name people with one key")
	}
}

// migrate creates what is missing on a server that somebody else runs, and may run again.
func TestMigrateCommand(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t)
	other := strings.Replace(database.AdminURL(), "/test_", "/created_", 1)
	t.Cleanup(func() {
		for _, name := range []string{"created_", "statistics_"} {
			name += strings.TrimPrefix(database.Admin().Config().ConnConfig.Database, "test_")
			if _, err := database.Admin().Exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
				t.Error(err)
			}
		}
	})
	at := []string{"--database-url", other, "--statistics-url", strings.Replace(other, "created_", "statistics_", 1)}
	dry := func(want string) {
		t.Helper()
		if code, stdout, stderr := once(t, append([]string{"migrate", "--dry-run"}, at...)...); code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%d %s %s, want %q", code, stdout, stderr, want)
		}
	}
	dry("migrations are to be applied")
	for range 2 {
		code, stdout, stderr := once(t, append([]string{"migrate"}, at...)...)
		if code != 0 || !strings.Contains(stdout, "up to date") {
			t.Fatalf("%d %s", code, stderr)
		}
	}
	dry("up to date")
}
