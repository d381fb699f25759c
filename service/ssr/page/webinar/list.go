package webinar

import (
	"context"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// When a list looks.
const (
	Upcoming = "upcoming"
	Past     = "past"
)

// ListView is the list with what it was asked for.
type ListView struct {
	When               string // live, upcoming or past
	Category, Lecturer string // slugs
	Followed           bool
	Later              bool  // not the first page
	Live               Block // above the upcoming ones
	List               Block
	Categories         []*bffpb.Category
	Lecturers          []*bffpb.Lecturer
}

func (v ListView) filtered() bool { return v.Category != "" || v.Lecturer != "" || v.Followed }

// href is the address of the list with its filters.
func (v ListView) href(when, pageToken string) string {
	followed := ""
	if v.Followed {
		followed = "1"
	}
	if when == Upcoming { // the list without a wish is that one
		when = ""
	}
	return part.Query("/webinars", "when", when, "category", v.Category, "lecturer", v.Lecturer, "followed", followed, "page", pageToken)
}

func (v ListView) tabs(ctx context.Context) []part.Tab {
	return []part.Tab{
		{Label: i18n.Say(ctx, "webinar.when_upcoming"), Href: v.href(Upcoming, ""), Current: v.When == Upcoming},
		{Label: i18n.Say(ctx, "webinar.when_live"), Href: v.href(Live, ""), Current: v.When == Live},
		{Label: i18n.Say(ctx, "webinar.when_past"), Href: v.href(Past, ""), Current: v.When == Past},
	}
}

func (v ListView) categories(ctx context.Context) []part.Option {
	options := []part.Option{{Label: i18n.Say(ctx, "webinar.all_categories")}}
	for _, c := range v.Categories {
		options = append(options, part.Option{Value: c.GetSlug(), Label: category(ctx, c)})
	}
	return options
}

func (v ListView) lecturers(ctx context.Context) []part.Option {
	options := []part.Option{{Label: i18n.Say(ctx, "webinar.all_lecturers")}}
	for _, l := range v.Lecturers {
		options = append(options, part.Option{Value: l.GetSlug(), Label: l.GetName()})
	}
	return options
}

// empty is what an empty list says: that there is nothing, and what to do.
func (v ListView) empty(ctx context.Context) (title, text string) {
	switch {
	case v.Followed:
		return i18n.Say(ctx, "webinar.none_followed"), i18n.Say(ctx, "webinar.none_followed_text")
	case v.Category != "" || v.Lecturer != "":
		return i18n.Say(ctx, "webinar.none_found"), i18n.Say(ctx, "webinar.none_found_text")
	case v.When == Live:
		return i18n.Say(ctx, "webinar.none_live"), i18n.Say(ctx, "webinar.none_live_text")
	case v.When == Past:
		return i18n.Say(ctx, "webinar.none_past"), i18n.Say(ctx, "webinar.none_past_text")
	}
	return i18n.Say(ctx, "webinar.none_upcoming"), i18n.Say(ctx, "webinar.none_upcoming_text")
}
