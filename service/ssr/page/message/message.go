// Package message is where administrators see every kind of message as its readers get it, with sample data, on each channel and in
// each language. The HTML of an e-mail is shown in a frame of its own, in which nothing runs and nothing is loaded.
package message

import (
	"cmp"
	"context"
	"slices"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/layout"
	"github.com/rounds-cme/rounds/service/ssr/page/delivery"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// Path is where the page is.
const Path = "/backoffice/messages"

// View is one kind in one language.
type View struct {
	Message  *bffpb.DeliveriesPreviewResponse
	Language string
}

func (v View) kinds(ctx context.Context) []part.Option {
	var all []part.Option
	for _, kind := range v.Message.GetKinds() {
		all = append(all, part.Option{Value: kind, Label: delivery.Kind(ctx, kind)})
	}
	slices.SortFunc(all, func(a, b part.Option) int { return cmp.Compare(a.Label, b.Label) })
	return all
}

func languages() []part.Option {
	return []part.Option{{Value: "en", Label: layout.LanguageName("en")}, {Value: "sl", Label: layout.LanguageName("sl")}}
}

// frame is the address of the HTML alone.
func (v View) frame() string {
	return part.Query(Path+"/body", "kind", v.Message.GetKind(), "language", v.Language)
}

// choice says whether readers can switch it off.
func (v View) choice(ctx context.Context) string {
	switch v.Message.GetTopic() {
	case "":
		return i18n.Say(ctx, "message.no_choice")
	case "change": // that a webinar is moved or called off reaches everybody on one way at least
		return i18n.Say(ctx, "message.half_choice")
	default:
		return i18n.Say(ctx, "message.choice")
	}
}

func (v View) letters(ctx context.Context) string {
	return i18n.Say(ctx, "message.letters", "count", len([]rune(v.Message.GetPush())))
}
