package authority_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/authority"
)

const year = 365 * 24 * time.Hour

func issue(t *testing.T, dir, service string, now time.Time) bool {
	t.Helper()
	a, err := authority.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	made, err := a.Issue(service, year)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestIssue(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	if !issue(t, dir, "bff", now) || issue(t, dir, "bff", now.Add(7*30*24*time.Hour)) {
		t.Error("a certificate is made once, and stays while a third of its life is left")
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "bff", "tls.crt"), filepath.Join(dir, "bff", "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "bff", "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
		o := x509.VerifyOptions{Roots: roots, DNSName: "bff", CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}}
		if _, err := pair.Leaf.Verify(o); err != nil {
			t.Errorf("usage %v: %v", usage, err)
		}
	}
	if !issue(t, dir, "bff", now.Add(9*30*24*time.Hour)) {
		t.Error("it is not renewed in the last third of its life")
	}
	for path, most := range map[string]os.FileMode{"authority/tls.key": 0o600, "bff/tls.key": 0o600, "authority": 0o700, "bff": 0o700} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm() != most {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestIssueAnewForAnotherAuthority(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	issue(t, dir, "bff", now)
	if err := os.RemoveAll(filepath.Join(dir, "authority")); err != nil {
		t.Fatal(err)
	}
	if !issue(t, dir, "bff", now) {
		t.Error("a certificate of an authority that is no more stays")
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	a, err := authority.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "authority", "../bff", "a/b", ".."} {
		if _, err := a.Issue(name, year); err == nil {
			t.Errorf("%q gets a certificate", name)
		}
	}
	if _, err := authority.Open(dir, now.Add(11*year)); err == nil {
		t.Error("an expired authority goes on")
	}
	if err := os.WriteFile(filepath.Join(dir, "authority", "tls.key"), []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Open(dir, now); err == nil {
		t.Error("a damaged authority is replaced by another in silence")
	}
}
