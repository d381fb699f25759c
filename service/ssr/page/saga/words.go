package saga

import (
	"context"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
)

func title(ctx context.Context, name string) string {
	return word(ctx, name, map[string]i18n.Key{"webinar.start": "saga.webinar_start", "webinar.end": "saga.webinar_end", "webinar.cancel": "saga.webinar_cancel", "points.request": "saga.points_request"})
}

func stepName(ctx context.Context, name, step string) string {
	if step == "" {
		return ""
	}
	return word(ctx, name+"/"+step, map[string]i18n.Key{
		"webinar.start/status": "saga.start_status", "webinar.start/room": "saga.start_room", "webinar.start/announce": "saga.start_announce",
		"webinar.end/room": "saga.end_room", "webinar.end/credit": "saga.end_credit", "webinar.end/complete": "saga.end_complete",
		"webinar.cancel/timers": "saga.cancel_timers", "webinar.cancel/status": "saga.cancel_status", "webinar.cancel/room": "saga.end_room",
		"webinar.cancel/complete": "saga.end_complete", "points.request/submit": "saga.points_submit", "points.request/answer": "saga.points_answer",
	})
}

func statusName(ctx context.Context, status string) string {
	return word(ctx, status, map[string]i18n.Key{
		"running": "saga.running", "waiting": "saga.waiting", "compensating": "saga.undoing", "completed": "saga.completed", "cancelled": "saga.cancelled",
	})
}

func stateName(ctx context.Context, state string) string {
	return word(ctx, state, map[string]i18n.Key{"done": "saga.step_done", "now": "saga.step_now", "undone": "saga.step_undone", "later": "saga.step_later"})
}

// said is what happened, as a sentence.
func said(ctx context.Context, m *bffpb.SagaMoment) string {
	kind := m.GetKind()
	switch {
	case kind == "failed" && m.GetBy() != "":
		kind = "given up"
	case kind == "failed" && m.GetUndoing():
		kind = "undo failed"
	case kind == "failed" && m.GetFinal():
		kind = "failed for good"
	}
	return word(ctx, kind, map[string]i18n.Key{
		"begun": "saga.was_begun", "requested": "saga.was_requested", "done": "saga.was_done", "failed": "saga.was_failed",
		"failed for good": "saga.was_failed_for_good", "given up": "saga.was_given_up", "undo failed": "saga.was_undo_failed",
		"compensated": "saga.was_compensated", "completed": "saga.was_completed", "cancelled": "saga.was_cancelled", "hurried": "saga.was_hurried",
	}, "name", m.GetBy())
}

// word falls back to the name in the program, for what is newer than this page.
func word(ctx context.Context, name string, words map[string]i18n.Key, pairs ...any) string {
	if key, known := words[name]; known {
		return i18n.Say(ctx, key, pairs...)
	}
	return name
}
