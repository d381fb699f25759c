// Package optout makes the tokens of unsubscribe links: whoever holds one may stop exactly what it names, for the person it names,
// without logging in.
//
// Why a signed token and not a row for each mail: ten thousand reminders would be ten thousand rows that must be kept for years,
// because people press the button in old mails. A token says everything itself, is always the same for the same thing, and never runs
// out. It opens nothing else: it cannot be turned into one for another topic, person or channel.
//
//	version 1 │ account 16 │ target 16 │ "channel/topic" │ HMAC-SHA256 32      base64url without padding
package optout

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// Choice is what a token stops.
type Choice struct {
	Account uuid.UUID
	Topic   string    // webinar, article, points …
	Target  uuid.UUID // the one webinar, category or lecturer; zero for the whole topic
	Channel string    // email, push, site
}

// ErrToken is all that is said of a token that is not ours: why helps only those who forge them.
var ErrToken = errors.New("not a token of ours")

const (
	version   = 1
	purpose   = "rounds optout" // keeps what this key signs apart from all else that might be signed with it
	fixed     = 1 + 16 + 16
	mostWords = 48
)

// Key signs and verifies.
type Key struct{ secret []byte }

// New makes a key from a secret. An empty one signs and verifies nothing.
func New(secret string) Key { return Key{secret: []byte(secret)} }

// encoding is strict, so that a token can be written in one way only.
func encoding() *base64.Encoding { return base64.RawURLEncoding.Strict() }

// Sign gives the token of a choice, always the same; "" without a key, or for what no token can say.
func (k Key) Sign(c Choice) string {
	words := c.Channel + "/" + c.Topic
	if len(k.secret) == 0 || c.Account == uuid.Nil || !sayable(words) {
		return ""
	}
	body := append([]byte{version}, c.Account[:]...)
	body = append(body, c.Target[:]...)
	body = append(body, words...)
	return encoding().EncodeToString(append(body, k.sum(body)...))
}

// Verify reads a token that this key signed.
func (k Key) Verify(token string) (Choice, error) {
	if len(k.secret) == 0 || len(token) > encoding().EncodedLen(fixed+mostWords+sha256.Size) {
		return Choice{}, ErrToken
	}
	raw, err := encoding().DecodeString(token)
	if err != nil || len(raw) <= fixed+sha256.Size || raw[0] != version || strings.ContainsAny(token, "\r\n") {
		return Choice{}, ErrToken
	}
	body, sum := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	if !hmac.Equal(sum, k.sum(body)) {
		return Choice{}, ErrToken
	}
	words := string(body[fixed:])
	if !sayable(words) {
		return Choice{}, ErrToken
	}
	channel, topic, _ := strings.Cut(words, "/")
	return Choice{Account: uuid.UUID(body[1:17]), Target: uuid.UUID(body[17:fixed]), Topic: topic, Channel: channel}, nil
}

// String keeps the secret out of every log.
func (k Key) String() string { return "(hidden)" }

// GoString does the same for %#v.
func (k Key) GoString() string { return k.String() }

var _ fmt.GoStringer = Key{}

func (k Key) sum(body []byte) []byte {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte(purpose))
	mac.Write(body)
	return mac.Sum(nil)
}

// sayable reports whether words are a channel and a topic, small letters each.
func sayable(words string) bool {
	channel, topic, two := strings.Cut(words, "/")
	if !two || channel == "" || topic == "" || len(words) > mostWords {
		return false
	}
	return strings.Trim(channel+topic, "abcdefghijklmnopqrstuvwxyz") == ""
}
