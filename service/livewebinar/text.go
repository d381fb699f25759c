package livewebinar

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
)

// How long texts may be, in characters; the contract says so too.
const (
	bodyLength     = 500
	answerLength   = 2000
	reasonLength   = 200
	announceLength = 300
	pollLength     = 200
	optionLength   = 100
)

// clean gives the text that is kept: what cannot be seen is not in it. All texts of browsers come through here. Its codes are
// those of its subject, such as chat.text and chat.too_long.
func clean(text, subject string, most int) (string, error) {
	if !utf8.ValidString(text) {
		return "", errs.New(errs.Invalid, subject+".text", "This text has characters that cannot be shown.")
	}
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || !unicode.IsControl(r) && !isReordering(r) {
			return r
		}
		return -1
	}, text))
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) }) {
		return "", nil
	}
	if utf8.RuneCountInString(text) > most {
		return "", errs.New(errs.Invalid, subject+".too_long", fmt.Sprintf("This text may have at most %d characters.", most)).
			With("most", fmt.Sprint(most))
	}
	return text, nil
}

// cleaned is clean for a text that must not be empty.
func cleaned(text, subject string, most int) (string, error) {
	text, err := clean(text, subject, most)
	if err == nil && text == "" {
		err = errs.New(errs.Invalid, subject+".empty", "Write something first.")
	}
	return text, err
}

// isReordering finds the marks that turn the direction of a text, with which a message could disguise itself.
func isReordering(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// wish is the id that a browser chose, so that what it asks for twice is done once.
func wish(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || id == uuid.Nil {
		return uuid.Nil, errs.New(errs.Invalid, "room.id", "This request could not be read.")
	}
	return id, nil
}
