package field_test

import (
	"testing"

	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
)

// What cannot be seen is no text; package typed has the whole table.
func TestWhatIsKept(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{"\u3164\u2800": "", "Dr \u202Eenola": "Dr enola"} {
		if got := field.Line(said); got != want {
			t.Errorf("%q became %q, want %q", said, got, want)
		}
	}
	if got := field.Text("a\u2066\r\n\tb"); got != "a\n\tb" {
		t.Errorf("got %q", got)
	}
}
