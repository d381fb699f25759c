// Package console is the page from which a webinar is run: what happens now, big; what waits for an answer beside it; and
// nothing that can be pressed by accident. It works before the start (polls are prepared, hosts talk backstage), while it is
// live, and says afterwards where everything is.
//
// The server renders the frame and every sentence; the script fills in what is live. What only hosts see arrives on the
// channel backstage:<webinar>, which the room lets in by itself: this page gives no right.
//
//	planned ──begin──> live ──end──> ended: the page leads to the record
package console

import (
	"context"
	"strconv"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/room"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// View is what the page shows.
type View struct {
	Card    *bffpb.WebinarCard
	Started time.Time
	Now     time.Time
	Form    form.Form // of the button that begins or ends it
}

func (v View) path() string { return webinar.Path(v.Card.GetSlug()) }

func (v View) state() string { return v.Card.GetState() }

// from is when it may begin; the button is offered then and not before.
func (v View) from() time.Time { return v.Card.GetStartsAt().AsTime().Add(-credit.Earliest) }

func (v View) early() bool { return v.Now.Before(v.from()) }

// wait is how many milliseconds that is from now, by the server's clock: those of devices are wrong.
func (v View) wait() string { return strconv.FormatInt(max(0, v.from().Sub(v.Now).Milliseconds()), 10) }

// over tells that there is nothing to run any more.
func (v View) over() bool { return v.state() == webinar.Ended || v.state() == webinar.Cancelled }

func (v View) scripts() []string {
	if v.over() {
		return nil
	}
	return []string{"console.js"}
}

// side is the section that the side column shows first: before the start nobody can write but backstage.
func (v View) side() string {
	if v.state() == webinar.Planned {
		return "backstage"
	}
	return "chat"
}

// tab is one section of the page. Those of the side share a column on a desk; on a phone all of them share the page.
type tab struct {
	name, label string
	side        bool
}

func tabs(ctx context.Context) []tab {
	return []tab{
		{"now", i18n.Say(ctx, "console.tab_now"), false},
		{"questions", i18n.Say(ctx, "console.questions"), false},
		{"polls", i18n.Say(ctx, "console.polls"), false},
		{"chat", i18n.Say(ctx, "console.chat"), true},
		{"backstage", i18n.Say(ctx, "console.backstage"), true},
		{"people", i18n.Say(ctx, "console.people"), true},
		{"numbers", i18n.Say(ctx, "console.numbers"), true},
	}
}

// slow are the pauses that can be chosen between two messages of one person.
func slow(ctx context.Context) []part.Option {
	return []part.Option{
		{Value: "0", Label: i18n.Say(ctx, "console.slow_none")},
		{Value: "10", Label: i18n.Say(ctx, "console.slow_10")},
		{Value: "30", Label: i18n.Say(ctx, "console.slow_30")},
		{Value: "60", Label: i18n.Say(ctx, "console.slow_60")},
		{Value: "300", Label: i18n.Say(ctx, "console.slow_300")},
	}
}

// words are the sentences that the script says: those of the modules that all pages of a room share, then its own, which hold where
// both say the same thing.
func words() []i18n.Key { return append(room.SharedWords(), scriptKeys()...) }
