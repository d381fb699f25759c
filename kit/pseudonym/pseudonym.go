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

// ID names one thing that somebody did, always alike, so that what is told twice counts once. It is keyed too: the ids of
// comments and webinars are known to many, and from a plain hash of one anybody could find whose pseudonym it stands beside.
func (n Namer) ID(account uuid.UUID, what string) uuid.UUID {
	mac := hmac.New(sha256.New, n.key)
	mac.Write(account[:])
	mac.Write([]byte(what))
	id := uuid.UUID(mac.Sum(nil)[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: made in a way of our own
	return id
}
