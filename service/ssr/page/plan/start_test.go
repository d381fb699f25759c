package plan_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/plan"
)

func typed(start, zone string) form.Form {
	return form.New(uuid.New()).Set("start", start).Set("zone", zone)
}

func TestSettle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ start, instead, of, want string }{
		{"2026-11-26T18:00", "", "", "2026-11-26T18:00"},
		{"2026-11-26 18:00", "", "", "2026-11-26T18:00"},
		{"2026-11-26T18:00:00", "", "", "2026-11-26T18:00"},
		{"tomorrow", "", "", "tomorrow"},
		{"2027-03-28T02:30", "2027-03-28T03:30", "2027-03-28T02:30 Europe/Ljubljana", "2027-03-28T03:30"},
		// Another time was typed meanwhile: the choice was for the one before.
		{"2027-03-29T02:30", "2027-03-28T03:30", "2027-03-28T02:30 Europe/Ljubljana", "2027-03-29T02:30"},
		{"2027-03-28T02:30", "2027-03-28T03:30", "2027-03-28T02:30 Europe/London", "2027-03-28T02:30"},
	} {
		f := plan.Settle(typed(c.start, "Europe/Ljubljana").Set("instead", c.instead).Set("instead_of", c.of))
		if got := f.Get("start"); got != c.want {
			t.Errorf("%+v: the start became %q", c, got)
		}
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ start, zone, occurrence, want string }{
		{"2026-11-26T18:00", "Europe/Ljubljana", "", "2026-11-26T17:00:00Z"},
		{"2026-11-26T18:00", "Europe/Ljubljana", "second", "2026-11-26T17:00:00Z"},
		{"2027-10-31T02:30", "Europe/Ljubljana", "", ""},
		{"2027-10-31T02:30", "Europe/Ljubljana", "first", "2027-10-31T00:30:00Z"},
		{"2027-10-31T02:30", "Europe/Ljubljana", "second", "2027-10-31T01:30:00Z"},
		{"2027-03-28T02:30", "Europe/Ljubljana", "first", ""},
		{"2026-11-26T18:00", "Nowhere", "", ""},
		{"2026-11-26T18:00", "", "", ""},
		{"", "Europe/Ljubljana", "", ""},
	} {
		at, ok := plan.Start(typed(c.start, c.zone).Set("occurrence", c.occurrence))
		if ok != (c.want != "") || ok && at.Format(time.RFC3339) != c.want {
			t.Errorf("%+v: %v %v", c, at, ok)
		}
	}
}
