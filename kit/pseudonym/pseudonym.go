// Package pseudonym names people so that what they do can be counted without knowing who they are.
//
// Why a keyed hash: the ids of accounts are known to many; a plain hash of one could be made by anybody who wants to find a
// person in the figures. The key is with those who report activity and with the bff, never with statistics, so whoever
// reads the statistics database alone cannot go back. A new key makes everybody a new person in the figures.
package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/uuid"
)

// Namer makes pseudonyms with one key.
type Namer struct{ key []byte }

// New makes a namer.
func New(key string) Namer { return Namer{key: []byte(key)} }

// Of is the pseudonym of an account: always the same, 64 hexadecimal digits.
func (n Namer) Of(account uuid.UUID) string {
	mac := hmac.New(sha256.New, n.key)
	mac.Write(account[:])
	return hex.EncodeToString(mac.Sum(nil))
}
