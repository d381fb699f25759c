package field_test

import (
	"testing"

	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
)

// What cannot be seen is no text, and what turns the direction of a text would let a name pass for another.
func TestLine(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"\u200B\uFEFF":         "",
		"Dr \u202Eenola":       "Dr enola",
		" a\u00A0 b\x00\nc ":   "a b c",
		"👩\u200D⚕\uFE0F works": "👩\u200D⚕\uFE0F works",
	} {
		if got := field.Line(said); got != want {
			t.Errorf("%q became %q, want %q", said, got, want)
		}
	}
	if got := field.Text("a\u2066\r\n\tb"); got != "a\n\tb" {
		t.Errorf("got %q", got)
	}
}
