// Package host is where hosts find their webinars: what is live, what comes, what was, each with the one place to go to.
package host

import (
	"context"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// Which webinars are listed.
const (
	Coming = "coming"
	Past   = "past"
)

// View is the list.
type View struct {
	When  string // coming or past
	Own   bool   // only those whose lecturer the reader is
	All   bool   // the reader may host every webinar, so that there is something to choose
	Later bool   // not the first page
	Live  webinar.Block
	List  webinar.Block
}

func (v View) href(when string, own bool, page string) string {
	of := "all"
	if own {
		of = "own"
	}
	if !v.All {
		of = ""
	}
	if when == Coming {
		when = ""
	}
	return part.Query("/host", "when", when, "of", of, "page", page)
}

func (v View) tabs(ctx context.Context) []part.Tab {
	return []part.Tab{
		{Label: i18n.Say(ctx, "host.coming"), Href: v.href(Coming, v.Own, ""), Current: v.When == Coming},
		{Label: i18n.Say(ctx, "host.past"), Href: v.href(Past, v.Own, ""), Current: v.When == Past},
	}
}

func (v View) scopes(ctx context.Context) []part.Option {
	return []part.Option{{Value: "own", Label: i18n.Say(ctx, "host.of_own")}, {Value: "all", Label: i18n.Say(ctx, "host.of_all")}}
}

func (v View) scope() string {
	if v.Own {
		return "own"
	}
	return "all"
}

// Console is the address from which a webinar is run.
func Console(c *bffpb.WebinarCard) string { return webinar.Path(c.GetSlug()) + "/console" }
