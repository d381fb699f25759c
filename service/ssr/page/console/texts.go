package console

import "github.com/rounds-cme/rounds/kit/i18n"

// scriptKeys are the sentences of the script. Those of the room come first: where the console says the same thing in words of its own, its own hold.
func scriptKeys() []i18n.Key {
	return []i18n.Key{
		"room.js_connecting", "room.js_connected", "room.js_lost", "room.js_login", "room.js_opening", "room.js_ended", "room.js_refused",
		"room.js_viewers", "err.note.text", "err.note.too_long", "err.note.empty", "err.sanction.removed", "console.js_console_refused",
		"console.js_undo", "console.js_dismiss", "console.js_not_yet", "console.js_not_yet_means", "console.js_all_over", "console.js_all_over_means", "console.js_segment_talk",
		"console.js_segment_break", "console.js_segment_sponsor", "console.js_segment_means_talk", "console.js_segment_means_break",
		"console.js_segment_means_sponsor", "console.js_segment_credit_talk", "console.js_segment_credit_break", "console.js_segment_credit_sponsor",
		"console.js_segment_title_talk", "console.js_segment_title_break", "console.js_segment_title_sponsor", "console.js_segment_text_talk",
		"console.js_segment_text_break", "console.js_segment_text_sponsor", "console.js_segment_yes_talk", "console.js_segment_yes_break",
		"console.js_segment_yes_sponsor", "console.js_segment_done_talk", "console.js_segment_done_break", "console.js_segment_done_sponsor",
		"console.js_running", "console.js_credited", "console.js_since", "console.js_announce", "console.js_announce_change",
		"console.js_announce_title", "console.js_announce_label", "console.js_announce_hint", "console.js_announce_yes", "console.js_announced",
		"console.js_unannounced", "console.js_reason", "console.js_reason_hint", "console.js_ask_empty", "console.js_moderate_delete",
		"console.js_delete_title", "console.js_delete_yes", "console.js_deleted", "console.js_mute", "console.js_mute_title", "console.js_mute_text",
		"console.js_mute_yes", "console.js_muted", "console.js_unmuted", "console.js_how_long", "console.js_minutes_5", "console.js_minutes_15",
		"console.js_until_end", "console.js_show_out", "console.js_show_out_title", "console.js_show_out_text", "console.js_show_out_yes",
		"console.js_shown_out", "console.js_readmitted", "console.js_is_muted", "console.js_is_removed", "console.js_lift_muted",
		"console.js_lift_removed", "console.js_lift_muted_of", "console.js_lift_removed_of", "console.js_sanction_by", "console.js_sanction_until",
		"console.js_take", "console.js_answer", "console.js_answered_live", "console.js_answer_change", "console.js_answer_add",
		"console.js_answer_title", "console.js_answer_label", "console.js_answer_hint", "console.js_answer_yes", "console.js_done_live",
		"console.js_done_text", "console.js_merge", "console.js_merge_title", "console.js_merge_into", "console.js_merge_yes",
		"console.js_merge_none", "console.js_merged", "console.js_dismiss_question", "console.js_dismiss_title", "console.js_dismiss_hint",
		"console.js_dismiss_yes", "console.js_dismissed", "console.js_reopen", "console.js_more_question", "console.js_votes", "console.js_anonymous",
		"console.js_questions_waiting", "console.js_questions_done", "console.js_said_question", "console.js_hands_up", "console.js_lower",
		"console.js_lower_of", "console.js_poll_draft", "console.js_poll_open", "console.js_poll_closed", "console.js_poll_multiple",
		"console.js_poll_shared", "console.js_poll_do_open", "console.js_poll_do_close", "console.js_poll_do_edit", "console.js_poll_do_discard",
		"console.js_poll_do_share", "console.js_poll_do_hide", "console.js_poll_open_title", "console.js_poll_open_others",
		"console.js_poll_discard_title", "console.js_poll_option", "console.js_poll_option_away", "console.js_poll_option_away_n",
		"console.js_poll_no_question", "console.js_poll_few_options", "console.js_poll_same_options", "console.js_poll_saved", "console.js_chat_set",
		"console.js_slow_other", "console.js_people_count", "console.js_player_playing", "console.js_player_paused", "console.js_player_stalled",
		"console.js_watched_minutes", "console.js_checks_of", "console.js_devices", "console.js_of", "console.js_no_checks", "console.js_spark",
		"console.js_incident_not_served", "console.js_incident_connections_lost",
	}
}
