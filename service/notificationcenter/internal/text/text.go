// Package text puts a notification into words: subject and body of an e-mail as text and HTML, and one sentence for the
// site, in the language and the time zone of the person.
//
// Why one layout for all kinds: a kind is four sentences in the catalog (subject, which the site shows too, body, button and
// push), so that adding one is writing, not programming, and all mails look alike. Everything a person typed is escaped in HTML.
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
	forms   *forms
}

// Message is a notification in words.
type Message struct {
	Subject, Text, HTML string
	Push                string // at most PushMost letters
}

// PushMost is how long a push message is at most: what a locked phone shows without cutting it.
const PushMost = 120

// Item is one line of a list, such as the articles of a digest.
type Item struct{ Title, Link string }

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
	return &Writer{catalog: catalog, layout: layout, baseURL: baseURL, forms: newForms()}, nil
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

// page is what the layout shows.
type page struct {
	Language, Subject, Hello, Body, Button, Link, LinkHint, Footer string
	Items                                                          []Item
	Choose, ChooseLink, Unsubscribe, UnsubscribeLink               string
}

// Write puts a notification into words, as they are right at the moment now. With the address of a way out, mails show it.
func (w *Writer) Write(n *eventpb.Notification, unsubscribe string, now time.Time) (Message, error) {
	hello := hello(w.catalog.Speaker(n.GetLanguage(), n.GetZone(), now), n.GetName())
	if strings.Trim(unsubscribe, safe) != "" {
		return w.write(n, hello, unsubscribe, now)
	}
	blank := ""
	if unsubscribe != "" {
		blank = w.forms.way
	}
	key := keyOf(n, unsubscribe, now)
	m, known := w.forms.find(key)
	if !known {
		var err error
		if m, err = w.write(n, w.forms.name, blank, now); err != nil {
			return m, err
		}
		w.forms.keep(key, m)
	}
	return w.forms.fill(m, hello, unsubscribe), nil
}

// hello greets a person by name, where the message says one.
func hello(speaker *i18n.Speaker, name string) string {
	if name == "" {
		return speaker.Say("mail.hello_nobody")
	}
	return oneLine(speaker.Say("mail.hello", "name", name))
}

func (w *Writer) write(n *eventpb.Notification, hello, unsubscribe string, now time.Time) (Message, error) {
	speaker := w.catalog.Speaker(n.GetLanguage(), n.GetZone(), now)
	pairs := words(speaker, n, now)
	say := func(part string) string { return oneLine(speaker.Say(i18n.Key(n.GetKind()+part), pairs...)) }
	p := page{
		Language: speaker.Language(), Subject: say(".subject"), Hello: hello,
		Body: say(".body"), Button: say(".button"), Link: w.baseURL + n.GetPath(),
		LinkHint: speaker.Say("mail.link"), Footer: speaker.Say("mail.footer"), Items: w.items(n),
	}
	if n.GetTopic() != "" {
		p.Choose, p.ChooseLink = speaker.Say("mail.choose"), w.baseURL+"/me/notifications"
		p.Unsubscribe, p.UnsubscribeLink = speaker.Say("mail.unsubscribe"), unsubscribe
	}
	var html bytes.Buffer
	if err := w.layout.Execute(&html, p); err != nil {
		return Message{}, fmt.Errorf("write mail: %w", err)
	}
	return Message{Subject: p.Subject, Text: p.text(), HTML: html.String(), Push: shorten(say(".push"))}, nil
}

// Short puts a notification into the words for the site and for a phone alone.
func (w *Writer) Short(n *eventpb.Notification, now time.Time) Message {
	key := "short\x00" + keyOf(n, "", now)
	m, known := w.forms.find(key)
	if !known {
		speaker := w.catalog.Speaker(n.GetLanguage(), n.GetZone(), now)
		pairs := words(speaker, n, now)
		say := func(part string) string { return oneLine(speaker.Say(i18n.Key(n.GetKind()+part), pairs...)) }
		m = Message{Subject: say(".subject"), Push: shorten(say(".push"))}
		w.forms.keep(key, m)
	}
	return m
}

// text is the mail without any HTML.
func (p page) text() string {
	parts := []string{p.Hello, p.Body}
	for _, item := range p.Items {
		parts = append(parts, item.Title+"\n"+item.Link)
	}
	parts = append(parts, p.Button+":\n"+p.Link, "-- \n"+p.Footer)
	if p.Choose != "" {
		parts = append(parts, p.Choose+":\n"+p.ChooseLink)
	}
	if p.UnsubscribeLink != "" {
		parts = append(parts, p.Unsubscribe+":\n"+p.UnsubscribeLink)
	}
	return strings.Join(parts, "\n\n") + "\n"
}

// items are the lines of "titles": a title and a path each, with a tab between.
func (w *Writer) items(n *eventpb.Notification) []Item {
	var items []Item
	for line := range strings.Lines(n.GetData()["titles"]) {
		title, path, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
		if title = oneLine(title); title == "" {
			continue
		}
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
			path = n.GetPath()
		}
		items = append(items, Item{Title: title, Link: w.baseURL + path})
	}
	return items
}

// shorten cuts what is too long for a push message, between words where that is possible.
func shorten(text string) string {
	letters := []rune(text)
	if len(letters) <= PushMost {
		return text
	}
	cut := string(letters[:PushMost-1])
	if space := strings.LastIndex(cut, " "); space > len(cut)/2 {
		cut = cut[:space]
	}
	return cut + "…"
}

// words are the values that the sentences name; times become words of the person's language and zone.
func words(speaker *i18n.Speaker, n *eventpb.Notification, now time.Time) []any {
	var pairs []any
	data := n.GetData()
	for name, value := range data {
		pairs = append(pairs, name, value)
	}
	if at, ok := moment(speaker, data["starts_at"]); ok {
		pairs = append(pairs, "starts", speaker.Moment(at), "relative", speaker.Relative(at), "starts_short", speaker.ShortDay(at)+" "+speaker.Clock(at))
	}
	if at, ok := moment(speaker, data["due_at"]); ok {
		pairs = append(pairs, "due", speaker.Moment(at))
	}
	if at, ok := moment(speaker, data["ends_at"]); ok {
		pairs = append(pairs, "ends_day", speaker.ShortDay(at))
	}
	if days, err := strconv.Atoi(data["days"]); err == nil {
		pairs = append(pairs, "ends_relative", speaker.Relative(now.AddDate(0, 0, days)))
	}
	if n.GetExpiresAt() != nil {
		pairs = append(pairs, "expires", speaker.Moment(n.GetExpiresAt().AsTime()))
	}
	return append(pairs, numbers(speaker, data)...)
}

// numbers are how many there are of something; a kind counts one thing.
func numbers(speaker *i18n.Speaker, data map[string]string) []any {
	for _, name := range []string{"hundredths", "missing"} {
		if hundredths, err := strconv.Atoi(data[name]); err == nil {
			return []any{"points", points(hundredths, speaker.Language()), "count", points(hundredths, "en")}
		}
	}
	for _, name := range []string{"count", "hours"} {
		if n, err := strconv.Atoi(data[name]); err == nil {
			return []any{"count", n}
		}
	}
	return nil
}

// moment reads a time, or a day, which is the same one wherever the reader is.
func moment(speaker *i18n.Speaker, text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, speaker.Location()); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
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
