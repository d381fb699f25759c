package token

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
)

const (
	leeway      = 5 * time.Second // how far the clocks of two machines may differ
	reloadEvery = 5 * time.Second // an attacker with invented kids must not make us read files all day
	maxToken    = 4 << 10
	maxJWKS     = 64 << 10
	maxRoles    = 16
)

// Codes of the errors of Verify, all of kind Unauthenticated.
const (
	CodeExpired = "auth.expired"
	CodeInvalid = "auth.invalid"
)

// Verifier checks tokens against the public keys in a file. It reads the file when the first token
// comes, and again when a key id is unknown. It is safe for concurrent use.
//
// A browser sends the same token with every request, and each service that a request reaches checks it: so a token whose
// signature was right is remembered (see memory), and only its times are looked at again.
type Verifier struct {
	path   string
	now    func() time.Time
	parser *jwt.Parser
	memory memory

	mu   sync.RWMutex
	keys map[string]*ecdsa.PublicKey
	read time.Time
	ever bool
}

// NewVerifier reads nothing yet: a service starts also before the first key was made.
func NewVerifier(path string, now func() time.Time) *Verifier {
	return &Verifier{path: path, now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(Issuer), jwt.WithAudience(Audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(now), jwt.WithStrictDecoding(),
	)}
}

// Verify returns the claims of a token that auth signed and that is valid now. Any other error than
// an expired or wrong token (the keys cannot be read) is of kind Unavailable.
func (v *Verifier) Verify(raw string) (Claims, error) {
	if raw == "" || len(raw) > maxToken {
		return Claims{}, invalid(errors.New("empty or too long"))
	}
	hash := sha256.Sum256([]byte(raw))
	if known, ok := v.memory.get(hash, v.now()); ok {
		return known, nil
	}
	generation := v.memory.begin()
	var w wire
	_, err := v.parser.ParseWithClaims(raw, &w, v.key)
	switch {
	case errors.Is(err, errNoKeys):
		return Claims{}, errs.Wrap(err, errs.Unavailable, errs.CodeUnavailable, errs.Absent)
	case errors.Is(err, jwt.ErrTokenExpired):
		return Claims{}, errs.Wrap(err, errs.Unauthenticated, CodeExpired, "Your session has expired. Please log in again.")
	case err != nil:
		return Claims{}, invalid(err)
	}
	claims, err := w.claims(raw)
	if err == nil {
		v.memory.put(hash, claims, generation)
	}
	return claims, err
}

func invalid(cause error) error {
	return errs.Wrap(cause, errs.Unauthenticated, CodeInvalid, "Please log in.")
}

func (w wire) claims(raw string) (Claims, error) {
	account, errA := uuid.Parse(w.Subject)
	session, errS := uuid.Parse(w.Session)
	if err := errors.Join(errA, errS); err != nil {
		return Claims{}, invalid(fmt.Errorf("ids: %w", err))
	}
	if account == uuid.Nil || w.IssuedAt == nil || len(w.Roles) > maxRoles {
		return Claims{}, invalid(errors.New("incomplete claims"))
	}
	return Claims{
		Account: account, Session: session, Roles: slices.Clone(w.Roles), Language: w.Language, Zone: w.Zone,
		Issued: w.IssuedAt.UTC(), Expires: w.ExpiresAt.UTC(), raw: raw,
	}, nil
}

var (
	errNoKeys  = errors.New("the public keys cannot be read")
	errUnknown = errors.New("unknown key id")
)

// key finds the public key of a token by its kid. Only our own file is asked: a key, or the address
// of one, inside the token (jwk, jku, x5u) is never looked at.
func (v *Verifier) key(t *jwt.Token) (any, error) {
	kid, ok := t.Header["kid"].(string)
	if !ok || kid == "" || len(kid) > 64 {
		return nil, errUnknown
	}
	if _, critical := t.Header["crit"]; critical {
		return nil, errors.New("critical header not understood")
	}
	if key, _ := v.known(kid); key != nil {
		return key, nil
	}
	if err := v.reload(); err != nil {
		return nil, err
	}
	key, ever := v.known(kid)
	if !ever {
		return nil, errNoKeys
	}
	if key == nil {
		return nil, errUnknown
	}
	return key, nil
}

func (v *Verifier) known(kid string) (*ecdsa.PublicKey, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.keys[kid], v.ever
}

// reload reads the file again unless that was done a moment ago. While the file cannot be read, the
// keys that are known stay good.
func (v *Verifier) reload() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	if !v.read.IsZero() && now.Sub(v.read) < reloadEvery {
		return nil
	}
	v.read = now
	keys, err := readPublic(v.path)
	if err != nil {
		if v.ever {
			return nil
		}
		v.read = time.Time{} // nothing to protect yet: the next token may try at once
		return fmt.Errorf("%w: %w", errNoKeys, err)
	}
	v.keys, v.ever = keys, true
	v.memory.forget() // a key may be gone
	return nil
}

func readPublic(path string) (map[string]*ecdsa.PublicKey, error) {
	text, err := os.ReadFile(path) // #nosec G304 -- the path is configuration
	if err != nil {
		return nil, err
	}
	if len(text) > maxJWKS {
		return nil, errors.New("the file of public keys is too large")
	}
	var set jwks
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	keys := make(map[string]*ecdsa.PublicKey, len(set.Keys))
	for _, j := range set.Keys {
		if keys[j.Kid], err = j.public(); err != nil {
			return nil, err
		}
	}
	return keys, nil
}
