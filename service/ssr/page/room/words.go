package room

import (
	"context"
	"strings"

	"github.com/a-h/templ"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/icon"
)

// Words are the sentences that a script says, in the reader's language; blanks stand in braces, for the script to fill.
// What comes before js_ is left out of their names.
func Words(ctx context.Context, keys []i18n.Key) map[string]string {
	said := map[string]string{}
	for _, key := range keys {
		name := string(key)
		if _, short, found := strings.Cut(name, ".js_"); found {
			name = short
		}
		said[name] = i18n.Say(ctx, key)
	}
	return said
}

// SharedWords are those of the modules in client/ that every page of a room imports: connection, chat, questions, polls.
func SharedWords() []i18n.Key {
	return append(errorWords(),
		"room.js_host", "room.js_you", "room.js_sending", "room.js_failed", "room.js_retry", "room.js_take_back", "room.js_edited",
		"room.js_more", "room.js_reply", "room.js_edit", "room.js_delete", "room.js_jump", "room.js_chat_new", "room.js_chat_over",
		"room.js_deleted_author", "room.js_deleted_host_for", "room.js_deleted_host", "room.js_deleted_quote", "room.js_mode_reply", "room.js_mode_edit",
		"room.js_react_agree", "room.js_react_thanks", "room.js_react_applause", "room.js_react_funny", "room.js_react_unsure",
		"room.js_reacted", "room.js_unreacted", "room.js_muted", "room.js_muted_until", "room.js_chat_closed", "room.js_slow", "room.js_slow_wait",
		"room.js_anonymous", "room.js_yours", "room.js_question_answering", "room.js_question_live", "room.js_question_answered",
		"room.js_question_dismissed", "room.js_question_dismissed_for", "room.js_question_merged", "room.js_question_merged_for", "room.js_question_withdrawn",
		"room.js_poll_yours", "room.js_poll_count", "room.js_poll_voters", "room.js_poll_voters_multiple",
	)
}

// errorWords are the sentences of what the room refuses.
func errorWords() []i18n.Key {
	return []i18n.Key{
		"room.js_err_other",
		"err.announcement.text", "err.announcement.too_long", "err.chat.busy", "err.chat.closed", "err.chat.edit_late",
		"err.chat.empty", "err.chat.none", "err.chat.own", "err.chat.reaction", "err.chat.slow", "err.chat.slow_seconds",
		"err.chat.text", "err.chat.too_fast", "err.chat.too_long", "err.poll.choice", "err.poll.closed", "err.poll.empty",
		"err.poll.none", "err.poll.options", "err.poll.state", "err.poll.text", "err.poll.too_long", "err.poll.too_many",
		"err.question.empty", "err.question.merged_on", "err.question.none", "err.question.not_own", "err.question.own",
		"err.question.same", "err.question.state", "err.question.text", "err.question.too_long", "err.question.too_many",
		"err.reason.empty", "err.reason.text", "err.reason.too_long", "err.room.busy", "err.room.closed", "err.room.hosts",
		"err.room.id", "err.room.muted", "err.room.not_joined", "err.room.removed", "err.room.too_fast", "err.sanction.host",
		"err.sanction.minutes", "err.sanction.nobody", "err.sanction.self",
	}
}

// icons are those that the scripts of a room draw; they bring none of their own.
func icons() []templ.Component {
	return []templ.Component{
		icon.ArrowDown(), icon.ArrowRight(), icon.BellRing(), icon.Check(), icon.CircleAlert(), icon.CircleCheck(), icon.CircleHelp(), icon.Clock(),
		icon.Coffee(), icon.Eye(), icon.EyeOff(), icon.Hand(), icon.HeartHandshake(), icon.Inbox(), icon.Info(), icon.Laugh(), icon.Lock(), icon.Megaphone(), icon.Merge(), icon.MessageSquare(),
		icon.Mic(), icon.MoreHorizontal(), icon.PartyPopper(), icon.Pencil(), icon.Play(), icon.Plus(), icon.Radio(), icon.RefreshCw(), icon.Reply(),
		icon.RotateCcw(), icon.Send(), icon.ThumbsUp(), icon.Trash2(), icon.TriangleAlert(), icon.Undo2(), icon.User(), icon.UserCheck(), icon.UserMinus(), icon.Users(),
		icon.Volume2(), icon.VolumeX(), icon.Vote(), icon.X(),
	}
}
