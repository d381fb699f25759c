package notificationtaskrunner

import (
	"testing"
	"time"
)

func TestQuietHours(t *testing.T) {
	t.Parallel()
	const night, morning = 22 * 60, 6*60 + 30
	for _, c := range []struct {
		name, zone, now string
		from, to        int16
		want            string // in UTC, or empty when it is now
	}{
		{"by day", "Europe/Ljubljana", "2026-11-24T12:00:00Z", night, morning, ""},
		{"a second before", "Europe/Ljubljana", "2026-11-24T20:59:59Z", night, morning, ""},
		{"they begin", "Europe/Ljubljana", "2026-11-24T21:00:00Z", night, morning, "2026-11-25T05:30:00Z"},
		{"after midnight, with seconds", "Europe/Ljubljana", "2026-11-25T02:15:42Z", night, morning, "2026-11-25T05:30:00Z"},
		{"a second before they end", "Europe/Ljubljana", "2026-11-25T05:29:59Z", night, morning, "2026-11-25T05:30:00Z"},
		{"they are over", "Europe/Ljubljana", "2026-11-25T05:30:00Z", night, morning, ""},
		{"within a day", "Europe/Ljubljana", "2026-11-25T12:10:00Z", 13 * 60, 15 * 60, "2026-11-25T14:00:00Z"},
		{"each by own clocks", "America/New_York", "2026-11-25T05:30:00Z", night, morning, "2026-11-25T11:30:00Z"},
		{"clocks with half an hour", "Asia/Kolkata", "2026-11-24T17:00:00Z", night, morning, "2026-11-25T01:00:00Z"},
		{"until midnight", "Europe/Ljubljana", "2026-11-24T22:30:00Z", night, 0, "2026-11-24T23:00:00Z"},
		{"from midnight", "Europe/Ljubljana", "2026-11-24T23:30:00Z", 0, morning, "2026-11-25T05:30:00Z"},

		// 29 March 2026: at 2:00 it is 3:00. The night is an hour shorter.
		{"an hour is missing", "Europe/Ljubljana", "2026-03-28T22:00:00Z", night, morning, "2026-03-29T04:30:00Z"},
		{"the end is in the missing hour", "Europe/Ljubljana", "2026-03-28T22:00:00Z", night, 2*60 + 30, "2026-03-29T01:00:00Z"},
		{"they are the missing hour", "Europe/Ljubljana", "2026-03-29T00:59:00Z", 2 * 60, 3 * 60, ""},
		// 25 October 2026: at 3:00 it is 2:00 again. The night is an hour longer.
		{"an hour comes twice", "Europe/Ljubljana", "2026-10-24T21:00:00Z", night, morning, "2026-10-25T05:30:00Z"},
		{"the end comes twice, before both", "Europe/Ljubljana", "2026-10-24T21:00:00Z", night, 2*60 + 30, "2026-10-25T00:30:00Z"},
		{"the end comes twice, quiet again", "Europe/Ljubljana", "2026-10-25T01:10:00Z", night, 2*60 + 30, "2026-10-25T01:30:00Z"},
		{"the beginning comes twice", "Europe/Ljubljana", "2026-10-25T00:45:00Z", 2*60 + 30, 2*60 + 59, "2026-10-25T00:59:00Z"},
		{"south of the equator", "America/Santiago", "2026-09-06T03:30:00Z", night, morning, "2026-09-06T09:30:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if c.want == "" {
			c.want = c.now
		}
		h := hours{zone, c.from, c.to}
		if got := h.ends(now).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestQuietHoursAlwaysEnd goes through both nights minute by minute, with every kind of quiet hours.
func TestQuietHoursAlwaysEnd(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Ljubljana")
	if err != nil {
		t.Fatal(err)
	}
	for _, night := range []time.Time{time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC)} {
		for from := int16(0); from < minutesOfADay; from += 97 {
			for to := int16(30); to < minutesOfADay; to += 131 {
				h := hours{zone, from, to}
				for now := night; now.Before(night.Add(12 * time.Hour)); now = now.Add(17 * time.Minute) {
					end := h.ends(now)
					if h.quiet(end) || end.Before(now) || end.Sub(now) > 25*time.Hour || !h.quiet(now) && !end.Equal(now) {
						t.Fatalf("from %d to %d at %s: %s", from, to, now, end)
					}
				}
			}
		}
	}
}
