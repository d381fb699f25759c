package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/cmd/rounds/doctor"
	"github.com/rounds-cme/rounds/kit/authority"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/token"
)

// diagnosis is what doctor says, by name.
func diagnosis(t *testing.T, arguments ...string) (code int, found map[string]doctor.Finding) {
	t.Helper()
	code, out, failure := once(t, append([]string{"doctor", "--json"}, arguments...)...)
	var all []doctor.Finding
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v: %s %s", err, out, failure)
	}
	found = map[string]doctor.Finding{}
	for _, f := range all {
		if _, twice := found[f.Name]; twice {
			t.Errorf("%s comes twice", f.Name)
		}
		if (f.Level == doctor.Bad || f.Level == doctor.Note) == (f.Do == "") {
			t.Errorf("%s is %s, and what to do is %q", f.Name, f.Level, f.Do)
		}
		found[f.Name] = f
	}
	return code, found
}

// healthy are keys and certificates as an operator makes them.
func healthy(t *testing.T) (arguments []string) {
	t.Helper()
	dir := t.TempDir()
	if err := token.Ensure(filepath.Join(dir, "keys"), time.Now()); err != nil {
		t.Fatal(err)
	}
	a, err := authority.Open(filepath.Join(dir, "certificates"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Issue("auth", time.Hour); err != nil {
		t.Fatal(err)
	}
	return []string{"--keys", filepath.Join(dir, "keys"), "--certificates", filepath.Join(dir, "certificates"), "--base-url", "https://rounds.example"}
}

// examined: beside a database and a broker that are well, nothing is bad; with another secret at the broker, its accounts are.
func examined(t *testing.T, settings []string) {
	t.Helper()
	code, found := diagnosis(t, append(healthy(t), settings...)...)
	for _, name := range []string{
		"site", "database.rounds", "database.rounds_statistics", "migrations.rounds", "clock.rounds", "role.auth.rounds", "role.statistics.rounds_statistics",
		"role.statistics.rounds", "broker.auth", "broker.statistics", "certificate.auth", "tokens",
	} {
		if found[name].Level != doctor.Good {
			t.Errorf("%s: %+v", name, found[name])
		}
	}
	if code != 0 && found["disk."+filepath.Base(os.TempDir())].Level != doctor.Bad {
		t.Errorf("it ends with %d: %+v", code, found)
	}
	wrong := slices.Clone(settings)
	wrong[slices.Index(wrong, "--broker-secret")+1] = "another one"
	code, found = diagnosis(t, wrong...)
	if code != 1 || found["broker.auth"].Level != doctor.Bad || strings.Contains(found["broker.auth"].Says, "another one") {
		t.Errorf("with another secret: %d, %+v", code, found["broker.auth"])
	}
}

// TestDoctorFindsWhatIsWrong breaks one thing after the other.
func TestDoctorFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t) // of which no migration knows
	at := []string{"--database-url", database.AdminURL(), "--statistics-url", "postgres://nobody:secret-word@127.0.0.1:1/none"}
	dir := t.TempDir()
	a, err := authority.Open(dir, time.Now().Add(-50*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	for service, life := range map[string]time.Duration{"auth": time.Hour, "bff": time.Minute, "ssr": time.Hour} {
		if _, err := a.Issue(service, life); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{filepath.Join(dir, "ssr", "tls.key"): "no key", filepath.Join(dir, "jwks.json"): `{"keys":[]}`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, found := diagnosis(t, append(at, "--certificates", dir, "--keys", dir, "--base-url", "http://rounds.example",
		"--notificationcenter-smtp", "127.0.0.1:1", "--livewebinar-redis-url", "redis://:secret-word@127.0.0.1:1/0", "--database-conns", "1000")...)
	if code != 1 {
		t.Errorf("it ends with %d", code)
	}
	for name, want := range map[string]doctor.Level{
		"site": doctor.Note, "database.rounds": doctor.Good, "migrations.rounds": doctor.Bad, "database.rounds_statistics": doctor.Bad,
		"connections.rounds": doctor.Note, "certificate.auth": doctor.Note, "certificate.bff": doctor.Bad, "certificate.ssr": doctor.Bad,
		"tokens": doctor.Bad, "mail": doctor.Bad, "redis": doctor.Note, "broker": doctor.None,
	} {
		if found[name].Level != want {
			t.Errorf("%s: %+v, want %s", name, found[name], want)
		}
	}
	for _, f := range found {
		if strings.Contains(f.Says+f.Do, "secret-word") {
			t.Errorf("%s tells a password: %+v", f.Name, f)
		}
	}
	if _, found = diagnosis(t, append(at, "--base-url", "rounds.example/path")...); found["site"].Level != doctor.Bad || found["certificates"].Level != doctor.Note {
		t.Errorf("%+v %+v", found["site"], found["certificates"])
	}
	if code, out, _ := once(t, append([]string{"doctor"}, at...)...); code != 1 || !strings.Contains(out, "→ Run rounds migrate") {
		t.Errorf("%d: %s", code, out)
	}
}
