package obs

import (
	"regexp"
	"strings"
)

// pattern finds what is personal or secret inside free text, such as the text of an error.
type pattern struct {
	re *regexp.Regexp
	to string
	// may is a cheap look before the expression: false only where the expression cannot match.
	may func(string) bool
}

//nolint:gochecknoglobals // compiled once, never written
var patterns = []pattern{
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*){0,4}`), "[token]", has("eyJ")},
	{regexp.MustCompile(`(?i)\bbearer\s+[^\s,;"]+`), "bearer [token]", hasBearer},
	{regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+@`), "${1}" + Redacted + "@", has("://")},
	{regexp.MustCompile(`(?i)\b((?:[a-z_-]*token|password|passwd|secret|code|key|sig)=)[^\s&"']+`), "${1}" + Redacted, hasSetting},
	{regexp.MustCompile(`(?i)[\p{L}\p{N}._%+'-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*`), "[email]", hasAt},
	{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)`), "[key]", has("-----BEGIN ")},
	// What PostgreSQL quotes back in its details: Key (email)=(…) already exists.
	{regexp.MustCompile(`\)=\([^)]*\)`), ")=(" + Redacted + ")", has(")=(")},
}

// Mask replaces e-mail addresses, tokens and passwords within a text.
func Mask(s string) string {
	for i := range patterns {
		if p := &patterns[i]; p.may(s) {
			s = p.re.ReplaceAllString(s, p.to)
		}
	}
	return s
}

func has(part string) func(string) bool {
	return func(s string) bool { return strings.Contains(s, part) }
}

// hasBearer looks for the word in any case; no other letter than these folds to one of them.
func hasBearer(s string) bool {
	const word = "bearer"
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == 'b' && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// hasSetting looks for an equals sign behind a letter with which one of the names ends. (None of them ends with a k or an s,
// which also stand for letters beyond ASCII.)
func hasSetting(s string) bool {
	for {
		at := strings.IndexByte(s, '=')
		if at < 0 {
			return false
		}
		if at > 0 && strings.IndexByte("ndteyg", s[at-1]|0x20) >= 0 {
			return true
		}
		s = s[at+1:]
	}
}

func hasAt(s string) bool { return strings.IndexByte(s, '@') >= 0 || strings.Contains(s, "%40") }
