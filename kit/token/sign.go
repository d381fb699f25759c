package token

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// wire is a token as it is encoded.
type wire struct {
	jwt.RegisteredClaims

	Session  string   `json:"sid"`
	Roles    []string `json:"roles"`
	Language string   `json:"lang,omitempty"`
	Zone     string   `json:"zone,omitempty"`
}

// lookEvery is how often a signer looks for a newer key.
const lookEvery = time.Minute

// Signer signs with the newest key in a directory. It reads the key when it first signs, so that
// a service can start before the key is there.
type Signer struct {
	dir string
	now func() time.Time

	mu     sync.Mutex
	key    *ecdsa.PrivateKey
	kid    string
	looked time.Time
}

// NewSigner reads nothing yet.
func NewSigner(dir string, now func() time.Time) *Signer { return &Signer{dir: dir, now: now} }

// Sign makes a token. Issued is set to now when it is zero; Expires is required.
func (s *Signer) Sign(c Claims) (string, error) {
	now := s.now()
	if c.Issued.IsZero() {
		c.Issued = now
	}
	if !c.Expires.After(c.Issued) {
		return "", errors.New("sign a token: it would never be valid")
	}
	key, kid, err := s.current(now)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodES256, wire{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: Issuer, Audience: jwt.ClaimStrings{Audience}, Subject: c.Account.String(),
			IssuedAt: jwt.NewNumericDate(c.Issued), ExpiresAt: jwt.NewNumericDate(c.Expires),
		},
		Session: c.Session.String(), Roles: c.Roles, Language: c.Language, Zone: c.Zone,
	})
	t.Header["kid"] = kid
	signed, err := t.SignedString(key)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed, nil
}

// current is the key to sign with. A directory that cannot be read for a moment does not stop a
// signer that has a key.
func (s *Signer) current(now time.Time) (*ecdsa.PrivateKey, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key != nil && now.Sub(s.looked) < lookEvery {
		return s.key, s.kid, nil
	}
	kid, key, err := s.newest()
	if err != nil && s.key == nil {
		return nil, "", err
	}
	if err == nil {
		s.key, s.kid = key, kid
	}
	s.looked = now
	return s.key, s.kid, nil
}

func (s *Signer) newest() (string, *ecdsa.PrivateKey, error) {
	kids, err := privateKids(s.dir)
	if err != nil {
		return "", nil, err
	}
	if len(kids) == 0 {
		return "", nil, errors.New("no key in the directory of keys")
	}
	kid := settled(kids, s.now())
	key, err := readPrivate(s.dir, kid)
	return kid, key, err
}

// settled is the newest key that every verifier has had time to hear of: one that has just read its
// file does not read it again at once, and would refuse what a brand-new key signs.
func settled(kids []string, now time.Time) string {
	for i := len(kids) - 1; i > 0; i-- {
		made, ok := madeAt(kids[i])
		if !ok || !made.Add(2*reloadEvery).After(now) {
			return kids[i]
		}
	}
	return kids[0]
}
