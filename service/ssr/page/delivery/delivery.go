// Package delivery is the page on which a reader sees what became of each message to them: sent, put off, come back, and why; and
// has mail sent again to an address that took none.
package delivery

import (
	"context"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// Path is where the page is.
const Path = "/me/notifications/deliveries"

// View is what the page shows.
type View struct {
	Form    form.Form
	List    *bffpb.DeliveriesListResponse
	First   bool
	Missing bool
	Late    *bffpb.NotificationsLateResponse
}

func (v View) older() string { return part.Query(Path, "page", v.List.GetNextPageToken()) }

// Kind says in words what a kind of message tells of.
func Kind(ctx context.Context, kind string) string { return i18n.Say(ctx, i18n.Key("message."+kind)) }

// title is the sentence of the message, or what it will tell of.
func title(ctx context.Context, d *bffpb.Delivery) string {
	if d.GetText() != "" {
		return d.GetText()
	}
	return Kind(ctx, d.GetKind())
}

func channel(ctx context.Context, name string) string {
	switch name {
	case "email":
		return i18n.Say(ctx, "delivery.email")
	case "push":
		return i18n.Say(ctx, "delivery.push")
	default:
		return i18n.Say(ctx, "delivery.site")
	}
}

// outcome is what became of it, in a sentence.
func outcome(ctx context.Context, d *bffpb.Delivery) string {
	switch d.GetState() {
	case "sent":
		return sent(ctx, d.GetChannel())
	case "waiting":
		return waiting(ctx, d)
	case "retry":
		return i18n.Say(ctx, "delivery.retry", "reason", d.GetReason())
	case "suppressed":
		if d.GetChannel() == "push" {
			return i18n.Say(ctx, "delivery.suppressed_push")
		}
		return i18n.Say(ctx, "delivery.suppressed")
	case "expired":
		return i18n.Say(ctx, "delivery.expired")
	case "bounced":
		return i18n.Say(ctx, "delivery.bounced", "reason", d.GetReason())
	case "complained":
		return i18n.Say(ctx, "delivery.complained")
	default:
		return i18n.Say(ctx, "delivery.failed", "reason", d.GetReason())
	}
}

func sent(ctx context.Context, channel string) string {
	switch channel {
	case "email":
		return i18n.Say(ctx, "delivery.sent_email")
	case "push":
		return i18n.Say(ctx, "delivery.sent_push")
	default:
		return i18n.Say(ctx, "delivery.sent_site")
	}
}

func waiting(ctx context.Context, d *bffpb.Delivery) string {
	until := i18n.Moment(ctx, d.GetUntil().AsTime())
	switch d.GetReason() {
	case "quiet_hours":
		return i18n.Say(ctx, "delivery.waiting_quiet", "until", until)
	case "paused":
		return i18n.Say(ctx, "delivery.waiting_paused", "until", until)
	default:
		return i18n.Say(ctx, "delivery.waiting", "until", until)
	}
}

func tone(state string) part.Tone {
	switch state {
	case "sent":
		return part.Good
	case "bounced", "failed", "suppressed":
		return part.Bad
	case "retry":
		return part.Needs
	default:
		return part.Plain
	}
}

// stopped says why an address gets no mail.
func stopped(ctx context.Context, s *bffpb.Suppression) string {
	if s.GetScope() == "chosen" {
		return i18n.Say(ctx, "delivery.stopped_chosen")
	}
	return i18n.Say(ctx, "delivery.stopped_all", "reason", s.GetReason())
}
