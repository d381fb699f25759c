// Package authority is a private certificate authority for the services of one machine.
//
// Why our own: services on one machine, and the tests, want certificates without anybody who grants them. Kubernetes has cert-manager;
// both write the same three files for each service, so nothing else knows where they come from.
//
//	DIR/authority/tls.crt, tls.key       the authority; its key stays where certificates are made
//	DIR/NAME/tls.crt, tls.key, ca.crt    one service, whose name is the DNS name in it
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	ownName = "authority"
	years   = 10 * 365 * 24 * time.Hour
	// early is what clocks may differ by.
	early = 5 * time.Minute
)

// Authority signs certificates that lie in one directory.
type Authority struct {
	dir  string
	now  time.Time
	cert *x509.Certificate
	key  crypto.Signer
}

// Open reads the authority in a directory, or makes one.
func Open(dir string, now time.Time) (*Authority, error) {
	own := filepath.Join(dir, ownName)
	a, err := read(own, now)
	if errors.Is(err, fs.ErrNotExist) {
		a, err = found(own, now)
	}
	if err != nil {
		return nil, err
	}
	a.dir = dir
	if !now.Before(a.cert.NotAfter) {
		return nil, fmt.Errorf("the authority in %s has expired: move the directory away and make all certificates anew", own)
	}
	return a, nil
}

func read(own string, now time.Time) (*Authority, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(own, "tls.crt"), filepath.Join(own, "tls.key"))
	if err != nil {
		return nil, fmt.Errorf("read the authority in %s: %w", own, err)
	}
	key, can := pair.PrivateKey.(crypto.Signer)
	if !can {
		return nil, fmt.Errorf("the key of the authority in %s cannot sign", own)
	}
	return &Authority{now: now, cert: pair.Leaf, key: key}, nil
}

// found makes an authority. It signs for services and for nobody above or below it.
func found(own string, now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	self := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Rounds, authority of one machine"}, NotBefore: now.Add(-early), NotAfter: now.Add(years),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	a := &Authority{now: now, cert: self, key: key}
	text, err := a.sign(self, key.Public())
	if err != nil {
		return nil, err
	}
	if err := write(own, key, text, nil); err != nil {
		return nil, err
	}
	return read(own, now)
}

// Issue gives a service a certificate for so long, unless it has one of which more than a third is left. It reports whether it did.
func (a *Authority) Issue(service string, life time.Duration) (bool, error) {
	dir := filepath.Join(a.dir, service)
	if service == ownName || !fs.ValidPath(service) || strings.Trim(service, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return false, fmt.Errorf("%q is no name for a service", service)
	}
	if a.good(dir, service) {
		return false, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return false, fmt.Errorf("make a key: %w", err)
	}
	text, err := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: service}, DNSNames: []string{service}, NotBefore: a.now.Add(-early), NotAfter: a.now.Add(life),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, key.Public())
	if err != nil {
		return false, err
	}
	return true, write(dir, key, text, block("CERTIFICATE", a.cert.Raw))
}

// good says whether a service's certificate may stay: it is of this authority, for this name, and has a third of its life left.
func (a *Authority) good(dir, service string) bool {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	if err != nil {
		return false
	}
	cert := pair.Leaf
	third := cert.NotAfter.Sub(cert.NotBefore) / 3
	roots, err := os.ReadFile(filepath.Join(dir, "ca.crt")) //nolint:gosec // beside the certificate
	return err == nil && slices.Equal(roots, block("CERTIFICATE", a.cert.Raw)) &&
		cert.CheckSignatureFrom(a.cert) == nil && cert.VerifyHostname(service) == nil && a.now.Add(third).Before(cert.NotAfter)
}

func (a *Authority) sign(cert *x509.Certificate, public crypto.PublicKey) ([]byte, error) {
	raw, err := x509.CreateCertificate(rand.Reader, cert, a.cert, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	return block("CERTIFICATE", raw), nil
}

// write puts the key first: whoever reads between two of the files finds a pair that does not fit, and keeps the one it has.
func write(dir string, key *ecdsa.PrivateKey, cert, roots []byte) error {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	files := []struct {
		name string
		text []byte
	}{{"tls.key", block("PRIVATE KEY", raw)}, {"tls.crt", cert}, {"ca.crt", roots}}
	for _, f := range files {
		if f.text == nil {
			continue
		}
		path := filepath.Join(dir, f.name)
		if err := os.WriteFile(path+".new", f.text, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}

func block(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}
