package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sentence ends where a thought does; a colon before a drawing or a list ends one too.
var sentence = regexp.MustCompile(`[.!?:](\s|$)`)

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		names := p.GoFiles
		if len(names) == 0 {
			names = slices.Concat(p.TestGoFiles, p.XTestGoFiles)
		}
		doc, written := packageDoc(t, p.Dir, names)
		if written && len(sentence.FindAllString(doc, -1)) < 2 {
			t.Errorf("%s: the package comment is %q; say in two sentences or more what it is for and why it is as it is", p.room(), strings.TrimSpace(doc))
		}
	}
}

// packageDoc joins the package comments of hand-written files, and tells whether there is such a file.
func packageDoc(t *testing.T, dir string, names []string) (doc string, written bool) {
	t.Helper()
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(file.Comments, func(c *ast.CommentGroup) bool { return generated(text(c)) }) {
			continue
		}
		written = true
		doc += file.Doc.Text()
	}
	return doc, written
}

// text is a comment as it stands in the file, with its slashes.
func text(group *ast.CommentGroup) string {
	var all strings.Builder
	for _, comment := range group.List {
		all.WriteString(comment.Text + "\n")
	}
	return all.String()
}

// vague names say nothing about what is inside, so everything ends up there.
var vague = []string{"common", "util", "utils", "helper", "helpers", "model", "models", "manager", "managers", "misc", "shared"}

func TestNamesSayWhatIsInside(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		for part := range strings.SplitSeq(name, "/") {
			base, _, _ := strings.Cut(part, ".")
			if slices.Contains(vague, strings.TrimSuffix(base, "_test")) {
				t.Errorf("%s: the name %q says nothing; name what is inside", name, base)
			}
		}
	}
}

// longest is how many lines a file may have; a longer one holds two nouns.
const (
	longest     = 400
	longestTest = 600
)

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		if path.Ext(name) != ".go" {
			continue
		}
		source, limit := read(t, name), longest
		if strings.HasSuffix(name, "_test.go") {
			limit = longestTest
		}
		if lines := strings.Count(source, "\n"); lines > limit && !generated(source) {
			t.Errorf("%s has %d lines; split it by nouns (limit %d)", name, lines, limit)
		}
	}
}

// tail is what somebody meant to do later. An issue is the place for it, and its number makes it findable.
var (
	tail  = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)
	issue = regexp.MustCompile(`\b(TODO|FIXME|XXX)\(#\d+\)`)
)

func TestWhatIsLeftForLaterHasAnIssue(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		if !slices.Contains([]string{".go", ".templ", ".sql", ".proto", ".ts", ".css"}, path.Ext(name)) || strings.HasPrefix(name, "test/arch/") {
			continue
		}
		source := read(t, name)
		if len(tail.FindAllString(source, -1)) > len(issue.FindAllString(source, -1)) && !generated(source) {
			t.Errorf("%s leaves something for later without an issue: write TODO(#12), or do it", name)
		}
	}
}

// skips are how a Go test looks away.
var skips = regexp.MustCompile(`\b(t|tb|b)\.(Skip|Skipf|SkipNow)\(`)

func TestNoTestLooksAway(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		if path.Ext(name) == ".go" && skips.MatchString(read(t, name)) {
			t.Errorf("%s skips a test; one that cannot find what it needs fails and says what to install", name)
		}
	}
}

// elsewhere are places on somebody's machine, which mean nothing on another one. They are put together from pieces so
// that this file does not hold them.
var elsewhere = regexp.MustCompile(`(^|[\s"'(=:])/(` + strings.Join([]string{"wo" + "rk/", "ro" + "ot/notes", "ro" + "ot/go", "ho" + "me/[a-z]", "Us" + "ers/[A-Za-z]"}, "|") + `)`)

// tarball is where npm took a package from; the lock file must lead everybody to the public registry.
var tarball = regexp.MustCompile(`"resolved": "([^"]*)"`)

func TestTheTreeKnowsNoMachine(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		switch path.Ext(name) {
		case ".woff2", ".ttf", ".png", ".jpg", ".jpeg", ".pdf", ".mp4", ".ico":
			continue
		}
		content := read(t, name)
		if found := elsewhere.FindString(content); found != "" {
			t.Errorf("%s names a place on one machine: %q", name, strings.TrimSpace(found))
		}
		if path.Base(name) != "package-lock.json" {
			continue
		}
		for _, match := range tarball.FindAllStringSubmatch(content, -1) {
			if !strings.HasPrefix(match[1], "https://registry.npmjs.org/") {
				t.Errorf("%s takes a package from %s", name, match[1])
			}
		}
	}
}
