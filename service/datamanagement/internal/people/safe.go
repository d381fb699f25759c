package people

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
)

// safe encrypts documents with AES-256-GCM. The id of the application is bound in, so that one document cannot be passed
// off as another's; the name of the key is kept beside it, so that a later key does not make earlier ones unreadable silently.
type safe struct {
	aead   cipher.AEAD // nil without a key
	keyID  string
	random io.Reader
}

func newSafe(key string, random io.Reader) (*safe, error) {
	if key == "" {
		return &safe{}, nil
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) != 32 {
		return nil, errors.New("the proof key must be 32 bytes in base64, such as from: openssl rand -base64 32")
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("proof key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("proof key: %w", err)
	}
	sum := sha256.Sum256(raw)
	return &safe{aead: aead, keyID: hex.EncodeToString(sum[:4]), random: random}, nil
}

func errNoKey() error {
	return errs.New(errs.Unavailable, "proof.no_key", "Proofs cannot be kept or shown right now. Please try again later.")
}

func (s *safe) seal(application uuid.UUID, plain []byte) ([]byte, error) {
	if s.aead == nil {
		return nil, errNoKey()
	}
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return nil, fmt.Errorf("make a nonce: %w", err)
	}
	return s.aead.Seal(nonce, nonce, plain, application[:]), nil
}

func (s *safe) open(application uuid.UUID, keyID string, sealed []byte) ([]byte, error) {
	if s.aead == nil || keyID != s.keyID || len(sealed) < s.aead.NonceSize() {
		return nil, errNoKey()
	}
	size := s.aead.NonceSize()
	plain, err := s.aead.Open(nil, sealed[:size], sealed[size:], application[:])
	if err != nil {
		return nil, fmt.Errorf("decrypt the proof of %s: %w", application, err)
	}
	return bytes.Clone(plain), nil
}
