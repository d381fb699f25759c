// Package webinar is where people find webinars: the list with its filters, one webinar, the pages of lecturers and
// categories, and what one follows.
//
// Everything works without a script. What changes when a webinar goes live or ends stands in parts marked with data-front,
// which the script of every page asks for again; the server stays the only one that knows how they look.
//
//	planned ──> live ──> ended
//	   └──────> cancelled          each state has its own sentence and its own one thing to do
package webinar

import (
	"context"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/ssr/layout"
	"github.com/rounds-cme/rounds/service/ssr/page/article"
	"github.com/rounds-cme/rounds/service/ssr/page/points"
	"github.com/rounds-cme/rounds/service/ssr/part"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// States of a webinar.
const (
	Planned   = "planned"
	Live      = "live"
	Ended     = "ended"
	Cancelled = "cancelled"
)

// Block is one list on a page. It can be missing while the rest of the page stands.
type Block struct {
	Cards   []*bffpb.WebinarCard
	Next    string // the token of the next page, empty on the last
	Missing bool
}

// View is one webinar with its buttons.
type View struct {
	Webinar                    *bffpb.WebinarResponse
	Follow, Lecturer, Category Button
}

// Path is the address of a webinar.
func Path(slug string) string { return "/webinars/" + slug }

func (v View) card() *bffpb.WebinarCard { return v.Webinar.GetCard() }

func (v View) path() string { return Path(v.card().GetSlug()) }

func (v View) starts() time.Time { return v.card().GetStartsAt().AsTime() }

func (v View) meta() layout.Meta { return layout.Meta{Title: v.card().GetTitle(), Bare: true} }

// late tells that a webinar should have begun: its start takes a moment.
func (v View) late(ctx context.Context) bool {
	return v.card().GetState() == Planned && !i18n.From(ctx).Now().Before(v.starts())
}

// enters tells whether the reader may go into the room.
func enters(ctx context.Context) bool {
	return reader.From(ctx).Has(token.Member, token.Host, token.Administrator)
}

// there is the start as the clocks of the organiser show it, where they differ from the reader's.
func there(ctx context.Context, c *bffpb.WebinarCard) (moment, zone string) {
	at, here := c.GetStartsAt().AsTime(), i18n.From(ctx)
	other := here.In(c.GetZone())
	_, mine := at.In(here.Zone()).Zone()
	if _, theirs := at.In(other.Zone()).Zone(); mine == theirs {
		return "", ""
	}
	return other.Moment(at), c.GetZone()
}

// Points are points in words: "1.5 points". None are an empty text.
func Points(ctx context.Context, hundredths int32) string {
	if hundredths == 0 {
		return ""
	}
	return i18n.Say(ctx, "webinar.points", amount(ctx, hundredths)...)
}

// amount is a number of points for a sentence that has plural forms.
func amount(ctx context.Context, hundredths int32) []any {
	return []any{"count", credit.Points(hundredths).String(), "amount", points.Amount(ctx, hundredths)}
}

func state(ctx context.Context, c *bffpb.WebinarCard) string {
	switch c.GetState() {
	case Live:
		return i18n.Say(ctx, "webinar.live")
	case Ended:
		return i18n.Say(ctx, "webinar.ended")
	case Cancelled:
		return i18n.Say(ctx, "webinar.cancelled")
	}
	return i18n.Say(ctx, "webinar.planned")
}

func tone(c *bffpb.WebinarCard) part.Tone {
	return map[string]part.Tone{Live: part.Live, Cancelled: part.Needs}[c.GetState()]
}

func category(ctx context.Context, c *bffpb.Category) string { return article.Category(ctx, c) }

// ToneOf is how a webinar stands out among others.
func ToneOf(c *bffpb.WebinarCard) string { return string(tone(c)) }
