package obs

import (
	"encoding"
	"fmt"
	"log/slog"
	"regexp"
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
		return slog.String(a.Key, Mask(cut(v.String(), limit)))
	case slog.KindAny:
		return slog.Any(a.Key, flat(v.Any(), limit))
	}
	return slog.Attr{Key: a.Key, Value: v}
}

// flat makes text of anything structured, because a struct may hold personal fields under any name.
func flat(v any, limit int) any {
	switch x := v.(type) {
	case nil:
		return nil
	case *slog.Source, slog.Level:
		return x
	case error:
		return Mask(cut(x.Error(), limit))
	case encoding.TextMarshaler: // ids, addresses of networks
		text, err := x.MarshalText()
		if err != nil {
			return Redacted
		}
		return Mask(cut(string(text), limit))
	case []string:
		return Mask(cut(strings.Join(x, " "), limit))
	case string, fmt.Stringer:
		return Mask(cut(fmt.Sprint(x), limit))
	default:
		return shape(x, limit)
	}
}

// shape shows plain values and only the type of everything else.
func shape(v any, limit int) any {
	switch v.(type) {
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return v
	case []int, []int64, []bool, []float64:
		return cut(fmt.Sprint(v), limit)
	}
	return fmt.Sprintf("[%T]", v)
}

// withheld reports whether values under the key are personal or secret, whatever they look like.
func withheld(key string) bool {
	k := strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(key))
	switch k {
	case "name", "body", "text", "query", "form", "payload", "cookie", "authorization", "address", "ip",
		"firstname", "lastname", "fullname", "displayname", "username", "person", "subject", "recipient", "to",
		"licence", "license", "licencenumber", "licensenumber", "profession", "speciality", "user", "comment":
		return true
	}
	for _, part := range []string{"email", "passw", "secret", "token", "phone", "jwt", "apikey", "privatekey"} {
		if strings.Contains(k, part) {
			return true
		}
	}
	return false
}

// patterns finds what is personal or secret inside free text, such as the text of an error.
type pattern struct {
	re *regexp.Regexp
	to string
}

//nolint:gochecknoglobals // compiled once, never written
var patterns = []pattern{
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*){0,4}`), "[token]"},
	{regexp.MustCompile(`(?i)\bbearer\s+[^\s,;"]+`), "bearer [token]"},
	{regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+@`), "${1}" + Redacted + "@"},
	{regexp.MustCompile(`(?i)\b((?:[a-z_-]*token|password|passwd|secret|code|key|sig)=)[^\s&"']+`), "${1}" + Redacted},
	{regexp.MustCompile(`(?i)[\p{L}\p{N}._%+'-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*`), "[email]"},
	{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)`), "[key]"},
	// What PostgreSQL quotes back in its details: Key (email)=(…) already exists.
	{regexp.MustCompile(`\)=\([^)]*\)`), ")=(" + Redacted + ")"},
}

// Mask replaces e-mail addresses, tokens and passwords within a text.
func Mask(s string) string {
	for _, p := range patterns {
		s = p.re.ReplaceAllString(s, p.to)
	}
	return s
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
