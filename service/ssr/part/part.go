// Package part holds the pieces that pages are put together from. Each is small, typed and knows
// nothing of a service: a page says the words (i18n.Say) and hands over values. Page /design shows
// every part in all its states; a new part is added there too.
package part

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"
)

// Tone says what something means; it chooses the colour. The zero value is neutral.
type Tone string

// Tones.
const (
	Plain Tone = ""
	Main  Tone = "main"  // teal: belongs to what can be acted on
	Needs Tone = "needs" // amber: needs you
	Good  Tone = "good"
	Bad   Tone = "bad"
	Live  Tone = "live" // red, for what happens now
	Error Tone = "error"
)

// Option is one choice of a select or a group of radio buttons.
type Option struct{ Value, Label, Hint string }

// Field describes an input. Words are said by the page, in the reader's language.
type Field struct {
	Name         string
	Label        string
	Hint         string
	Type         string // of an input: text when empty
	Autocomplete string // as in HTML; saves typing
	InputMode    string // which keyboard a phone shows
	Optional     bool
	Limit        int // letters that are taken; a text area counts them
	Rows         int // of a text area
	Accept       string
	List         string // id of a datalist with what is often typed
	Options      []Option
}

func (d Field) id() string { return "f-" + d.Name }

func (d Field) kind() string {
	if d.Type == "" {
		return "text"
	}
	return d.Type
}

func (d Field) rows() string {
	if d.Rows == 0 {
		return "5"
	}
	return strconv.Itoa(d.Rows)
}

// attrs are what all inputs share: required, the sentences that describe it, whether it is wrong.
func (d Field) attrs(problem string, describers ...string) templ.Attributes {
	a := templ.Attributes{}
	var by []string
	if d.Hint != "" {
		by = append(by, d.id()+"-hint")
	}
	if problem != "" {
		by = append(by, d.id()+"-error")
		a["aria-invalid"] = "true"
	}
	by = append(by, describers...)
	if len(by) > 0 {
		a["aria-describedby"] = strings.Join(by, " ")
	}
	for name, value := range map[string]string{"autocomplete": d.Autocomplete, "inputmode": d.InputMode, "accept": d.Accept, "list": d.List} {
		if value != "" {
			a[name] = value
		}
	}
	if !d.Optional {
		a["aria-required"] = "true"
	}
	return a
}

// Initials are the first letters of the first and the last name.
func Initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == '.' || r == '-' })
	if len(words) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	if len(words) == 1 {
		return string(unicode.ToUpper(first))
	}
	last, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return string(unicode.ToUpper(first)) + string(unicode.ToUpper(last))
}

// Query is an address with some parameters of its query changed; an empty value removes one. Filters
// and pages keep each other that way.
func Query(address string, pairs ...string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
			continue
		}
		q.Set(pairs[i], pairs[i+1])
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// Zones are the time zones offered first; any other IANA name that is set already is kept.
func Zones(chosen string) []Option {
	names := []string{
		"Europe/Ljubljana", "Europe/Vienna", "Europe/Berlin", "Europe/Zagreb", "Europe/Belgrade", "Europe/Rome", "Europe/Paris",
		"Europe/Madrid", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Warsaw", "Europe/Prague", "Europe/Budapest", "Europe/Athens",
		"Europe/Bucharest", "Europe/Helsinki", "Europe/Stockholm", "Europe/Istanbul", "Africa/Cairo", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo",
		"Australia/Sydney", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "UTC",
	}
	var options []Option
	found := chosen == ""
	for _, name := range names {
		found = found || name == chosen
		options = append(options, Option{Value: name, Label: zoneLabel(name)})
	}
	if !found {
		options = append([]Option{{Value: chosen, Label: zoneLabel(chosen)}}, options...)
	}
	return options
}

func zoneLabel(name string) string { return strings.ReplaceAll(name, "_", " ") }

func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func percent(value, of float64) string {
	if of <= 0 {
		return "0"
	}
	return fmt.Sprintf("%.0f", min(100, 100*value/of))
}
