package ssr_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

func TestDeliveriesPage(t *testing.T) {
	t.Parallel()
	at := timestamppb.New(now.Add(-time.Hour))
	one := func(state, channel, reason string) *bffpb.Delivery {
		return &bffpb.Delivery{Kind: "webinar.reminder", State: state, Channel: channel, Reason: reason, Text: "Sepsis <b>", Address: "ana@rounds.example", At: at}
	}
	waits := one("waiting", "email", "quiet_hours")
	waits.Text, waits.Until = "", timestamppb.New(time.Date(2026, 11, 27, 6, 0, 0, 0, time.UTC))
	h := newTheatre(t, figures{
		bffpb.Deliveries_List_FullMethodName: &bffpb.DeliveriesListResponse{
			Deliveries: []*bffpb.Delivery{
				one("sent", "email", ""), one("sent", "push", ""), one("sent", "site", ""), waits, one("retry", "email", "451 busy"), one("failed", "email", "554 <i>no"),
				one("suppressed", "email", ""), one("expired", "push", ""), one("bounced", "email", "550 unknown"), one("complained", "email", ""),
			},
			NextPageToken: "further",
			Suppressions:  []*bffpb.Suppression{{Address: "ana@rounds.example", Scope: "all", Cause: "bounce", Reason: "550 unknown", At: at}},
		},
		bffpb.Deliveries_Lift_FullMethodName: &bffpb.DeliveriesLiftResponse{},
	})
	h.page("/me/notifications/deliveries?page=here", token.Member, []string{
		"accepted by the mail server", "accepted by the push service of your device", "among your notifications",
		"put off until Friday 27 November 2026, 07:00 CET: your quiet hours", "Reminder of a webinar", "not accepted yet, we try again: 451 busy",
		"could not be sent: 554 &lt;i&gt;no", "it would have come too late", "came back: 550 unknown", "reported as unwanted", "Sepsis &lt;b&gt;",
		"No mail goes to ana@rounds.example", `action="/me/notifications/deliveries/lift"`, "page=further", "First page",
	}, []string{"<no value>"})
	if q := last[*bffpb.DeliveriesListRequest](t, h.programme); q.GetPageToken() != "here" {
		t.Errorf("asked for %v", q)
	}
	answer, _ := h.send(http.MethodPost, "/me/notifications/deliveries/lift", token.Member, url.Values{"address": {"ana@rounds.example"}, "idempotency_key": {"k"}})
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/me/notifications/deliveries" {
		t.Errorf("%d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	if q := last[*bffpb.DeliveriesLiftRequest](t, h.programme); q.GetAddress() != "ana@rounds.example" {
		t.Errorf("lifted %v", q)
	}
	if answer, _ := h.send(http.MethodGet, "/me/notifications/deliveries", "", nil); answer.StatusCode != http.StatusSeeOther {
		t.Errorf("a visitor gets %d", answer.StatusCode)
	}
}

func TestDeliveriesPageWithoutAny(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, figures{bffpb.Deliveries_List_FullMethodName: &bffpb.DeliveriesListResponse{}})
	h.page("/me/notifications/deliveries", token.Member, []string{"No message was sent to you yet"}, []string{"data-suppression", "First page"})
	h.fails[bffpb.Deliveries_List_FullMethodName] = errs.New(errs.Unavailable, "x", "y")
	h.page("/me/notifications/deliveries", token.Member, []string{"missing right now"}, nil)
}

func TestMessagePreview(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, figures{bffpb.Deliveries_Preview_FullMethodName: &bffpb.DeliveriesPreviewResponse{
		Kinds: []string{"webinar.live", "account.reset"}, Kind: "webinar.live", Topic: "webinar", Subject: "Live now: <b>", Text: "Hello Ana", Push: "Live now",
		Html: `<html><script>alert(1)</script></html>`, Calendar: "BEGIN:VCALENDAR",
	}})
	h.page("/backoffice/messages?kind=webinar.live&language=sl", token.Administrator, []string{
		`sandbox`, `src="/backoffice/messages/body?kind=webinar.live&amp;language=sl"`, "Live now: &lt;b&gt;", "8 letters of at most 120", "BEGIN:VCALENDAR",
		"Readers can switch it off", "Webinar live now", `lang="sl"`,
	}, []string{"<script>alert"})
	if q := last[*bffpb.DeliveriesPreviewRequest](t, h.programme); q.GetLanguage() != "sl" || q.GetZone() != "Europe/Ljubljana" || q.GetKind() != "webinar.live" {
		t.Errorf("asked for %v", q)
	}
	answer, _ := h.send(http.MethodGet, "/backoffice/messages/body?language=xx", token.Administrator, nil)
	policy := answer.Header.Get("Content-Security-Policy")
	if answer.StatusCode != http.StatusOK || !strings.Contains(policy, "sandbox;") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") {
		t.Errorf("%d with %q", answer.StatusCode, policy)
	}
	if q := last[*bffpb.DeliveriesPreviewRequest](t, h.programme); q.GetLanguage() != "en" {
		t.Errorf("asked for %v", q)
	}
	for _, path := range []string{"/backoffice/messages", "/backoffice/messages/body"} {
		if answer, _ := h.send(http.MethodGet, path, token.Member, nil); answer.StatusCode != http.StatusForbidden {
			t.Errorf("a member gets %d at %s", answer.StatusCode, path)
		}
	}
}
