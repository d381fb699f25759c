package content

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
)

const (
	mostTitle   = 200
	mostSummary = 600
	mostBody    = 200_000
	mostComment = 4000
	mostReason  = 500
)

// line is a text of one line: no control characters, single blanks.
func line(s string) string {
	return strings.Join(strings.Fields(strings.Map(printable, s)), " ")
}

// text is a text of several lines without what cannot be seen or stored.
func text(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return printable(r)
	}, s))
}

func printable(r rune) rune {
	if unicode.IsSpace(r) {
		return ' '
	}
	if r == utf8.RuneError || unicode.IsControl(r) {
		return -1
	}
	return r
}

// between checks the length of a field, in letters.
func between(f *errs.Fields, name, value string, least, most int) {
	switch n := utf8.RuneCountInString(value); {
	case n < least:
		f.Add(name, "content.empty", "This may not be empty.")
	case n > most:
		f.Add(name, "content.too_long", "This text is too long. Please shorten it.")
	}
}

func among(f *errs.Fields, name, value string, known ...string) {
	for _, k := range known {
		if value == k {
			return
		}
	}
	f.Add(name, "content.choice", "Choose one of the list.")
}

func article(q *datamanagementpb.SaveArticleRequest) error {
	q.Title, q.Summary, q.Body = line(q.GetTitle()), line(q.GetSummary()), text(q.GetBody())
	q.Byline, q.Disclosure = line(q.GetByline()), line(q.GetDisclosure())
	var f errs.Fields
	between(&f, "title", q.GetTitle(), 1, mostTitle)
	between(&f, "summary", q.GetSummary(), 1, mostSummary)
	between(&f, "body", q.GetBody(), 1, mostBody)
	between(&f, "byline", q.GetByline(), 0, 300)
	between(&f, "disclosure", q.GetDisclosure(), 0, 1000)
	among(&f, "kind", q.GetKind(), "research", "news")
	among(&f, "language", q.GetLanguage(), "en", "sl")
	slugField(&f, q.GetSlug())
	return f.Err()
}

var slugShape = regexp.MustCompile(`^[a-z0-9-]{1,60}$`) //nolint:gochecknoglobals // a compiled constant

func slugField(f *errs.Fields, slug string) {
	if slug != "" && !slugShape.MatchString(slug) {
		f.Add("slug", "content.slug", "An address has small letters, digits and hyphens, at most 60.")
	}
}

// slug makes the part of an address from a name: what letters with marks look like without them.
func slug(name string) string {
	plain := strings.NewReplacer("č", "c", "š", "s", "ž", "z", "ć", "c", "đ", "d", "ä", "a", "ö", "o", "ü", "u", "é", "e", "ß", "ss")
	var b strings.Builder
	hyphen := false
	for _, r := range plain.Replace(strings.ToLower(name)) {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			if hyphen && b.Len() > 0 {
				b.WriteByte('-')
			}
			hyphen = false
			b.WriteRune(r)
		} else {
			hyphen = true
		}
		if b.Len() >= 50 {
			break
		}
	}
	if b.Len() == 0 {
		return "x"
	}
	return b.String()
}

// free lets insert try a slug, and once more with the end of the id when another one has it.
func free(wished, name string, id uuid.UUID, insert func(string) (int64, error)) (string, error) {
	first := wished
	if first == "" {
		first = slug(name)
	}
	rows, err := insert(first)
	if err != nil || rows == 1 {
		return first, err
	}
	if wished != "" {
		return "", errs.New(errs.Conflict, errs.CodeInput, errs.CheckFields).Field("slug", "content.slug_taken", "This address is taken.")
	}
	second := first + "-" + strings.ReplaceAll(id.String(), "-", "")[24:]
	if rows, err = insert(second); err == nil && rows == 0 {
		err = errs.New(errs.Conflict, errs.CodeInput, errs.CheckFields).Field("slug", "content.slug_taken", "This address is taken.")
	}
	return second, err
}

// known parses the id of something that must exist.
func known(id string) (uuid.UUID, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil, errNone()
	}
	return parsed, nil
}

func errNone() error {
	return errs.New(errs.NotFound, "content.none", "This does not exist, or not any more.")
}
