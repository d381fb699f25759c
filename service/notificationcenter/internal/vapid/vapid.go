// Package vapid makes the key pair with which we sign what we send to push services (RFC 8292), from a secret.
//
// Why from a secret and not from a file: browsers are bound to the public key for years, and a secret is kept and handed out the
// same way as all others of Rounds.
package vapid

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
)

// Keys are a pair on P-256, as browsers and webpush-go write them: base64url without padding.
type Keys struct{ Public, Private string }

// From makes the pair; the same for the same secret. Without one there are no keys, and nothing is pushed.
func From(secret string) Keys {
	if secret == "" {
		return Keys{}
	}
	for try := 0; ; try++ { // once, but for one secret in four billion
		const size = 32
		scalar, err := hkdf.Key(sha256.New, []byte(secret), nil, "rounds vapid "+strconv.Itoa(try), size)
		if err != nil {
			return Keys{} // only for absurd lengths
		}
		if key, err := ecdh.P256().NewPrivateKey(scalar); err == nil {
			encode := base64.RawURLEncoding.EncodeToString
			return Keys{Public: encode(key.PublicKey().Bytes()), Private: encode(key.Bytes())}
		}
	}
}
