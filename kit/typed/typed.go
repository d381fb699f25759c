// Package typed cleans what people type, alike in every service: what is kept can be stored, and what is shown can be seen.
//
// Why one place: a text made of letters that nobody sees passes every check for emptiness, and a name with one of them looks like
// the name of somebody else. Which letters these are is long to say and easy to say differently, so no service says it itself.
//
// What comes out has no control characters, no marks that turn the direction of what is read, no letters that only take room, and
// nothing at all when there would be nothing to see. Joiners and the marks that choose between two pictures of a sign stay inside
// a text: some scripts and most pictures of people need them.
package typed

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line is a text of one line: single blanks, none around it.
func Line(s string) string {
	return seen(strings.Join(strings.Fields(strings.Map(shown, s)), " "))
}

// Text is a text of several lines; tabs stay too.
func Text(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return seen(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return shown(r)
	}, s))
}

// Blank tells that there is nothing to see in a text.
func Blank(s string) bool { return !strings.ContainsFunc(s, visible) }

// shown is what is kept of a letter: itself, a blank for what looks like one, or nothing.
func shown(r rune) rune {
	switch {
	case unicode.IsSpace(r), wide(r):
		return ' '
	case r == utf8.RuneError, unicode.IsControl(r):
		return -1
	case ignorable(r) && !helping(r):
		return -1
	}
	return r
}

// seen is the text without what cannot be seen at its ends, or nothing when it is all like that.
func seen(s string) string {
	if Blank(s) {
		return ""
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool { return !visible(r) })
	return strings.TrimRightFunc(s, func(r rune) bool { return !visible(r) && !unicode.Is(unicode.Variation_Selector, r) })
}

func visible(r rune) bool {
	return r != utf8.RuneError && !unicode.IsSpace(r) && !unicode.IsControl(r) && !wide(r) && !ignorable(r)
}

// wide finds the letters that look like a blank and are none: those of Braille and Hangul, and a note of music without a head.
func wide(r rune) bool {
	switch r {
	case '\u2800', '\u3164', '\uFFA0', '\U0001D159':
		return true
	}
	return false
}

// ignorable finds what leaves no picture by itself.
func ignorable(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// helping finds the marks that tell how the letters around them are drawn: joiners, the weak marks of direction, and the choice
// between two pictures. Those that turn a whole run of text are not among them.
func helping(r rune) bool {
	switch r {
	case '\u200C', '\u200D', '\u200E', '\u200F', '\u061C', '\u034F':
		return true
	}
	return unicode.Is(unicode.Variation_Selector, r)
}
