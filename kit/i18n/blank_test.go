package i18n_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
	"time"

	"github.com/rounds-cme/rounds/kit/i18n"
)

// What is said without the template engine is what the engine would say.
func TestBlanksAreFilledAsTheTemplateEngineDoes(t *testing.T) {
	t.Parallel()
	texts := []string{
		"{{.a}}", "x {{.a}} y {{ .b }} z", "{{.a}}{{.a}}", "{{.missing}}!", "{{.a}} {{if .b}}yes{{end}}", "{{.a | printf \"%v\"}}", "{{/* c */}}{{.a}}", "100 % {{.a}}",
	}
	values := []any{"Ana", "<b>&", "", 3, 2.5, true, errors.New("x"), time.Minute, []string{"a", "b"}}
	for _, text := range texts {
		c, err := i18n.Load(fstest.MapFS{"en/a.yaml": {Data: []byte("a.b: '" + text + "'")}})
		if err != nil {
			t.Fatal(err)
		}
		engine := template.Must(template.New("").Parse(text))
		for _, value := range values {
			var want strings.Builder
			if err := engine.Execute(&want, map[string]any{"a": value, "b": "B"}); err != nil {
				t.Fatal(err)
			}
			if got := c.Speaker("en", "UTC", time.Now()).Say("a.b", "a", value, "b", "B"); got != want.String() {
				t.Errorf("%s with %v: %q, want %q", text, value, got, want.String())
			}
		}
	}
}

func TestZone(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for range 2 {
		if zone := c.Zone("Europe/Ljubljana"); zone == nil || zone.String() != "Europe/Ljubljana" {
			t.Errorf("got %v", zone)
		}
		for _, none := range []string{"", "Local", "../etc/passwd", "Nowhere/Land"} {
			if zone := c.Zone(none); zone != nil {
				t.Errorf("%q is %v", none, zone)
			}
		}
	}
	for _, none := range []string{"Europe//Ljubljana", "Europe/./Ljubljana", "right/Europe/Ljubljana", "posix/UTC", "Factory", "localtime"} {
		if i18n.IsZone(none) || c.Zone(none) != nil {
			t.Errorf("%q can be chosen", none)
		}
	}
}
