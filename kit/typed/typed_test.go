package typed_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rounds-cme/rounds/kit/typed"
)

func TestLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, said, kept string }{
		{"blanks", " a\u00A0 b\x00\nc\u3000 ", "a b c"},
		{"turned round", "Dr \u202Eenola\u202C \u2066x\u2069", "Dr enola x"},
		{"a picture of two", "👩\u200D⚕\uFE0F works", "👩\u200D⚕\uFE0F works"},
		{"a picture at the end", "thanks ❤\uFE0F", "thanks ❤\uFE0F"},
		{"a joiner that a script needs", "می\u200Cخواهم", "می\u200Cخواهم"},
		{"Hangul is read", "김민수", "김민수"},
		{"Braille is read", "⠓⠑⠇⠇⠕\u2800⠽⠕⠥", "⠓⠑⠇⠇⠕ ⠽⠕⠥"},
		{"a name that looks like another", "Ana\u200B \u3164Novak\uFEFF\u200D", "Ana Novak"},
		{"hyphens that show nowhere", "car\u00ADdio\u2060logy", "cardiology"},
		{"a message in tags", "hi\U000E0041\U000E0042", "hi"},
		{"bytes that are no text", "a\xffb", "ab"},
	} {
		if got := typed.Line(c.said); got != c.kept {
			t.Errorf("%s: %q became %q, want %q", c.why, c.said, got, c.kept)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	if got := typed.Text(" a\u2066\r\n\tb\u200B\n\u3164\n"); got != "a\n\tb" {
		t.Errorf("got %q", got)
	}
}

// Whatever is made of these alone is nothing: no name, no comment, no question.
func TestNothingToSee(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]rune{
		"HANGUL FILLER": '\u3164', "HALFWIDTH HANGUL FILLER": '\uFFA0', "HANGUL CHOSEONG FILLER": '\u115F', "HANGUL JUNGSEONG FILLER": '\u1160',
		"BRAILLE BLANK": '\u2800', "ZERO WIDTH SPACE": '\u200B', "ZERO WIDTH NON-JOINER": '\u200C', "ZERO WIDTH JOINER": '\u200D',
		"WORD JOINER": '\u2060', "BYTE ORDER MARK": '\uFEFF', "SOFT HYPHEN": '\u00AD', "COMBINING GRAPHEME JOINER": '\u034F',
		"MONGOLIAN VOWEL SEPARATOR": '\u180E', "KHMER INHERENT VOWEL": '\u17B4', "VARIATION SELECTOR": '\uFE0F', "LEFT-TO-RIGHT MARK": '\u200E',
		"ARABIC LETTER MARK": '\u061C', "RIGHT-TO-LEFT OVERRIDE": '\u202E', "FIRST STRONG ISOLATE": '\u2068', "TAG A": '\U000E0041',
		"NULL NOTEHEAD": '\U0001D159', "NO-BREAK SPACE": '\u00A0', "IDEOGRAPHIC SPACE": '\u3000', "LINE SEPARATOR": '\u2028', "NUL": 0,
		"NEXT LINE": '\u0085', "INVISIBLE TIMES": '\u2062', "REPLACEMENT": utf8.RuneError,
	} {
		said := strings.Repeat(string(r), 3) + " \n" + string(r)
		if line, text := typed.Line(said), typed.Text(said); line != "" || text != "" || !typed.Blank(said) {
			t.Errorf("%s is something to see: line %q, text %q", name, line, text)
		}
	}
}

// What was cleaned is clean.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", " a ", "\u3164x\u200D", "👩\u200D⚕\uFE0F", "\xff\u202E\n\t\r\n b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		for name, clean := range map[string]func(string) string{"line": typed.Line, "text": typed.Text} {
			once := clean(said)
			if again := clean(once); again != once {
				t.Errorf("%s: %q became %q, then %q", name, said, once, again)
			}
			if !utf8.ValidString(once) || once != "" && typed.Blank(once) {
				t.Errorf("%s: %q became %q", name, said, once)
			}
		}
	})
}
