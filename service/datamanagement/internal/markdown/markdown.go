// Package markdown turns what people write into HTML that cannot harm: rendered and sanitised once, when it is written, so that no page
// has to trust a text. Articles and descriptions of webinars go through it.
package markdown

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"github.com/rounds-cme/rounds/kit/errs"
)

// What a text may ask of the renderer. A few kilobytes of hostile Markdown become megabytes or minutes of work: every row of a table is
// filled up to the width of its head, and a quote in a quote in a quote is looked at again for each of them. No text for people comes near.
const (
	mostLine  = 10_000
	mostDepth = 50      // quotes within quotes
	mostCells = 100_000 // lines, times the columns of the widest
	mostTimes = 8       // as long as the text itself, and mostMore
	mostMore  = 10_000
)

// Renderer turns Markdown (tables, footnotes, strikethrough) into HTML that cannot harm: what the sanitiser does not know is dropped.
type Renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
}

// New makes one; it may be shared.
func New() *Renderer {
	p := bluemonday.UGCPolicy()
	p.AllowAttrs("id").Matching(regexp.MustCompile(`^(fn|fnref)\d*:\d+$`)).OnElements("li", "sup")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^footnotes?(-ref|-backref)?$`)).OnElements("a", "div")
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^doc-(endnotes|noteref|backlink)$`)).OnElements("a", "div")
	p.RequireNoFollowOnLinks(true)
	return &Renderer{
		markdown: goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithParserOptions(parser.WithAutoHeadingID())),
		policy:   p,
	}
}

// HTML renders a text, or refuses one that is not meant to be read.
func (r *Renderer) HTML(markdown string) (string, error) {
	if !readable(markdown) {
		return "", errTangled()
	}
	var b bytes.Buffer
	if err := r.markdown.Convert([]byte(markdown), &b); err != nil {
		return "", fmt.Errorf("render markdown: %w", err)
	}
	html := r.policy.Sanitize(b.String())
	if len(html) > mostTimes*len(markdown)+mostMore {
		return "", errTangled()
	}
	return html, nil
}

func errTangled() error {
	return errs.New(errs.Invalid, "content.tangled", "This text cannot be shown: its lines are too long, or it has too many tables or quotes. Please make it simpler.")
}

func readable(markdown string) bool {
	lines, columns := 0, 0
	for line := range strings.Lines(markdown) {
		lines++
		columns = max(columns, 1+strings.Count(line, "|"))
		marks := line[:len(line)-len(strings.TrimLeft(line, "> \t"))]
		if len(line) > mostLine || strings.Count(marks, ">") > mostDepth {
			return false
		}
	}
	return columns == 1 || lines*columns <= mostCells
}

// Minutes is how long a text takes to read, at 220 words a minute.
func Minutes(markdown string) int32 {
	return int32(min(1+len(strings.Fields(markdown))/220, 1000)) //nolint:gosec // bounded
}
