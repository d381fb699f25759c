// Package room is the page of a live webinar: the video first, the credit meter always in sight, chat, questions and polls
// beside it.
//
// The server renders the frame and every sentence; the script fills in what is live. Before the start and after the end
// the page says so, and changes by itself when that changes.
//
// client/ holds what the script is made of. Other pages of a room import of it what they need: wire.ts is the connection, which
// comes back by itself and lets no gap stay; board.ts what everybody agrees on, by revisions; lines.ts, question.ts and poll.ts
// draw. What comes in is kept first and drawn once a frame, so that a busy room does not hold the page.
//
//	connecting ──> connected <──> lost          for good: ended, removed (by a host), refused, login
package room

import (
	"net/url"
	"time"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/asset"
	"github.com/rounds-cme/rounds/service/ssr/layout"
)

// View is what the page shows.
type View struct {
	WebinarID string
	Slug      string
	Title     string
	State     string // planned, live, ended, cancelled
	StartsAt  time.Time
	VideoURL  string // while it is live
	Host      bool
}

func (v View) live() bool { return v.State == "live" }

// track is the captions in one language.
type track struct{ language, name, address string }

// tracks are the captions that the film has. Those in the reader's language are shown from the beginning, because the
// sound is off until somebody wants it.
func (v View) tracks(languages []string) []track {
	var found []track
	for _, language := range languages {
		if address := asset.Captions(v.VideoURL, language); address != "" {
			found = append(found, track{language, layout.LanguageName(language), address})
		}
	}
	return found
}

func (v View) page() string     { return "/webinars/" + v.Slug }
func (v View) evidence() string { return "/me/webinars/" + v.Slug }
func (v View) login() string    { return "/login?next=" + url.QueryEscape(v.page()+"/room") }
func (v View) record() string   { return "/webinars/" + v.Slug + "/record" }
func (v View) console() string  { return "/webinars/" + v.Slug + "/console" }

// words are the sentences of this page's script.
func words() []i18n.Key {
	return append(SharedWords(),
		"room.js_connecting", "room.js_connected", "room.js_lost", "room.js_lost_for", "room.js_login", "room.js_opening", "room.js_ended",
		"room.js_removed", "room.js_removed_reason", "room.js_refused", "room.js_away_kept", "room.js_away_part", "room.js_away_paused",
		"room.js_viewers", "room.js_watched", "room.js_sum_minutes", "room.js_sum_checks", "room.js_sum_more", "room.js_sum_unmet",
		"room.js_worth", "room.js_worth_reached",
		"room.js_reason_minutes_met", "room.js_reason_minutes_missing", "room.js_reason_minutes_unmet",
		"room.js_reason_checks_met", "room.js_reason_checks_missing", "room.js_reason_checks_unmet", "room.js_reason_checks_none",
		"room.js_reason_evaluation_missing", "room.js_reason_evaluation_met", "room.js_reason_quiz", "room.js_reason_reached",
		"room.js_reason_bridged", "room.js_reason_bridged_any", "room.js_reason_incident", "room.js_reason_elsewhere", "room.js_reason_void",
		"room.js_verdict_open", "room.js_verdict_passed", "room.js_verdict_failed",
		"room.js_check_title", "room.js_check_left", "room.js_check_thanks", "room.js_check_late", "room.js_check_again", "room.js_video_failed",
		"room.js_votes_one", "room.js_votes_two", "room.js_votes_few", "room.js_votes_other", "room.js_vote", "room.js_voted", "room.js_withdraw", "room.js_question_asked",
		"room.js_poll_unshared", "room.js_poll_answered", "room.js_poll_several", "room.js_poll_one", "room.js_poll_change", "room.js_poll_answer",
		"room.js_poll_choose", "room.js_poll_opened", "room.js_hand_raise", "room.js_hand_lower", "room.js_hand_up",
		"room.js_programme_break", "room.js_programme_sponsor", "room.js_farewell_until",
	)
}
