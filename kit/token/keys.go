package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// PublicFile is the name of the file with the public keys.
const PublicFile = "jwks.json"

// jwk is the public half of a key as RFC 7517 writes it.
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	Alg string `json:"alg"`
	Use string `json:"use"`
	Kid string `json:"kid"`
	X   string `json:"x"`
	Y   string `json:"y"`
}

type jwks struct {
	Keys []jwk `json:"keys"`
}

// Ensure makes the first key when the directory has none, and leaves a directory with keys alone.
func Ensure(dir string, now time.Time) error {
	kids, err := privateKids(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(kids) > 0 {
		return publish(dir, kids)
	}
	_, err = Generate(dir, now, 1)
	return err
}

// Generate adds a key that signs from now on, and keeps at most `keep` keys altogether: the older
// ones verify what they signed, until they are removed by a later Generate. It returns the new kid.
func Generate(dir string, now time.Time, keep int) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("directory of keys: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("encode a key: %w", err)
	}
	kid := newKid(now)
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	kids, err := privateKids(dir)
	if err != nil {
		return "", err
	}
	kids = append(kids, kid)
	slices.Sort(kids)
	// Others must be able to verify before auth signs: the public file is written first.
	old := kids[:max(0, len(kids)-max(keep, 1))]
	if err := publishWith(dir, kids[len(old):], map[string]*ecdsa.PublicKey{kid: &key.PublicKey}); err != nil {
		return "", err
	}
	if err := writeAtomic(filepath.Join(dir, kid+".pem"), text, 0o600); err != nil {
		return "", err
	}
	for _, k := range old {
		if err := os.Remove(filepath.Join(dir, k+".pem")); err != nil {
			return "", fmt.Errorf("remove an old key: %w", err)
		}
	}
	return kid, nil
}

// newKid sorts by time, so that the newest key is the last by name.
func newKid(now time.Time) string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails
	return now.UTC().Format(kidTime) + "-" + hex.EncodeToString(b)
}

const kidTime = "20060102t150405.000"

// madeAt reads the time out of a kid; a key that somebody else made has none.
func madeAt(kid string) (time.Time, bool) {
	stamp, _, _ := strings.Cut(kid, "-")
	t, err := time.Parse(kidTime, stamp)
	return t, err == nil
}

func kidPattern() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`) }

// privateKids lists the keys in dir, oldest first.
func privateKids(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("directory of keys: %w", err)
	}
	valid := kidPattern()
	var kids []string
	for _, e := range entries {
		kid, isKey := strings.CutSuffix(e.Name(), ".pem")
		if isKey && e.Type().IsRegular() && valid.MatchString(kid) {
			kids = append(kids, kid)
		}
	}
	slices.Sort(kids)
	return kids, nil
}

func publish(dir string, kids []string) error { return publishWith(dir, kids, nil) }

func publishWith(dir string, kids []string, extra map[string]*ecdsa.PublicKey) error {
	set := jwks{Keys: []jwk{}}
	for _, kid := range kids {
		pub := extra[kid]
		if pub == nil {
			key, err := readPrivate(dir, kid)
			if err != nil {
				return err
			}
			pub = &key.PublicKey
		}
		j, err := toJWK(kid, pub)
		if err != nil {
			return err
		}
		set.Keys = append(set.Keys, j)
	}
	text, err := json.MarshalIndent(set, "", "  ")
	if err != nil {
		return fmt.Errorf("encode public keys: %w", err)
	}
	return writeAtomic(filepath.Join(dir, PublicFile), append(text, '\n'), 0o644)
}

func readPrivate(dir, kid string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(filepath.Join(dir, kid+".pem")) // #nosec G304 -- kid is checked by kidPattern
	if err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("key %s: not PEM", kid)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", kid, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("key %s: not a P-256 key", kid)
	}
	return key, nil
}

func toJWK(kid string, pub *ecdsa.PublicKey) (jwk, error) {
	point, err := pub.Bytes() // 0x04 ‖ X ‖ Y
	if err != nil {
		return jwk{}, fmt.Errorf("key %s: %w", kid, err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return jwk{Kty: "EC", Crv: "P-256", Alg: "ES256", Use: "sig", Kid: kid, X: b64(point[1:33]), Y: b64(point[33:65])}, nil
}

// public checks that the point is on the curve.
func (j jwk) public() (*ecdsa.PublicKey, error) {
	if j.Kty != "EC" || j.Crv != "P-256" || (j.Alg != "" && j.Alg != "ES256") || (j.Use != "" && j.Use != "sig") {
		return nil, fmt.Errorf("key %s: not an ES256 key", j.Kid)
	}
	x, errX := base64.RawURLEncoding.DecodeString(j.X)
	y, errY := base64.RawURLEncoding.DecodeString(j.Y)
	if err := errors.Join(errX, errY); err != nil {
		return nil, fmt.Errorf("key %s: %w", j.Kid, err)
	}
	if len(x) != 32 || len(y) != 32 {
		return nil, fmt.Errorf("key %s: wrong length", j.Kid)
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", j.Kid, err)
	}
	return pub, nil
}

// writeAtomic leaves either the old file or the whole new one, also after a crash.
func writeAtomic(path string, text []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when the rename succeeded
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
