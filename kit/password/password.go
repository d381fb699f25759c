// Package password hashes and checks passwords with argon2id.
//
// Why a package: the parameters, the limit on how many run at once and the refusal of passwords that everybody guesses
// must be the same wherever a password is set. One hash takes 19 MiB and some 26 ms of a core, so a flood of logins
// would take all memory and all cores; at most GOMAXPROCS run at once, the others wait or give up with their context.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/rounds-cme/rounds/kit/errs"
)

// What a password must be.
const (
	Shortest = 10
	Longest  = 200
)

const (
	passes  = 2
	memory  = 19 << 10 // KiB
	threads = 1
	saltLen = 16
	keyLen  = 32
)

var encoding = base64.RawStdEncoding //nolint:gochecknoglobals // as constant as the base64 package can make it

// ErrFormat is a stored hash that is none of ours.
var ErrFormat = errors.New("password: the stored hash has an unknown format")

// Hasher hashes and compares, a few at a time. It is safe for concurrent use.
type Hasher struct {
	slots  chan struct{}
	random io.Reader
	none   string
}

// New makes a hasher. All uses in one service share it, because it bounds the memory.
func New(random io.Reader) *Hasher {
	if random == nil {
		random = rand.Reader
	}
	h := &Hasher{slots: make(chan struct{}, runtime.GOMAXPROCS(0)), random: random}
	salt := make([]byte, saltLen)
	h.none = encode(salt, make([]byte, keyLen))
	return h
}

// Hash is what is stored instead of the password.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLen)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	key, err := h.derive(ctx, password, salt)
	if err != nil {
		return "", err
	}
	return encode(salt, key), nil
}

// Matches tells whether the password is the one that was hashed. With an empty hash it takes the same time and says no,
// so that nobody learns from the clock which accounts exist.
func (h *Hasher) Matches(ctx context.Context, hash, password string) (bool, error) {
	known := hash != ""
	if !known {
		hash = h.none
	}
	salt, want, err := decode(hash)
	if err != nil {
		return false, err
	}
	if len(password) > 4*Longest {
		password = password[:4*Longest]
	}
	got, err := h.derive(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func (h *Hasher) derive(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, errs.Wrap(ctx.Err(), errs.Unavailable, "password.busy", "Too many people are logging in. Please try again in a moment.")
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(password), salt, passes, memory, threads, keyLen), nil
}

func encode(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, threads,
		encoding.EncodeToString(salt), encoding.EncodeToString(key))
}

// decode reads only hashes of our own parameters: others would be a change of this package, with a way to move over.
func decode(hash string) (salt, key []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || strings.Join(parts[:4], "$") != fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d", argon2.Version, memory, passes, threads) {
		return nil, nil, ErrFormat
	}
	if salt, err = encoding.DecodeString(parts[4]); err != nil || len(salt) != saltLen {
		return nil, nil, ErrFormat
	}
	if key, err = encoding.DecodeString(parts[5]); err != nil || len(key) != keyLen {
		return nil, nil, ErrFormat
	}
	return salt, key, nil
}

// Check says what is wrong with a new password, or nothing. Personal are words it must not consist of, such as the
// e-mail address of its owner.
func Check(password string, personal ...string) (code, sentence string) {
	switch length := utf8.RuneCountInString(password); {
	case password == "":
		return "password.missing", "Enter a password."
	case length < Shortest:
		return "password.short", "Enter a password of at least 10 characters."
	case length > Longest || len(password) > 4*Longest:
		return "password.long", "Enter a password of at most 200 characters."
	}
	lower := strings.ToLower(password)
	for _, word := range personal {
		if word != "" && (strings.EqualFold(lower, word) || strings.EqualFold(lower, strings.Split(word, "@")[0])) {
			return "password.personal", "Choose a password that is not your name or your e-mail address."
		}
	}
	if easy(lower) {
		return "password.easy", "Choose a password that is harder to guess."
	}
	return "", ""
}

// easy finds what is guessed first: few different letters, rows of the keyboard, the words everybody takes.
func easy(lower string) bool {
	different := map[rune]bool{}
	for _, r := range lower {
		different[r] = true
	}
	if len(different) < 4 {
		return true
	}
	rest := strings.Trim(lower, "0123456789!?.#*_- ")
	for _, word := range []string{"password", "passwort", "geslo", "qwertyuiop", "qwertzuiop", "asdfghjkl", "letmein", "welcome", "dobrodosli", "iloveyou", "admin", "administrator"} {
		if rest == word || rest == word+word {
			return true
		}
	}
	const rows = "01234567890123456789|98765432109876543210|abcdefghijklmnopqrstuvwxyz|qwertyuiopasdfghjklzxcvbnm|qwertzuiopasdfghjklyxcvbnm"
	return strings.Contains(rows, lower)
}
