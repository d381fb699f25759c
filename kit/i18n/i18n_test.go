package i18n_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"
	_ "time/tzdata"

	"github.com/rounds-cme/rounds/kit/i18n"
)

func catalog(t *testing.T) *i18n.Catalog {
	t.Helper()
	c, err := i18n.Load(fstest.MapFS{
		"en/a.yaml": {Data: []byte("a.title: Points\na.left:\n  one: '{{.count}} point of {{.all}}'\n  other: '{{.count}} points of {{.all}}'\na.only: Only here, {{.name}}\n")},
		"sl/a.yaml": {Data: []byte("a.title: Točke\na.left:\n  one: '{{.count}} točka od {{.all}}'\n  two: '{{.count}} točki od {{.all}}'\n  few: '{{.count}} točke od {{.all}}'\n  other: '{{.count}} točk od {{.all}}'\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSay(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for _, tc := range []struct {
		lang string
		key  i18n.Key
		args []any
		want string
	}{
		{"en", "a.title", nil, "Points"},
		{"sl", "a.title", nil, "Točke"},
		{"sl", "a.title", []any{"unused", 1}, "Točke"},
		{"en", "a.left", []any{"count", 1, "all", 75}, "1 point of 75"},
		{"sl", "a.left", []any{"count", 1, "all", 75}, "1 točka od 75"},
		{"sl", "a.left", []any{"count", 102, "all", 75}, "102 točki od 75"},
		{"sl", "a.left", []any{"count", 4, "all", 75}, "4 točke od 75"},
		{"sl", "a.left", []any{"count", 5, "all", 75}, "5 točk od 75"},
		{"sl", "a.left", []any{"count", "1.5", "all", 75}, "1.5 točke od 75"},
		{"sl", "a.only", []any{"name", "Ana"}, "Only here, Ana"},
		{"sl", "a.missing", nil, "a.missing"},
		{"de", "a.title", nil, "Points"},
	} {
		if got := c.Speaker(tc.lang, "UTC", time.Now()).Say(tc.key, tc.args...); got != tc.want {
			t.Errorf("%s %s %v: got %q, want %q", tc.lang, tc.key, tc.args, got, tc.want)
		}
	}
}

func TestSayWithoutSpeaker(t *testing.T) {
	t.Parallel()
	if got := i18n.Say(context.Background(), "a.title", "count", 2); got != "a.title" {
		t.Errorf("got %q, want the key itself", got)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for wish, want := range map[string]string{
		"sl": "sl", "sl-SI,sl;q=0.9,en;q=0.8": "sl", "de-AT,de": "en", "en-GB": "en", "": "en", ";;;": "en", "sr, sl;q=0.5": "sl",
	} {
		if got := c.Match(wish); got != want {
			t.Errorf("%q: got %s, want %s", wish, got, want)
		}
	}
	if got := c.Match("", "xx-nonsense-", "sl"); got != "sl" {
		t.Errorf("wishes that say nothing are passed over: got %s", got)
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	at := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	for _, tc := range []struct{ lang, zone, want string }{
		{"en", "Europe/Ljubljana", "Thursday 26 November 2026, 18:00 CET"},
		{"sl", "Europe/Ljubljana", "četrtek, 26. november 2026 ob 18:00 CET"},
		{"en", "Asia/Kathmandu", "Thursday 26 November 2026, 22:45 UTC+5:45"},
		{"en", "America/Sao_Paulo", "Thursday 26 November 2026, 14:00 UTC-3"},
		{"en", "Nowhere/Land", "Thursday 26 November 2026, 17:00 UTC"},
	} {
		if got := c.Speaker(tc.lang, tc.zone, at).Moment(at); got != tc.want {
			t.Errorf("%s %s: got %q, want %q", tc.lang, tc.zone, got, tc.want)
		}
	}
}

func TestIn(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	there := catalog(t).Speaker("sl", "Europe/Ljubljana", at).In("America/New_York")
	if got, want := there.Moment(at), "četrtek, 26. november 2026 ob 12:00 EST"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRelative(t *testing.T) {
	t.Parallel()
	c, now := catalog(t), time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		lang string
		in   time.Duration
		want string
	}{
		{"en", 40 * time.Minute, "in 40 minutes"},
		{"en", -time.Minute, "1 minute ago"},
		{"en", 10 * time.Second, "now"},
		{"en", 2 * time.Hour, "in 2 hours"},
		{"en", 72 * time.Hour, "in 3 days"},
		{"sl", 40 * time.Minute, "čez 40 minut"},
		{"sl", 61 * time.Minute, "čez 61 minut"},
		{"sl", 2 * time.Hour, "čez 2 uri"},
		{"sl", 4 * time.Hour, "čez 4 ure"},
		{"sl", -2 * time.Hour, "pred 2 urama"},
		{"sl", -48 * time.Hour, "pred 2 dnevoma"},
		{"sl", -time.Minute, "pred 1 minuto"},
	} {
		if got := c.Speaker(tc.lang, "UTC", now).Relative(now.Add(tc.in)); got != tc.want {
			t.Errorf("%s %s: got %q, want %q", tc.lang, tc.in, got, tc.want)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"a key in two files": {"en/a.yaml": {Data: []byte("a.x: 1st")}, "en/b.yaml": {Data: []byte("a.x: 2nd")}},
		"a nested key":       {"en/a.yaml": {Data: []byte("a:\n  b: c")}},
		"a number":           {"en/a.yaml": {Data: []byte("a.b: 3")}},
		"a broken template":  {"en/a.yaml": {Data: []byte("a.b: '{{.x'")}, "sl/a.yaml": {Data: []byte("{")}},
		"no English":         {"sl/a.yaml": {Data: []byte("a.b: c")}},
	} {
		if _, err := i18n.Load(files); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func BenchmarkSay(b *testing.B) {
	c, err := i18n.Load(fstest.MapFS{"en/a.yaml": {Data: []byte("a.plain: Plain\na.full:\n  one: '{{.count}} x'\n  other: '{{.count}} y'")}})
	if err != nil {
		b.Fatal(err)
	}
	s := c.Speaker("en", "UTC", time.Now())
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			s.Say("a.plain")
		}
	})
	b.Run("plural", func(b *testing.B) {
		for b.Loop() {
			s.Say("a.full", "count", 3)
		}
	})
}
