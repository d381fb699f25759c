package i18n

import (
	"fmt"
	"regexp"
	"strings"
)

// sentence is a text cut at its blanks. Most sentences that are said often need no more, and are said without the template
// engine, which is made for more than filling blanks and takes its time; plural forms and everything else go through it.
type sentence struct {
	texts  []string // one more than there are blanks
	blanks []string // names
}

// cutBlanks cuts a text at its {{.name}}; ok is false when there is anything else in braces.
func cutBlanks(text string) (s sentence, ok bool) {
	blank := regexp.MustCompile(`{{ *\.([A-Za-z_][A-Za-z0-9_]*) *}}`)
	rest := text
	for {
		at := blank.FindStringSubmatchIndex(rest)
		if at == nil {
			s.texts = append(s.texts, rest)
			return s, !strings.Contains(strings.Join(s.texts, ""), "{{")
		}
		s.texts, s.blanks = append(s.texts, rest[:at[0]]), append(s.blanks, rest[at[2]:at[3]])
		rest = rest[at[1]:]
	}
}

// fill says the sentence. A blank that nobody fills says so, as the template engine does.
func (s sentence) fill(pairs []any) string {
	var b strings.Builder
	for i, name := range s.blanks {
		b.WriteString(s.texts[i])
		switch v := valueOf(name, pairs).(type) {
		case nil:
			b.WriteString("<no value>")
		case string:
			b.WriteString(v)
		default:
			fmt.Fprint(&b, v)
		}
	}
	b.WriteString(s.texts[len(s.blanks)])
	return b.String()
}

// valueOf is the last value of a name, or nil.
func valueOf(name string, pairs []any) any {
	var value any
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == name {
			value = pairs[i+1]
		}
	}
	return value
}
