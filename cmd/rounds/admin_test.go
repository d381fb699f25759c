package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/password"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/datamanagement"
)

// TestFirstAdministrator: one is made from nothing, a member becomes one and keeps the password, and who is not approved becomes none.
func TestFirstAdministrator(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema())
	admin, ctx := database.Admin(), context.Background()
	for email, state := range map[string]string{"ana@rounds.example": "approved", "bor@rounds.example": "in_review"} {
		_, err := admin.Exec(ctx, `INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, roles,
			state, consent_version, consent_at, created_at, updated_at) VALUES (gen_random_uuid(), $1, 'kept', 'N', 'physician', '1', 'SI', 'en', 'UTC', '{host}', $2, '1',
			now(), now(), now())`, email, state)
		if err != nil {
			t.Fatal(err)
		}
	}
	const secret = "zelena kava ob sedmih"
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(secret+"\nanother line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	easy := filepath.Join(t.TempDir(), "easy")
	if err := os.WriteFile(easy, []byte("password123"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arguments []string
		code      int
		want      string
	}{
		{[]string{"--email", "Petra@Chamber.example", "--full-name", " Petra  Zgled ", "--password-file", file}, 0, "can log in"},
		{[]string{"--email", "petra@chamber.example"}, 0, "as it was"},
		{[]string{"--email", "ana@rounds.example"}, 0, "as it was"},
		{[]string{"--email", "ana@rounds.example"}, 0, "as it was"},
		{[]string{"--email", "bor@rounds.example"}, 1, "in review"},
		{[]string{"--email", "nobody@rounds.example"}, 1, "--full-name"},
		{[]string{"--email", "nobody"}, 1, "not an address"},
		{[]string{"--email", "Nobody <nobody@rounds.example>"}, 1, "not an address"},
		{[]string{"--email", "nobody@rounds.example", "--full-name", "N", "--zone", "Mars/Base"}, 1, "time zone"},
		{[]string{"--email", "nobody@rounds.example", "--full-name", "N", "--password-file", easy}, 1, "harder to guess"},
		{[]string{"--email", "nobody@rounds.example", "--full-name", "N", "--password-file", "/no/such/file"}, 1, "--password-file"},
	} {
		code, stdout, stderr := once(t, append([]string{"admin", "create", "--database-url", database.AdminURL()}, c.arguments...)...)
		if code != c.code || !strings.Contains(stdout+stderr, c.want) || strings.Contains(stdout+stderr, secret) {
			t.Errorf("%v: %d %s%s", c.arguments, code, stdout, stderr)
		}
	}
	rows := map[string]string{"petra@chamber.example": "{administrator}", "ana@rounds.example": "{host,administrator}", "bor@rounds.example": "{host}"}
	for email, want := range rows {
		var roles, hash string
		if err := admin.QueryRow(ctx, `SELECT roles::text, password_hash FROM datamanagement.account WHERE email = $1`, email).Scan(&roles, &hash); err != nil {
			t.Fatal(err)
		}
		if roles != want {
			t.Errorf("%s has the roles %s", email, roles)
		}
		if email == "petra@chamber.example" {
			if ok, err := password.New(nil).Matches(ctx, hash, secret); err != nil || !ok {
				t.Errorf("cannot log in with the password: %v", err)
			}
		} else if hash != "kept" {
			t.Errorf("%s has another password", email)
		}
	}
	var count int
	if err := admin.QueryRow(ctx, `SELECT count(*) FROM datamanagement.account`).Scan(&count); err != nil || count != 3 {
		t.Errorf("%d accounts, %v", count, err)
	}
}
