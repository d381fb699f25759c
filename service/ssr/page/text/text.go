// Package text holds the pages that are only text: help and privacy.
package text

import (
	"context"

	"github.com/rounds-cme/rounds/kit/i18n"
)

// section is a heading and its paragraph.
type section struct{ title, text string }

func help(ctx context.Context) []section {
	return []section{
		{i18n.Say(ctx, "help.join"), i18n.Say(ctx, "help.join_text")},
		{i18n.Say(ctx, "help.points"), i18n.Say(ctx, "help.points_text")},
		{i18n.Say(ctx, "help.live"), i18n.Say(ctx, "help.live_text")},
		{i18n.Say(ctx, "help.reminders"), i18n.Say(ctx, "help.reminders_text")},
		{i18n.Say(ctx, "help.wrong"), i18n.Say(ctx, "help.wrong_text")},
	}
}

func privacy(ctx context.Context) []section {
	return []section{
		{i18n.Say(ctx, "privacy.what"), i18n.Say(ctx, "privacy.what_text")},
		{i18n.Say(ctx, "privacy.why"), i18n.Say(ctx, "privacy.why_text")},
		{i18n.Say(ctx, "privacy.who"), i18n.Say(ctx, "privacy.who_text")},
		{i18n.Say(ctx, "privacy.hosts"), i18n.Say(ctx, "privacy.hosts_text")},
		{i18n.Say(ctx, "privacy.room"), i18n.Say(ctx, "privacy.room_text")},
		{i18n.Say(ctx, "privacy.long"), i18n.Say(ctx, "privacy.long_text")},
		{i18n.Say(ctx, "privacy.statistics"), i18n.Say(ctx, "privacy.statistics_text")},
		{i18n.Say(ctx, "privacy.rights"), i18n.Say(ctx, "privacy.rights_text")},
	}
}
