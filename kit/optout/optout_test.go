package optout_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/optout"
)

func choice() optout.Choice {
	return optout.Choice{
		Account: uuid.MustParse("00000000-0000-0000-0000-0000000000a1"), Topic: "webinar",
		Target: uuid.MustParse("00000000-0000-0000-0000-0000000000e1"), Channel: "email",
	}
}

func TestTokenSaysWhatItStops(t *testing.T) {
	t.Parallel()
	key := optout.New("key")
	whole := choice()
	whole.Target = uuid.Nil
	for _, c := range []optout.Choice{choice(), whole, {Account: choice().Account, Topic: "change", Channel: "push"}} {
		token := key.Sign(c)
		if token != optout.New("key").Sign(c) {
			t.Error("the same choice has two tokens")
		}
		if strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" || len(token) > 128 {
			t.Errorf("%q does not fit into an address", token)
		}
		if got, err := key.Verify(token); err != nil || got != c {
			t.Errorf("got %+v, %v; want %+v", got, err, c)
		}
	}
}

// A link in a mail that was sent years ago still works: the first version of the token stays readable.
func TestTokenIsReadForEver(t *testing.T) {
	t.Parallel()
	const sent = "AQAAAAAAAAAAAAAAAAAAAKEAAAAAAAAAAAAAAAAAAADhZW1haWwvd2ViaW5hctV-5KXg0x_IGr_PFvnZeTB61jCflw6tBUYd3vNzKvLY"
	if got, err := optout.New("key").Verify(sent); err != nil || got != choice() {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNothingElseIsSigned(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]optout.Choice{
		"nobody": {Topic: "webinar", Channel: "email"}, "no topic": {Account: choice().Account, Channel: "email"},
		"no channel": {Account: choice().Account, Topic: "webinar"}, "a slash": {Account: choice().Account, Topic: "a/b", Channel: "email"},
		"a long topic": {Account: choice().Account, Topic: strings.Repeat("a", 60), Channel: "email"},
	} {
		if token := optout.New("key").Sign(c); token != "" {
			t.Errorf("%s: %s", name, token)
		}
	}
	if optout.New("").Sign(choice()) != "" {
		t.Error("without a key anybody could sign the same")
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	key, token := optout.New("key"), optout.New("key").Sign(choice())
	for _, foreign := range []string{
		"", "x", "AQ", token + "A", token[1:], token[:len(token)-1], token + "=", token + "\n", " " + token, strings.Repeat("A", 1<<20), "%00", "é",
		optout.New("other").Sign(choice()), strings.ReplaceAll(token, "A", "\nA"),
	} {
		if c, err := key.Verify(foreign); err == nil {
			t.Errorf("%.80q was taken for %+v", foreign, c)
		}
	}
	if _, err := optout.New("").Verify(token); err == nil {
		t.Error("an empty key verifies")
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw { // no bit of it can be changed
		for bit := range 8 {
			raw[i] ^= 1 << bit
			if c, err := key.Verify(base64.RawURLEncoding.EncodeToString(raw)); err == nil {
				t.Errorf("bit %d of byte %d was changed: %+v", bit, i, c)
			}
			raw[i] ^= 1 << bit
		}
	}
}

func TestKeyDoesNotShowItself(t *testing.T) {
	t.Parallel()
	if text := fmt.Sprintf("%v %+v %#v %s", optout.New("s3cret"), optout.New("s3cret"), optout.New("s3cret"), optout.New("s3cret")); strings.Contains(text, "s3cret") {
		t.Errorf("shown: %s", text)
	}
}

func FuzzVerify(f *testing.F) {
	key := optout.New("key")
	f.Add(key.Sign(choice()))
	f.Add("AQAAAAAA")
	f.Fuzz(func(t *testing.T, token string) {
		if c, err := key.Verify(token); err == nil && key.Sign(c) != token {
			t.Errorf("%q reads as %+v, which is written otherwise", token, c)
		}
	})
}
