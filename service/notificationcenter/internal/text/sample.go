package text

import (
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
)

// Sample is a notification of a kind as it might be sent at the moment now, about nobody and nothing real: the preview shows it,
// and the tests hold it against what it was.
func Sample(kind, language, zone string, now time.Time) *eventpb.Notification {
	soon := now.Truncate(time.Minute).Add(time.Hour)
	n := &eventpb.Notification{
		Kind: kind, Name: "Ana Zgled", Address: "ana@rounds.example", Language: language, Zone: zone, Path: "/webinars/sepsis",
		Topic: topicOf(kind), ExpiresAt: timestamppb.New(soon),
		Data: map[string]string{
			"title": "Sepsis in the first hour", "lecturer": "Dr. Miha Vzorec", "starts_at": soon.Format(time.RFC3339), "minutes": "60",
			"reason": "The lecturer is ill.", "summary": "What the new guideline changes.", "address": "ana@rounds.example",
			"webinar_id": "00000000-0000-4000-8000-000000000001", "sequence": "1",
		},
	}
	if kind == "account.confirm" || kind == "account.reset" {
		n.Name = "" // as those have none
	}
	for name, value := range ofKind(kind, now) {
		n.Data[name] = value
	}
	return n
}

func ofKind(kind string, now time.Time) map[string]string {
	switch kind {
	case "points.booked", "points.refused", "appeal.granted", "appeal.refused":
		return map[string]string{"hundredths": "150", "reason": "The list came too late."}
	case "article.digest":
		titles := []string{"Sepsis in the first hour\t/articles/sepsis", "Heart failure: what is new\t/articles/heart-failure"}
		return map[string]string{"count": strconv.Itoa(len(titles)), "titles": strings.Join(titles, "\n")}
	case "licence.deadline":
		return map[string]string{"ends_at": now.Add(30 * 24 * time.Hour).Format(time.DateOnly), "days": "30", "missing": "450"}
	case "points.deadline":
		return map[string]string{"due_at": now.Add(48 * time.Hour).Format(time.RFC3339), "hours": "48"}
	case "address.bounced":
		return map[string]string{"reason": "5.1.1 The mailbox does not exist."}
	default:
		return nil
	}
}

// topicOf is what a person may switch off a kind with; empty where there is no choice.
func topicOf(kind string) string {
	switch kind {
	case "webinar.reminder", "webinar.live":
		return "webinar"
	case "webinar.moved", "webinar.cancelled":
		return "change"
	case "article.published", "article.digest":
		return "article"
	case "comment.reply":
		return "reply"
	case "points.booked", "points.refused", "appeal.granted", "appeal.refused":
		return "points"
	case "licence.deadline":
		return "licence"
	default:
		return ""
	}
}
