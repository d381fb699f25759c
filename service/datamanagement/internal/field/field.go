// Package field checks and cleans what people type into forms: its codes and sentences are the same for every subdomain.
//
// What comes through here can be stored and shown, and has an end; see package typed for what of a text is kept.
package field

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/typed"
)

// Line is a text of one line, as it is kept.
func Line(s string) string { return typed.Line(s) }

// Text is a text of several lines, as it is kept.
func Text(s string) string { return typed.Text(s) }

// Between checks the length of a field, in letters.
func Between(f *errs.Fields, name, value string, least, most int) {
	switch n := utf8.RuneCountInString(value); {
	case n < least:
		f.Add(name, "content.empty", "This may not be empty.")
	case n > most:
		f.Add(name, "content.too_long", "This text is too long. Please shorten it.")
	}
}

// Among checks a choice of a list.
func Among(f *errs.Fields, name, value string, known ...string) {
	for _, k := range known {
		if value == k {
			return
		}
	}
	f.Add(name, "content.choice", "Choose one of the list.")
}

var slugShape = regexp.MustCompile(`^[a-z0-9-]{1,60}$`) //nolint:gochecknoglobals // a compiled constant

// Slug checks the part of an address that somebody wished for; it may be empty.
func Slug(f *errs.Fields, slug string) {
	if slug != "" && !slugShape.MatchString(slug) {
		f.Add("slug", "content.slug", "An address has small letters, digits and hyphens, at most 60.")
	}
}

// slug makes the part of an address from a name: what letters with marks look like without them.
func slug(name string) string {
	plain := strings.NewReplacer("č", "c", "š", "s", "ž", "z", "ć", "c", "đ", "d", "ä", "a", "ö", "o", "ü", "u", "é", "e", "ß", "ss")
	var b strings.Builder
	hyphen := false
	for _, r := range plain.Replace(strings.ToLower(name)) {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			if hyphen && b.Len() > 0 {
				b.WriteByte('-')
			}
			hyphen = false
			b.WriteRune(r)
		} else {
			hyphen = true
		}
		if b.Len() >= 50 {
			break
		}
	}
	if b.Len() == 0 {
		return "x"
	}
	return b.String()
}

// Free lets insert try a slug, and once more with the end of the id when another one has it.
func Free(wished, name string, id uuid.UUID, insert func(string) (int64, error)) (string, error) {
	first := wished
	if first == "" {
		first = slug(name)
	}
	rows, err := insert(first)
	if err != nil || rows == 1 {
		return first, err
	}
	if wished != "" {
		return "", errs.New(errs.Conflict, errs.CodeInput, errs.CheckFields).Field("slug", "content.slug_taken", "This address is taken.")
	}
	second := first + "-" + strings.ReplaceAll(id.String(), "-", "")[24:]
	if rows, err = insert(second); err == nil && rows == 0 {
		err = errs.New(errs.Conflict, errs.CodeInput, errs.CheckFields).Field("slug", "content.slug_taken", "This address is taken.")
	}
	return second, err
}

// Known parses the id of something that must exist.
func Known(id string) (uuid.UUID, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil, None()
	}
	return parsed, nil
}

// None is the answer to who asks for what does not exist.
func None() error {
	return errs.New(errs.NotFound, "content.none", "This does not exist, or not any more.")
}
