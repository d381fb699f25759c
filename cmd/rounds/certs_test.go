package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/run/porttest"
)

func TestCerts(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "certificates")
	for _, c := range []struct {
		arguments []string
		code      int
		want      string
	}{
		{[]string{"certs"}, 1, "give the directory of the certificates with --certificates"},
		{[]string{"certs", "billing", "--certificates", dir}, 1, `there is no service "billing"`},
		{[]string{"certs", "--certificates", dir, "--life", "1m"}, 1, "give a longer --life"},
		{[]string{"certs", "bff", "--certificates", dir}, 0, "bff                    is new"},
		{[]string{"certs", "--certificates", dir}, 0, "bff                    is good"},
		{[]string{"serve", "auth", "--http", "127.0.0.1:1", "--database-url", "postgres://nobody@127.0.0.1:1/rounds", "--certificates", t.TempDir()}, 1, "make it with rounds certs"},
	} {
		if c.arguments[0] == "serve" {
			c.arguments = append(c.arguments, secretArguments(t)...)
		}
		code, stdout, stderr := once(t, c.arguments...)
		if code != c.code || !strings.Contains(stdout+stderr, c.want) {
			t.Errorf("%v: %d %s%s", c.arguments, code, stdout, stderr)
		}
	}
}

// TestCertificates runs the pages and the API as processes of their own. The pages of a process that cannot prove its name are
// those of a site whose API is down, and whoever has no certificate at all does not get so far.
func TestCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if code, _, stderr := once(t, "certs", "--certificates", dir); code != 0 {
		t.Fatal(stderr)
	}
	entries := services(&configs{})
	database := dbtest.New(t, append(schemas(mainDatabase, entries), schemas(statisticsDatabase, entries)...)...)
	port := porttest.Free(t)
	_, private := alone(t, "bff", database.AdminURL(), "--rpc", "bff=127.0.0.1:"+port, "--certificates", dir)
	p := &process{t: t}
	p.await("the API is ready", func() bool { status, _ := get(private + "/readyz"); return status == http.StatusOK })

	// One whose certificate is another's.
	borrowed := t.TempDir()
	if err := os.CopyFS(filepath.Join(borrowed, "ssr"), os.DirFS(filepath.Join(dir, "auth"))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		more []string
		want bool
	}{
		"its own":        {[]string{"--certificates", dir}, true},
		"another's":      {[]string{"--certificates", borrowed}, false},
		"no certificate": {nil, false},
	} {
		web := porttest.Free(t)
		alone(t, "ssr", database.AdminURL(), append([]string{"--http", "127.0.0.1:" + web, "--peers", "bff=127.0.0.1:" + port}, c.more...)...)
		status := 0
		p.await("the page is there", func() bool { status, _ = get("http://127.0.0.1:" + web + "/articles"); return status != 0 })
		if served := status == http.StatusOK; served != c.want {
			t.Errorf("%s: %d", name, status)
		}
	}
}
