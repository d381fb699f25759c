package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rounds-cme/rounds/kit/obs"
)

// Disk is a directory in which something is kept.
type Disk struct{ Path string }

// Shares of a disk that are free, below which it is told of.
const (
	little     = 0.15
	tooLittle  = 0.05
	gibibyte   = 1 << 30
	percentage = 100
)

// Look implements a check.
func (d Disk) Look(context.Context) []Finding {
	name := "disk." + filepath.Base(d.Path)
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.Path, &s); err != nil {
		return []Finding{{name, None, "there is no directory " + d.Path + " here", ""}}
	}
	free := float64(s.Bavail) / float64(max(s.Blocks, 1))
	says := fmt.Sprintf("%.1f GiB free, %.0f %%", float64(s.Bavail)*float64(s.Bsize)/gibibyte, free*percentage)
	switch {
	case free < tooLittle:
		return []Finding{{name, Bad, says, "Make room: a full disk stops the database, and everything with it."}}
	case free < little:
		return []Finding{{name, Note, says, "Make room before it is full."}}
	}
	return []Finding{{name, Good, says, ""}}
}

// Certificates are those between services.
type Certificates struct {
	Dir      string
	Services []string
	Now      func() time.Time
}

// Look implements a check. Services whose certificate is on another machine are not spoken of, unless none is here.
func (c Certificates) Look(context.Context) []Finding {
	if c.Dir == "" {
		return []Finding{{"certificates", Note, "services believe each other's names", "Between machines, give --certificates; rounds certs makes them."}}
	}
	var findings []Finding
	for _, service := range c.Services {
		if _, err := os.Stat(filepath.Join(c.Dir, service)); err == nil {
			findings = append(findings, c.one(service))
		}
	}
	if len(findings) == 0 {
		return []Finding{{"certificates", Bad, "there are none in " + c.Dir, "Run rounds certs."}}
	}
	return findings
}

func (c Certificates) one(service string) Finding {
	name, dir := "certificate."+service, filepath.Join(c.Dir, service)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	if err != nil {
		return Finding{name, Bad, "cannot be read: " + reason(err), "Run rounds certs " + service + "."}
	}
	roots, authority := x509.NewCertPool(), filepath.Join(dir, "ca.crt")
	if text, err := os.ReadFile(authority); err != nil || !roots.AppendCertsFromPEM(text) { //nolint:gosec // an operator's own
		return Finding{name, Bad, "there is no authority in " + authority, "Run rounds certs " + service + "."}
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{
		DNSName: service, Roots: roots, CurrentTime: c.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return Finding{name, Bad, "is not believed: " + reason(err), "Run rounds certs " + service + "; all services need the same authority."}
	}
	left := pair.Leaf.NotAfter.Sub(c.Now())
	says := fmt.Sprintf("good for %d days", int(left.Hours()/24))
	if left < pair.Leaf.NotAfter.Sub(pair.Leaf.NotBefore)/3 {
		return Finding{name, Note, says, "Run rounds certs: it renews what has less than a third of its life left, and services read it without a restart."}
	}
	return Finding{name, Good, says, ""}
}

// Tokens are the keys that verify who is logged in.
type Tokens struct{ File string }

// Look implements a check.
func (k Tokens) Look(context.Context) []Finding {
	const name, do = "tokens", "Give --keys the directory with jwks.json, which rounds config secrets writes."
	text, err := os.ReadFile(k.File)
	if err != nil {
		return []Finding{{name, Bad, "the keys cannot be read: " + reason(err), do}}
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil || len(set.Keys) == 0 {
		return []Finding{{name, Bad, k.File + " holds no keys", do}}
	}
	return []Finding{{name, Good, fmt.Sprintf("keys that verify who is logged in: %d", len(set.Keys)), ""}}
}

// reason is an error on one line, without what is secret in it.
func reason(err error) string { return obs.Mask(err.Error()) }
