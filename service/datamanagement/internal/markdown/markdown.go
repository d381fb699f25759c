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

// HTML renders a text.
func (r *Renderer) HTML(markdown string) (string, error) {
	var b bytes.Buffer
	if err := r.markdown.Convert([]byte(markdown), &b); err != nil {
		return "", fmt.Errorf("render markdown: %w", err)
	}
	return r.policy.Sanitize(b.String()), nil
}

// Minutes is how long a text takes to read, at 220 words a minute.
func Minutes(markdown string) int32 {
	return int32(min(1+len(strings.Fields(markdown))/220, 1000)) //nolint:gosec // bounded
}
