package obs

import (
	"encoding"
	"fmt"
	"log/slog"
	"strings"
)

// Redacted stands where a value was withheld.
const Redacted = "[redacted]"

// maxText bounds one value of a line: a hostile input must not fill the disk. Stacks are longer.
const (
	maxText  = 2 << 10
	maxStack = 16 << 10
)

// redactAttr applies the rule to one attribute: withheld by its key, else scanned for patterns.
// Groups are reached through slog, which calls it for each member.
//
// Several lines are written for each click, so what is plainly harmless costs no memory and no
// regular expression; the tests hold this against the slow way of doing it.
func redactAttr(_ []string, a slog.Attr) slog.Attr {
	if withheld(a.Key) {
		return slog.String(a.Key, Redacted)
	}
	v := a.Value.Resolve()
	limit := maxText
	if a.Key == "stack" {
		limit = maxStack
	}
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(Mask(cut(v.String(), limit)))
	case slog.KindAny:
		v = flat(v.Any(), limit)
	}
	return slog.Attr{Key: a.Key, Value: v}
}

// flat makes text of anything structured, because a struct may hold personal fields under any name.
func flat(v any, limit int) slog.Value {
	switch x := v.(type) {
	case nil, *slog.Source, slog.Level:
		return slog.AnyValue(x)
	case error:
		return masked(x.Error(), limit)
	case encoding.TextMarshaler: // ids, addresses of networks
		text, err := x.MarshalText()
		if err != nil {
			return slog.StringValue(Redacted)
		}
		return masked(string(text), limit)
	case []string:
		return masked(strings.Join(x, " "), limit)
	case string, fmt.Stringer:
		return masked(fmt.Sprint(x), limit)
	default:
		return shape(x, limit)
	}
}

func masked(text string, limit int) slog.Value { return slog.StringValue(Mask(cut(text, limit))) }

// shape shows plain values and only the type of everything else.
func shape(v any, limit int) slog.Value {
	switch v.(type) {
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return slog.AnyValue(v)
	case []int, []int64, []bool, []float64:
		return slog.StringValue(cut(fmt.Sprint(v), limit))
	}
	return slog.StringValue(fmt.Sprintf("[%T]", v))
}

// longestKey is how long a key may be to be looked at in place; longer ones take the long way.
const longestKey = 64

// withheld reports whether values under the key are personal or secret, whatever they look like.
func withheld(key string) bool {
	var place [longestKey]byte
	plain := place[:0]
	for i := range len(key) {
		c := key[i]
		switch {
		case c >= 0x80 || len(plain) == longestKey:
			return withheldPlain([]byte(strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(key))))
		case c == '-' || c == '_' || c == '.':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		plain = append(plain, c)
	}
	return withheldPlain(plain)
}

// withheldPlain takes the key in small letters and without what joins its words.
func withheldPlain(key []byte) bool {
	switch string(key) {
	case "name", "body", "text", "query", "form", "payload", "cookie", "authorization", "address", "ip",
		"firstname", "lastname", "fullname", "displayname", "username", "person", "subject", "recipient", "to",
		"licence", "license", "licencenumber", "licensenumber", "profession", "speciality", "user", "comment":
		return true
	}
	for i := range key {
		if secretWord(key[i:]) {
			return true
		}
	}
	return false
}

// secretWord reports whether a key goes on with a word that withholds it wherever it stands.
func secretWord(rest []byte) bool {
	switch rest[0] {
	case 'e':
		return begins(rest, "email")
	case 'p':
		return begins(rest, "passw") || begins(rest, "phone") || begins(rest, "privatekey")
	case 's':
		return begins(rest, "secret")
	case 't':
		return begins(rest, "token")
	case 'j':
		return begins(rest, "jwt")
	case 'a':
		return begins(rest, "apikey")
	}
	return false
}

func begins(rest []byte, word string) bool {
	return len(rest) >= len(word) && string(rest[:len(word)]) == word
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
