package field

import "testing"

// What reads in another order than it is stored in, or shows nothing, could pass for the words of somebody else.
func TestCleaned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, line, text string }{
		{" two\r\nlines\x00 ", "two lines", "two\nlines"},
		{"\u202efdp.exe\u202c \u2066x\u2069", "fdp.exe x", "fdp.exe x"},
		{"\u200b\ufeff \u2060\n\u00ad", "", ""},
		{"می\u200cخواهم", "می\u200cخواهم", "می\u200cخواهم"},
		{"👩\u200d⚕️", "👩\u200d⚕️", "👩\u200d⚕️"},
	} {
		if got := Line(c.typed); got != c.line {
			t.Errorf("line of %q: %q", c.typed, got)
		}
		if got := Text(c.typed); got != c.text {
			t.Errorf("text of %q: %q", c.typed, got)
		}
	}
}
