package markdown_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/markdown"
)

// What is small to send must not be big to render.
func TestHostile(t *testing.T) {
	t.Parallel()
	render := markdown.New()
	for name, text := range map[string]string{
		"quotes":     strings.Repeat(">", 8000),
		"wide table": "|" + strings.Repeat("a|", 900) + "\n|" + strings.Repeat("-|", 900) + "\n" + strings.Repeat("|\n", 2000),
		"long table": "|a|b|c|d|\n|-|-|-|-|\n" + strings.Repeat("|\n", 50_000),
		"footnotes":  "[^1]: a\n\n" + strings.Repeat("[^1]", 1900),
		"one line":   strings.Repeat("word ", 3000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			html, err := render.HTML(text)
			if errs.Of(err).Code != "content.tangled" {
				t.Errorf("%d bytes became %d bytes, error %v", len(text), len(html), err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v to refuse", took)
			}
		})
	}
}

func TestHTML(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("## Dose\n\n| mg | kg |\n|---|---|\n| 5 | 10 |\n\n> quoted[^1]\n>> twice\n\n", 300) + "[^1]: The source.\n"
	html, err := markdown.New().HTML(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"<h2", "<td>10</td>", "<blockquote>", `role="doc-noteref"`} {
		if !strings.Contains(html, part) {
			t.Errorf("no %s in what was rendered", part)
		}
	}
	if html, err := markdown.New().HTML(`<script>alert(1)</script>[x](javascript:alert(1)) ok`); err != nil || strings.Contains(html, "script") {
		t.Errorf("what harms is kept: %q, %v", html, err)
	}
}
