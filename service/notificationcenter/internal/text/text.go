// Package text puts a notification into words: subject and body of an e-mail as text and HTML, and one sentence for the
// site, in the language and the time zone of the person.
//
// Why one layout for all kinds: a kind is three sentences in the catalog (subject, body, button), so that adding one is
// writing, not programming, and all mails look alike. Everything a person typed is escaped in HTML.
package text

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"strconv"
	"strings"
	"time"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
)

//go:embed locale mail.html
var files embed.FS

// Writer writes messages.
type Writer struct {
	catalog *i18n.Catalog
	layout  *template.Template
	baseURL string
}

// Message is a notification in words.
type Message struct {
	Subject, Text, HTML string
}

// New reads the texts.
func New(baseURL string) (*Writer, error) {
	locale, err := fs.Sub(files, "locale")
	if err != nil {
		return nil, fmt.Errorf("find texts: %w", err)
	}
	catalog, err := i18n.Load(locale)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	layout, err := template.ParseFS(files, "mail.html")
	if err != nil {
		return nil, fmt.Errorf("read layout: %w", err)
	}
	return &Writer{catalog: catalog, layout: layout, baseURL: baseURL}, nil
}

// Kinds lists every kind that there are words for.
func (w *Writer) Kinds() []string {
	var kinds []string
	for _, key := range w.catalog.Keys(i18n.Fallback) {
		if kind, ok := strings.CutSuffix(string(key), ".subject"); ok {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Known tells whether there are words for a kind.
func (w *Writer) Known(kind string) bool { return w.catalog.Has(i18n.Key(kind + ".subject")) }

// Write puts a notification into words, as they are right at the moment now.
func (w *Writer) Write(n *eventpb.Notification, now time.Time) (Message, error) {
	speaker := w.catalog.Speaker(n.GetLanguage(), n.GetZone(), now)
	pairs := words(speaker, n)
	say := func(part string) string { return oneLine(speaker.Say(i18n.Key(n.GetKind()+part), pairs...)) }
	page := struct{ Language, Subject, Hello, Body, Button, Link, LinkHint, Footer string }{
		Language: speaker.Language(), Subject: say(".subject"), Hello: speaker.Say("mail.hello", "name", n.GetName()),
		Body: say(".body"), Button: say(".button"), Link: w.baseURL + n.GetPath(),
		LinkHint: speaker.Say("mail.link"), Footer: speaker.Say("mail.footer"),
	}
	var html bytes.Buffer
	if err := w.layout.Execute(&html, page); err != nil {
		return Message{}, fmt.Errorf("write mail: %w", err)
	}
	text := strings.Join([]string{page.Hello, page.Body, page.Button + ":\n" + page.Link, "-- \n" + page.Footer}, "\n\n") + "\n"
	return Message{Subject: page.Subject, Text: text, HTML: html.String()}, nil
}

// words are the values that the sentences name; times become words of the person's language and zone.
func words(speaker *i18n.Speaker, n *eventpb.Notification) []any {
	var pairs []any
	for name, value := range n.GetData() {
		pairs = append(pairs, name, value)
	}
	if at, err := time.Parse(time.RFC3339, n.GetData()["starts_at"]); err == nil {
		pairs = append(pairs, "starts", speaker.Moment(at), "relative", speaker.Relative(at))
	}
	if n.GetExpiresAt() != nil {
		pairs = append(pairs, "expires", speaker.Moment(n.GetExpiresAt().AsTime()))
	}
	if hundredths, err := strconv.Atoi(n.GetData()["hundredths"]); err == nil {
		pairs = append(pairs, "points", points(hundredths, speaker.Language()), "count", points(hundredths, "en"))
	}
	return pairs
}

// points writes hundredths of a point as people do: 2, 1.5 or, in Slovenian, 1,5.
func points(hundredths int, language string) string {
	text := strconv.FormatFloat(float64(hundredths)/100, 'f', -1, 64)
	if language == "sl" {
		return strings.Replace(text, ".", ",", 1)
	}
	return text
}

// oneLine keeps what people typed from breaking out of the line, and of the header, that it stands in.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
