package letter_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/service/notificationcenter/internal/letter"
)

// written is a mail of all there is, as a mail program gets it.
func written(p *letter.Pen, subject, text string, file []byte) []byte {
	out := letter.Header(nil, "Subject", letter.Phrase(subject))
	out = letter.Next(letter.Multipart(out, "mixed", letter.Mixed), letter.Mixed)
	out = letter.Next(letter.Multipart(out, "alternative", letter.Alternative), letter.Alternative)
	out = letter.Last(p.Text(out, "text/plain; charset=UTF-8", text), letter.Alternative)
	return letter.Last(letter.File(letter.Next(out, letter.Mixed), "application/ics", "webinar.ics", file), letter.Mixed)
}

// read gives what a mail program sees in it.
func read(t *testing.T, raw []byte) (subject, text string, file []byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	if subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	outer := parts(t, m.Header.Get("Content-Type"), m.Body)
	words := next(t, outer)
	inner := parts(t, words.Header.Get("Content-Type"), words)
	plain, err := io.ReadAll(quotedprintable.NewReader(next(t, inner)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inner.NextRawPart(); err != io.EOF { //nolint:errorlint // as it is documented
		t.Errorf("more words: %v", err)
	}
	kept := next(t, outer)
	if kept.FileName() != "webinar.ics" {
		t.Errorf("the file is called %q", kept.FileName())
	}
	if file, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, kept)); err != nil {
		t.Fatal(err)
	}
	if _, err := outer.NextRawPart(); err != io.EOF { //nolint:errorlint // as it is documented
		t.Errorf("more parts: %v", err)
	}
	return subject, string(plain), file
}

func parts(t *testing.T, contentType string, body io.Reader) *multipart.Reader {
	t.Helper()
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	return multipart.NewReader(body, parameters["boundary"])
}

func next(t *testing.T, r *multipart.Reader) *multipart.Part {
	t.Helper()
	part, err := r.NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// FuzzLetter: whatever people typed comes out as it was, and no line is too long or ends otherwise than the network wants.
func FuzzLetter(f *testing.F) {
	f.Add("Sepsis", "One line\n", []byte("BEGIN:VCALENDAR\r\n"))
	f.Add(strings.Repeat("žensko srce in ", 30), "--=_mixed\n--=_alternative--\n.\n..\nFrom x\n", []byte{})
	f.Add(strings.Repeat("Heart failure ", 20), strings.Repeat("č", 500)+" \t\n\n\x00=\x7f\n", bytes.Repeat([]byte{0, 0xff}, 300))
	p := letter.New()
	f.Fuzz(func(t *testing.T, subject, text string, file []byte) {
		subject = strings.Join(strings.Fields(strings.ToValidUTF8(subject, "")), " ") // as whoever calls does
		text = strings.ReplaceAll(text, "\r", "") + "\n"
		raw := written(p, subject, text, file)
		if again := written(p, subject, text, file); !bytes.Equal(again, raw) {
			t.Error("the second time it is another")
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
			if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
				t.Errorf("a line of %d letters: %q", len(line), line)
			}
		}
		gotSubject, gotText, gotFile := read(t, raw)
		if gotSubject != subject || gotText != strings.ReplaceAll(text, "\n", "\r\n") || !bytes.Equal(gotFile, file) {
			t.Errorf("%q\n%q\n%q\nin\n%s", gotSubject, gotText, gotFile, raw)
		}
	})
}

func TestLongHeadersAreFolded(t *testing.T) {
	t.Parallel()
	for _, subject := range []string{strings.Repeat("Heart failure ", 20), strings.Repeat("ženska ", 40)} {
		out := string(letter.Header(nil, "Subject", letter.Phrase(subject)))
		for line := range strings.SplitSeq(strings.TrimSuffix(out, "\r\n"), "\r\n") {
			if len(line) > 78+len("Subject:") || strings.TrimSpace(line) == "" {
				t.Errorf("a line of %d letters: %q", len(line), line)
			}
		}
	}
}
