// Package layout is the house around every page: skip link, header with navigation by role, the
// page itself with its one h1, notices, footer. A page gives its Meta and its content.
package layout

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr/part"
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

// backoffice are its sections, in the order of the work: what is done each day first.
func backoffice() []Link {
	return []Link{
		{"review.title", "/backoffice/applications"},
		{"plan.title", "/backoffice/webinars"},
		{"plan.rules", "/backoffice/rules"},
		{"appeal.title", "/backoffice/appeals"},
		{"desk.articles", "/backoffice/articles"},
		{"desk.reports", "/backoffice/comments"},
		{"desk.categories", "/backoffice/categories"},
		{"desk.lecturers", "/backoffice/lecturers"},
		{"message.title", "/backoffice/messages"},
		{"saga.title", "/backoffice/processes"},
		{"queue.title", "/backoffice/queues"},
	}
}

// inBackoffice tells whether a page shows its sections. Who may not work there is told so without them.
func inBackoffice(r reader.Reader) bool {
	return r.Has(token.Administrator) && current(r.Path, "/backoffice")
}

// sections are the tabs of the backoffice as a page in it shows them.
func sections(ctx context.Context, path string) []part.Tab {
	var tabs []part.Tab
	for _, l := range backoffice() {
		tabs = append(tabs, part.Tab{Label: i18n.Say(ctx, l.Key), Href: l.Href, Current: path == l.Href, Within: path != l.Href && current(path, l.Href)})
	}
	return tabs
}

// way leads from a page of the backoffice back to its section, and from there to the work list.
func way(ctx context.Context, path string) []part.Crumb {
	crumbs := []part.Crumb{{Label: i18n.Say(ctx, "nav.backoffice"), Href: "/backoffice"}}
	for _, l := range backoffice() {
		if path != l.Href && current(path, l.Href) {
			crumbs = append(crumbs, part.Crumb{Label: i18n.Say(ctx, l.Key), Href: l.Href})
		}
	}
	return crumbs
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

// words says for each plural of the language what stands beside the badge, with "#" for the number, which scripts put in.
func words(ctx context.Context) string {
	forms := map[string]string{}
	for _, n := range []int{1, 2, 3, 5} {
		number := strconv.Itoa(n)
		forms[number] = strings.Replace(i18n.Say(ctx, "layout.unseen", "count", n), number, "#", 1)
	}
	text, err := json.Marshal(forms)
	if err != nil {
		return "{}" // strings can always be written
	}
	return string(text)
}
