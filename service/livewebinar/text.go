package livewebinar

import (
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/typed"
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
	text = typed.Text(text)
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

// wish is the id that a browser chose, so that what it asks for twice is done once.
func wish(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || id == uuid.Nil {
		return uuid.Nil, errs.New(errs.Invalid, "room.id", "This request could not be read.")
	}
	return id, nil
}
