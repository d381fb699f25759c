package password_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/password"
)

func TestHash(t *testing.T) {
	t.Parallel()
	h := password.New(nil)
	a, err := h.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hashes %q and %q", a, b)
	}
	for _, c := range []struct {
		hash, password string
		want           bool
	}{
		{a, "correct horse battery", true},
		{b, "correct horse battery", true},
		{a, "correct horse batterY", false},
		{a, "", false},
		{"", "correct horse battery", false},
		{"", "", false},
		{a, strings.Repeat("x", 1<<20), false},
	} {
		if got, err := h.Matches(t.Context(), c.hash, c.password); err != nil || got != c.want {
			t.Errorf("Matches(%.20q, %.20q) = %v, %v", c.hash, c.password, got, err)
		}
	}
	for _, hash := range []string{"x", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA", a + "$", a[:len(a)-3]} {
		if _, err := h.Matches(t.Context(), hash, "x"); !errors.Is(err, password.ErrFormat) {
			t.Errorf("Matches(%q): %v", hash, err)
		}
	}
}

func TestBusyGivesUpWithTheContext(t *testing.T) {
	t.Parallel()
	h := password.New(nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // a free slot and an ended context are both ready; sooner or later the latter is taken
		if _, err := h.Hash(ctx, "x"); err != nil {
			if errs.KindOf(err) != errs.Unavailable {
				t.Errorf("got %v", err)
			}
			return
		}
	}
	t.Error("an ended context never ended the waiting")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"":                        "password.missing",
		"short":                   "password.short",
		strings.Repeat("ab", 101): "password.long",
		"aaaaaaaaaaaa":            "password.easy",
		"Password123!":            "password.easy",
		"1234567890":              "password.easy",
		"qwertyuiop":              "password.easy",
		"ana.novak@example.org":   "password.personal",
		"Ana Novak 1970":          "password.personal",
		"zelena kava ob sedmih":   "",
		"žžčćđ ŠĐČ ćž":            "",
	} {
		if code, sentence := password.Check(word, "ana.novak@example.org", "ana novak 1970"); code != want || (code == "") != (sentence == "") {
			t.Errorf("Check(%.20q) = %q, %q; want %q", word, code, sentence, want)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	h := password.New(nil)
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "correct horse battery"); err != nil {
			b.Fatal(err)
		}
	}
}
