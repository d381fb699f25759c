// Package article is where members read: the list with its filters, and the article with what is said below it.
//
// One form stands below an article. Links beside the comments turn it into an answer, a change or a report, so that everything
// works without a script, and the page stays calm.
package article

import (
	"context"
	"net/url"
	"slices"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/rules/patient"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/layout"
	"github.com/rounds-cme/rounds/service/ssr/page/register"
	"github.com/rounds-cme/rounds/service/ssr/part"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// ListView is the list with what it was asked for.
type ListView struct {
	Category, Kind, Query string
	Later                 bool // not the first page
	Articles              *bffpb.ArticlesResponse
	Categories            []*bffpb.Category
}

func (v ListView) filtered() bool { return v.Category != "" || v.Kind != "" || v.Query != "" }

// href is the address of the list with its filters.
func (v ListView) href(pageToken string) string {
	return part.Query("/articles", "category", v.Category, "kind", v.Kind, "q", v.Query, "page", pageToken)
}

func (v ListView) categories(ctx context.Context) []part.Option {
	options := []part.Option{{Label: i18n.Say(ctx, "article.all_categories")}}
	for _, c := range v.Categories {
		options = append(options, part.Option{Value: c.GetSlug(), Label: Category(ctx, c)})
	}
	return options
}

func kinds(ctx context.Context) []part.Option {
	return append([]part.Option{{Label: i18n.Say(ctx, "article.all_kinds")}}, Kinds(ctx)...)
}

// Kinds are the two kinds of articles.
func Kinds(ctx context.Context) []part.Option {
	return []part.Option{
		{Value: "research", Label: i18n.Say(ctx, "article.research")},
		{Value: "news", Label: i18n.Say(ctx, "article.news")},
	}
}

// Kind is a kind in words.
func Kind(ctx context.Context, kind string) string {
	if kind == "news" {
		return i18n.Say(ctx, "article.news")
	}
	return i18n.Say(ctx, "article.research")
}

// Category is its name in the reader's language.
func Category(ctx context.Context, c *bffpb.Category) string {
	if reader.From(ctx).Language == "sl" {
		return c.GetNameSl()
	}
	return c.GetNameEn()
}

// What the form below an article does.
const (
	Add    = "add"
	Reply  = "reply"
	Edit   = "edit"
	Report = "report"
)

// View is one article.
type View struct {
	Article  *bffpb.ArticleResponse
	Comments *bffpb.CommentsResponse // nil when they cannot be had right now
	Do       string                  // what the form is for
	Target   *bffpb.Comment          // of Reply, Edit and Report
	Form     form.Form
	Now      time.Time
}

func (v View) path() string { return "/articles/" + v.Article.GetCard().GetSlug() }

func (v View) meta() layout.Meta {
	c := v.Article.GetCard()
	meta := layout.Meta{Title: c.GetTitle(), Description: c.GetSummary(), Failed: v.Form.Failed()}
	if !v.Article.GetLocked() {
		meta.Scripts = []string{"article.js"}
	}
	return meta
}

// noticed is what in the words of the form may tell who a patient is.
func (v View) noticed() []patient.Kind { return patient.Notice(v.Form.Get("body")) }

func (v View) notices(kind patient.Kind) bool { return slices.Contains(v.noticed(), kind) }

func (v View) editable(c *bffpb.Comment) bool {
	return c.GetEditUntil() != nil && v.Now.Before(c.GetEditUntil().AsTime())
}

// more is the next page of the comments.
func (v View) more() string {
	return v.path() + "?comments=" + url.QueryEscape(v.Comments.GetNextPageToken()) + "#comments"
}

func (v View) to(do string, c *bffpb.Comment) string {
	return v.path() + "?" + do + "=" + c.GetId() + "#say"
}

// indent sets an answer in from what it answers.
func indent(c *bffpb.Comment) string {
	if c.GetThreadId() != c.GetId() {
		return "panel flex flex-col gap-2 ml-8"
	}
	return "panel flex flex-col gap-2"
}

// by is who said something; of a hidden comment that is nobody's business.
func by(ctx context.Context, c *bffpb.Comment) string {
	if c.GetName() == "" {
		return i18n.Say(ctx, "comment.somebody")
	}
	return c.GetName()
}

func profession(ctx context.Context, c *bffpb.Comment) string {
	if c.GetProfession() == "" {
		return ""
	}
	return register.Profession(ctx, c.GetProfession())
}
