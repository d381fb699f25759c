package rpc

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/tls/certprovider"
	"google.golang.org/grpc/credentials/tls/certprovider/pemfile"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/security/advancedtls"
)

// The files of an identity, named as cert-manager names them in a Secret.
const (
	CertificateFile = "tls.crt"
	KeyFile         = "tls.key"
	AuthorityFile   = "ca.crt"
)

// refreshed is how long a renewed certificate may lie unread. Connections that are open stay open.
const refreshed = 10 * time.Second

// Identity is the certificate by which a service proves its name to others, and the authority by which it believes theirs. The name
// is a DNS name of the certificate: "datamanagement". Its files are read again when they change.
type Identity struct {
	files  certprovider.Provider
	calls  credentials.TransportCredentials
	served credentials.TransportCredentials
}

// NewIdentity reads the identity in a directory. One that cannot be used is refused at once, and not with the first call.
func NewIdentity(dir string) (*Identity, error) {
	files, err := watch(dir)
	if err != nil {
		return nil, fmt.Errorf("certificate in %s: %w", dir, err)
	}
	own := advancedtls.IdentityCertificateOptions{IdentityProvider: files}
	roots := advancedtls.RootCertificateOptions{RootProvider: files}
	calls, err := advancedtls.NewClientCreds(&advancedtls.Options{
		IdentityOptions: own, RootOptions: roots, MinTLSVersion: tls.VersionTLS13, MaxTLSVersion: tls.VersionTLS13,
	})
	if err != nil {
		return nil, fmt.Errorf("certificate for calls: %w", err)
	}
	served, err := advancedtls.NewServerCreds(&advancedtls.Options{
		IdentityOptions: own, RootOptions: roots, MinTLSVersion: tls.VersionTLS13, MaxTLSVersion: tls.VersionTLS13,
		RequireClientCert: true,
		VerificationType:  advancedtls.CertVerification, // a caller's address says nothing
	})
	if err != nil {
		return nil, fmt.Errorf("certificate for being called: %w", err)
	}
	return &Identity{files, calls, served}, nil
}

func watch(dir string) (certprovider.Provider, error) {
	o := pemfile.Options{
		CertFile: filepath.Join(dir, CertificateFile), KeyFile: filepath.Join(dir, KeyFile), RootFile: filepath.Join(dir, AuthorityFile),
		RefreshDuration: refreshed,
	}
	if _, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile); err != nil {
		return nil, err //nolint:wrapcheck // the caller does
	}
	files, err := pemfile.NewProvider(o)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller does
	}
	ctx, cancel := context.WithTimeout(context.Background(), refreshed)
	defer cancel()
	if _, err := files.KeyMaterial(ctx); err != nil {
		files.Close()
		return nil, err //nolint:wrapcheck // the caller does
	}
	return files, nil
}

// Close stops looking at the files.
func (i *Identity) Close() { i.files.Close() }

// watched tells of those who were not let in: the library does not.
type watched struct {
	credentials.TransportCredentials

	refused func(net.Addr, error)
}

func (w *watched) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secure, info, err := w.TransportCredentials.ServerHandshake(conn)
	if err != nil {
		w.refused(conn.RemoteAddr(), err)
	}
	return secure, info, err //nolint:wrapcheck // gRPC looks into it
}

func (w *watched) Clone() credentials.TransportCredentials {
	return &watched{w.TransportCredentials.Clone(), w.refused}
}

// proved says whether whoever sent the call may use the name. Without certificates, and from our own process, it may.
func proved(ctx context.Context, name string) bool {
	p, far := peer.FromContext(ctx)
	if !far {
		return true
	}
	info, secured := p.AuthInfo.(credentials.TLSInfo)
	if !secured {
		return true
	}
	chain := info.State.PeerCertificates
	return len(chain) > 0 && slices.Contains(chain[0].DNSNames, name)
}
