package webinar_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/locale"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
)

func rule(change func(r *bffpb.CreditRule)) *bffpb.CreditRule {
	r := &bffpb.CreditRule{
		MinPercent: 80, MinChecksPercent: 75, ChecksPerHour: 3, CheckWindow: 75, ReconnectGrace: 60, Award: "event", MinutesPerPoint: 60,
		CreditStep: 50, DailyCap: 800, ReconnectPercent: proto.Int32(10),
	}
	change(r)
	return r
}

func TestRuleInWords(t *testing.T) {
	t.Parallel()
	catalog, err := i18n.Load(locale.Files)
	if err != nil {
		t.Fatal(err)
	}
	same := func(*bffpb.CreditRule) {}
	for _, c := range []struct {
		name, lang  string
		minutes     int32
		hundredths  int32
		change      func(*bffpb.CreditRule)
		want, never string
	}{
		{"rounded up", "en", 50, 100, func(r *bffpb.CreditRule) { r.MinPercent = 75 }, "38 of 50 minutes", ""},
		{"no points", "en", 50, 0, same, "There are no points for this webinar.", "minutes"},
		{"one point", "en", 60, 100, same, "gets 1 point.", ""},
		{"half a point", "en", 60, 50, same, "gets 0.5 points.", ""},
		{"no checks", "en", 60, 100, func(r *bffpb.CreditRule) { r.ChecksPerHour = 0 }, "There are no presence checks.", "Answer"},
		{"checks that do not decide", "en", 60, 100, func(r *bffpb.CreditRule) { r.MinChecksPercent = 0 }, "do not depend on the answers", "Answer at least"},
		{"no grace", "en", 60, 100, func(r *bffpb.CreditRule) { r.ReconnectGrace = 0 }, "counts once", "connection"},
		{"gaps that are forgiven", "en", 60, 100, same, "All such breaks together count up to 10 % of the webinar.", ""},
		{"any gaps", "en", 60, 100, func(r *bffpb.CreditRule) { r.ReconnectPercent = proto.Int32(0) }, "back within 60 seconds", "together"},
		{"gaps that are forgiven", "sl", 60, 100, same, "skupaj štejejo do 10 % webinarja", ""},
		{"no cap", "en", 60, 100, func(r *bffpb.CreditRule) { r.DailyCap = 0 }, "counts once", "On one day"},
		{"by time", "en", 90, 150, func(r *bffpb.CreditRule) { r.Award = "time" }, "1 point for each 60 minutes watched, rounded down to steps of 0.5, at most 1.5", "gets 1.5"},
		{"dual", "sl", 120, 200, same, "dobi 2 točki", ""},
		{"a comma", "sl", 90, 150, same, "dobi 1,5 točke", "1.5"},
		{"five", "sl", 60, 500, same, "dobi 5 točk.", ""},
		{"cap", "sl", 60, 100, func(r *bffpb.CreditRule) { r.DailyCap = 200 }, "štejeta največ 2 točki", ""},
		{"by time", "sl", 60, 100, func(r *bffpb.CreditRule) { r.Award, r.MinutesPerPoint = "time", 45 }, "za vsakih 45 ogledanih minut", ""},
	} {
		t.Run(c.lang+" "+c.name, func(t *testing.T) {
			t.Parallel()
			ctx := i18n.With(context.Background(), catalog.Speaker(c.lang, "UTC", time.Now()))
			got := strings.Join(webinar.Rule(ctx, rule(c.change), &bffpb.WebinarCard{Minutes: c.minutes, Hundredths: c.hundredths}), "\n")
			if !strings.Contains(got, c.want) || (c.never != "" && strings.Contains(got, c.never)) {
				t.Errorf("want %q and never %q in\n%s", c.want, c.never, got)
			}
		})
	}
}
