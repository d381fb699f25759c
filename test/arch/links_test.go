package arch_test

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fence   = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)|(?:src|href)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+\s+(.*)$`)
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, match := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, name), ""), -1) {
			if why := deadLink(t, name, match[1]+match[2]); why != "" {
				t.Errorf("%s links to %s: %s", name, match[1]+match[2], why)
			}
		}
	}
}

// deadLink says why a link of a file leads nowhere, or "". Links to other sites are not followed.
func deadLink(t *testing.T, from, to string) string {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		return "this is no link"
	}
	if target.Scheme != "" || target.Host != "" {
		return ""
	}
	file := from
	if target.Path != "" {
		file = path.Join(path.Dir(from), target.Path)
		if strings.HasPrefix(target.Path, "/") {
			file = strings.TrimPrefix(target.Path, "/")
		}
	}
	if _, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(file))); err != nil {
		return "there is no such file"
	}
	if target.Fragment != "" && path.Ext(file) == ".md" && !hasHeading(read(t, file), target.Fragment) {
		return "the file has no such heading"
	}
	return ""
}

// hasHeading finds a heading by the anchor that GitHub gives it.
func hasHeading(text, anchor string) bool {
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		slug := noSlug.ReplaceAllString(strings.ToLower(strings.TrimSpace(match[1])), "")
		if strings.ReplaceAll(slug, " ", "-") == anchor {
			return true
		}
	}
	return false
}

func TestHasHeading(t *testing.T) {
	t.Parallel()
	text := "# Rounds\n\n## Who may import whom?\n"
	if !hasHeading(text, "who-may-import-whom") || hasHeading(text, "whom") {
		t.Error("headings are not found by their anchors")
	}
}
