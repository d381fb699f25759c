package rpc_test

import (
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rounds-cme/rounds/kit/authority"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/rpc"
)

// certify makes the identities of services of one authority.
func certify(t *testing.T, dir string, services ...string) {
	t.Helper()
	a, err := authority.Open(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range services {
		if _, err := a.Issue(service, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
}

func identity(t *testing.T, dir, service string) *rpc.Identity {
	t.Helper()
	i, err := rpc.NewIdentity(filepath.Join(dir, service))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return i
}

// secured is an echo server that asks for certificates.
func secured(t *testing.T, i *rpc.Identity, metrics *prometheus.Registry) (address string) {
	t.Helper()
	server := rpc.NewServer(rpc.Options{
		Name: "echo", Log: obs.NewLogger(io.Discard, slog.LevelInfo), Metrics: metrics, Files: echoFiles(t), Identity: i, Callers: []string{"bff", "ssr"},
	}, rpc.Service{Desc: echoDesc(), Impl: &echo{}})
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	certify(t, dir, "echo", "bff", "ssr", "statistics")
	certify(t, other, "bff", "echo")
	metrics := prometheus.NewRegistry()
	address := secured(t, identity(t, dir, "echo"), metrics)
	ask := func(caller string, i *rpc.Identity, peer string) error {
		d := rpc.NewDialer(caller, nil, map[string]string{peer: address}).Proving(i)
		defer func() { _ = d.Close() }()
		_, err := call(t.Context(), d.Dial(peer), "ByCaller", "hello")
		return err
	}
	for name, c := range map[string]struct {
		caller string
		proof  *rpc.Identity
		peer   string
		code   string
	}{
		"who proves its name is served":            {"bff", identity(t, dir, "bff"), "echo", ""},
		"another's name is not believed":           {"bff", identity(t, dir, "ssr"), "echo", "rpc.name"},
		"a service without an arrow":               {"statistics", identity(t, dir, "statistics"), "echo", "rpc.arrow"},
		"an RPC that is for another service":       {"ssr", identity(t, dir, "ssr"), "echo", "rpc.caller"},
		"a certificate of another authority":       {"bff", identity(t, other, "bff"), "echo", errs.CodeUnavailable},
		"no certificate":                           {"bff", nil, "echo", errs.CodeUnavailable},
		"a peer that is not the service asked for": {"bff", identity(t, dir, "bff"), "datamanagement", errs.CodeUnavailable},
	} {
		err := ask(c.caller, c.proof, c.peer)
		if c.code == "" && err != nil || c.code != "" && !errs.HasCode(err, c.code) {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
	refused, err := testutil.GatherAndCount(metrics, "rounds_rpc_strangers_total")
	if err != nil || refused != 1 {
		t.Errorf("strangers are counted nowhere: %d, %v", refused, err)
	}
	if refused, err := testutil.GatherAndCount(metrics, "rounds_rpc_refused_total"); err != nil || refused != 3 { // a line for each code
		t.Errorf("refused calls are counted nowhere: %d, %v", refused, err)
	}
}

// TestIdentityRenewed replaces authority and certificates while the server runs: new connections use the new ones.
func TestIdentityRenewed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certify(t, dir, "echo", "bff")
	address := secured(t, identity(t, dir, "echo"), prometheus.NewRegistry())
	before := identity(t, dir, "bff")
	ask := func(i *rpc.Identity) error {
		d := rpc.NewDialer("bff", nil, map[string]string{"echo": address}).Proving(i)
		defer func() { _ = d.Close() }()
		_, err := call(t.Context(), d.Dial("echo"), "ByCaller", "hello")
		return err
	}
	if err := ask(before); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "authority")); err != nil {
		t.Fatal(err)
	}
	certify(t, dir, "echo", "bff")
	after, err := rpc.NewIdentity(filepath.Join(dir, "bff"))
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		err := ask(after)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the new certificates are never used: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestIdentityUnusable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certify(t, dir, "echo", "bff")
	mixed := filepath.Join(dir, "bff", "tls.key")
	key, err := os.ReadFile(filepath.Join(dir, "echo", "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mixed, key, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, service := range []string{"bff", "none"} {
		if _, err := rpc.NewIdentity(filepath.Join(dir, service)); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, service)) {
			t.Errorf("%s: %v", service, err)
		}
	}
}
