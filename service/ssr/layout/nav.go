// Package layout is the house around every page: skip link, header with navigation by role, the
// page itself with its one h1, notices, footer. A page gives its Meta and its content.
package layout

import (
	"strings"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// Meta is what a page says about itself.
type Meta struct {
	Title       string
	Description string   // for search engines
	Failed      bool     // the form of the page has errors: the title says so
	Scripts     []string // of this page alone, such as "room.js"
	Wide        bool     // no reading width: rooms, tables, charts
	Bare        bool     // the page writes its own h1
	NoIndex     bool
}

// Link is an entry of the navigation.
type Link struct {
	Key  i18n.Key
	Href string
}

// links are the entries for a reader, by role.
func links(r reader.Reader) []Link {
	var all []Link
	if !r.LoggedIn {
		all = append(all, Link{"nav.articles", "/articles"}, Link{"nav.webinars", "/webinars"})
		return append(all, Link{"nav.help", "/help"})
	}
	all = append(all, Link{"nav.home", "/"}, Link{"nav.articles", "/articles"}, Link{"nav.webinars", "/webinars"})
	if r.Has(token.Host, token.Administrator) {
		all = append(all, Link{"nav.host", "/host"})
	}
	if r.Has(token.Administrator) {
		all = append(all, Link{"nav.backoffice", "/backoffice"})
	}
	if r.Has(token.Analyst) {
		all = append(all, Link{"nav.analyst", "/analyst"})
	}
	return all
}

// current tells whether the reader is below an entry.
func current(path, href string) bool {
	if href == "/" {
		return path == "/"
	}
	return path == href || strings.HasPrefix(path, href+"/")
}

// LanguageName names a language in itself, so that everybody finds their own.
func LanguageName(code string) string {
	switch code {
	case "sl":
		return "Slovenščina"
	case "en":
		return "English"
	}
	return code
}
