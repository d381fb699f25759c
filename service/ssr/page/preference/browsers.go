package preference

import (
	"context"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
)

// BrowserPath is where a browser is turned off.
const BrowserPath = Path + "/browsers"

// browserState says since when a browser is on, and what became of the last message to it.
func browserState(ctx context.Context, b *bffpb.Browser) string {
	since := i18n.Say(ctx, "preference.browsers_since", "day", i18n.Day(ctx, b.GetCreatedAt().AsTime()))
	switch {
	case b.GetReason() != "":
		return since + " " + i18n.Say(ctx, "preference.browsers_refused")
	case b.GetUsedAt() == nil:
		return since
	}
	return since + " " + i18n.Say(ctx, "preference.browsers_used", "day", i18n.Day(ctx, b.GetUsedAt().AsTime()))
}
