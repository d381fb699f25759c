// Package desk is where administrators write and moderate: manuscripts, reported comments, categories, lecturers.
package desk

import (
	"context"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/article"
	"github.com/rounds-cme/rounds/service/ssr/part"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// EditorView is a manuscript while somebody writes it.
type EditorView struct {
	ID         string // empty for a new one
	Slug       string
	State      string
	Form       form.Form
	Preview    string // sanitised
	Theirs     *bffpb.ManuscriptResponse
	Categories []*bffpb.Category
}

// written tells the script where the words in the form come from: "saved" right after they were saved, "typed" where they were
// sent and not saved, "stored" otherwise.
func (v EditorView) written(ctx context.Context) string {
	notice := reader.From(ctx).Notice
	switch {
	case v.Form.Failed(), v.Preview != "":
		return "typed"
	case notice != nil && notice.Key == "desk.saved":
		return "saved"
	}
	return "stored"
}

func (v EditorView) action() string {
	if v.ID == "" {
		return "/backoffice/articles/new"
	}
	return "/backoffice/articles/" + v.ID
}

func (v EditorView) title(ctx context.Context) string {
	if v.ID == "" {
		return i18n.Say(ctx, "desk.new_article")
	}
	return i18n.Say(ctx, "desk.edit_article")
}

func (v EditorView) categories(ctx context.Context) []part.Option {
	options := []part.Option{{Label: i18n.Say(ctx, "desk.choose")}}
	for _, c := range v.Categories {
		options = append(options, part.Option{Value: c.GetId(), Label: article.Category(ctx, c)})
	}
	return options
}

func languages() []part.Option {
	return []part.Option{{Value: "en", Label: "English"}, {Value: "sl", Label: "Slovenščina"}}
}

func state(ctx context.Context, s string) string {
	if s == "published" {
		return i18n.Say(ctx, "desk.published")
	}
	return i18n.Say(ctx, "desk.draft")
}

func tone(s string) part.Tone {
	if s == "published" {
		return part.Good
	}
	return part.Plain
}

// ReportsView is what members reported; Hide is the one that is about to be hidden.
type ReportsView struct {
	Reports *bffpb.ReportsResponse
	Hide    *bffpb.Report
	Form    form.Form
}

// SubjectsView are categories or lecturers, and the form for one of them.
type SubjectsView struct {
	ID         string
	Form       form.Form
	Categories []*bffpb.Category
	Lecturers  []*bffpb.Lecturer
}

// The fields of the forms, as the summary of what is wrong calls them.
func articleLabels() map[string]i18n.Key {
	return map[string]i18n.Key{
		"title": "desk.title", "summary": "desk.summary", "category_id": "article.category", "kind": "article.kind", "language": "layout.language",
		"body": "desk.body", "byline": "desk.byline", "disclosure": "article.disclosure",
	}
}

func categoryLabels() map[string]i18n.Key {
	return map[string]i18n.Key{"name_en": "desk.name_en", "name_sl": "desk.name_sl"}
}

func lecturerLabels() map[string]i18n.Key {
	return map[string]i18n.Key{"name": "desk.name", "title": "desk.degree", "bio": "desk.bio"}
}
