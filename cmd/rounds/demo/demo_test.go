package demo

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

func loaded(t *testing.T) *Data {
	t.Helper()
	d, err := Load()
	if err != nil {
		t.Fatalf("the demo data are broken:\n%v", err)
	}
	return d
}

func TestDemoIsAsLargeAsPromised(t *testing.T) {
	t.Parallel()
	d := loaded(t)
	var past, later, waiting, login, soon int
	for _, w := range d.Webinars {
		switch {
		case w.Past():
			past++
		case w.Starts.In == 2*time.Minute || w.Starts.In == 90*time.Minute:
			soon++
		default:
			later++
		}
	}
	for _, p := range d.People {
		if p.State == "in_review" {
			waiting++
		}
		if p.Login {
			login++
		}
	}
	got := []int{len(d.Articles), len(d.Categories), len(d.Lecturers), soon, later, past, waiting, login, len(d.Attendance)}
	want := []int{8, 6, 5, 2, 4, 4, 3, 5, 4}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("articles, categories, lecturers, webinars soon, later, past, waiting, logins, attendance: %v, want %v", got, want)
			break
		}
	}
	if len(d.Comments) < 25 || len(d.People) < 30 {
		t.Errorf("%d comments and %d people are too few", len(d.Comments), len(d.People))
	}
}

func TestArticlesHaveRealLengthAndReferences(t *testing.T) {
	t.Parallel()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	for _, a := range loaded(t).Articles {
		text, refs, found := strings.Cut(a.Body, "## References\n")
		if n := len(strings.Fields(text)); n < 900 || n > 1500 {
			t.Errorf("%s has %d words", a.Slug, n)
		}
		var html bytes.Buffer
		if err := md.Convert([]byte(refs), &html); err != nil {
			t.Fatalf("%s: %v", a.Slug, err)
		}
		n := strings.Count(html.String(), "<li>")
		if !found || n < 5 {
			t.Errorf("%s has %d references", a.Slug, n)
		}
		for i := 1; i <= n; i++ {
			if !cites(text, i) {
				t.Errorf("%s never cites reference %d", a.Slug, i)
			}
		}
		if cites(text, n+1) {
			t.Errorf("%s cites reference %d, which it does not have", a.Slug, n+1)
		}
		if !strings.Contains(text, "demo education material") {
			t.Errorf("%s does not say that it is demo material", a.Slug)
		}
	}
}

// cites finds [3] as well as [2,3].
func cites(text string, n int) bool {
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "[")
		if !ok {
			return false
		}
		inside, _, _ := strings.Cut(after, "]")
		for part := range strings.SplitSeq(inside, ",") {
			if part == string(rune('0'+n)) {
				return true
			}
		}
		rest = after
	}
}

func TestArticlesAreMarkdown(t *testing.T) {
	t.Parallel()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	for _, a := range loaded(t).Articles {
		var html bytes.Buffer
		if err := md.Convert([]byte(a.Body), &html); err != nil {
			t.Fatalf("%s: %v", a.Slug, err)
		}
		if strings.Contains(html.String(), "<h1") || strings.Count(html.String(), "<h2") < 5 {
			t.Errorf("%s: the title is the only first heading, and the text has sections of the second level", a.Slug)
		}
		if strings.Contains(html.String(), "raw HTML omitted") {
			t.Errorf("%s contains HTML", a.Slug)
		}
	}
}

func TestWebinarsAreDescribed(t *testing.T) {
	t.Parallel()
	for _, w := range loaded(t).Webinars {
		if n := len(strings.Fields(w.Description)); n < 100 || n > 200 {
			t.Errorf("%s is described in %d words", w.Slug, n)
		}
	}
}

// Whatever the hour of the first start, and in the nights of a clock change, the past is past and the rest is not.
func TestTimesMakeSenseAtAnyHour(t *testing.T) {
	t.Parallel()
	d := loaded(t)
	for hour := range 24 * 7 * 2 {
		first := time.Date(2026, 10, 20, hour, 7, 0, 0, time.UTC)
		for _, w := range d.Webinars {
			start, err := w.StartsAt(first)
			if err != nil {
				t.Fatal(err)
			}
			end := start.Add(time.Duration(w.Minutes) * time.Minute)
			if w.Past() != end.Before(first) || !w.Past() && !start.After(first) {
				t.Fatalf("%s: starts %v, first start %v, past %v", w.Slug, start, first, w.Past())
			}
		}
	}
	w := Webinar{Starts: When{Days: 9, At: "17:30"}, Zone: "Europe/Ljubljana"}
	got, err := w.StartsAt(time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC))
	if want := time.Date(2026, 10, 29, 16, 30, 0, 0, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("17:30 after the clocks went back is %v, want %v (%v)", got, want, err)
	}
}

func TestProofsAreWhatTheyClaim(t *testing.T) {
	t.Parallel()
	magic := map[string]string{"licence.pdf": "%PDF-", "staff-card.jpg": "\xff\xd8\xff", "registration.png": "\x89PNG"}
	seen := 0
	for _, p := range loaded(t).People {
		if p.Proof == "" {
			continue
		}
		raw, err := Proof(p.Proof)
		if err != nil || !bytes.HasPrefix(raw, []byte(magic[p.Proof])) || magic[p.Proof] == "" {
			t.Errorf("%s: proof %s is not what its name says (%v)", p.Key, p.Proof, err)
		}
		seen++
	}
	if seen != len(magic) {
		t.Errorf("%d proofs, want one of each type", seen)
	}
}

func TestHistoryIsRepeatableAndPast(t *testing.T) {
	t.Parallel()
	d := loaded(t)
	first := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	a, b := d.History(first), d.History(first)
	if len(a) < 200 || len(a) != len(b) {
		t.Fatalf("%d and %d reads", len(a), len(b))
	}
	published := map[string]time.Time{}
	for _, x := range d.Articles {
		published[x.Slug] = x.PublishedAt(first)
	}
	for i, r := range a {
		if r != b[i] || !r.At.Before(first) || r.At.Before(published[r.Article]) {
			t.Fatalf("read %d: %v", i, r)
		}
	}
}

func TestBadDataAreRefused(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"unknown field":      "categories: [{slug: a, en: A, sl: A, colour: red}]",
		"missing lecturer":   "webinars: [{slug: w, lecturer: nobody}]",
		"duplicate category": "categories: [{slug: a, en: A, sl: A}, {slug: a, en: A, sl: A}]",
		"broken yaml":        "categories: [",
	} {
		if _, err := load(fstest.MapFS{"demo.yaml": {Data: []byte(file)}}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := article([]byte("no header")); err == nil {
		t.Error("an article without a header was accepted")
	}
}
