package livewebinar

import (
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/kit/errs"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ said, kept, code string }{
		{" hello\x00\u202e there ", "hello there", ""},
		{"\u200b\u2060\ufeff", "", "chat.empty"},
		{"\u202e\u2069 \n", "", "chat.empty"},
		{"\u3164\u2800\u115f\u1160\uffa0", "", "chat.empty"},
		{"👩\u200d⚕️", "👩\u200d⚕️", ""},
		{strings.Repeat("x", 501), "", "chat.too_long"},
	} {
		got, err := cleaned(c.said, "chat", bodyLength)
		code := ""
		if err != nil {
			code = errs.Of(err).Code
		}
		if got != c.kept || code != c.code {
			t.Errorf("%q: %q, %v", c.said, got, err)
		}
	}
}
