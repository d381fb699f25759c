package notificationtaskrunner

import (
	"testing"
	"time"
	_ "time/tzdata" // the test is about zones, wherever it runs
)

// TestDigestInNightsOfClockChange goes through two years hour by hour: each local day has its morning once, and each week its Monday, also where
// clocks are turned, by half an hour, or stand at half hours and quarters.
func TestDigestInNightsOfClockChange(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Europe/Ljubljana", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Chatham",
		"Pacific/Auckland", "America/Havana", "UTC",
	} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		mornings, mondays := map[string]int{}, map[string]int{}
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		const days = 2 * 365
		for hour := range days * 24 {
			at := begin.Add(time.Duration(hour) * time.Hour)
			rang, monday := rings(ticks(at.Add(-time.Hour), at), zone)
			if rang {
				mornings[at.In(zone).Format(time.DateOnly)]++
			}
			if monday {
				mondays[at.In(zone).Format(time.DateOnly)]++
			}
		}
		for day, n := range mornings {
			if n != 1 {
				t.Errorf("%s, %s: %d mornings", name, day, n)
			}
		}
		if len(mornings) < days-1 || len(mondays) < days/7-1 || len(mondays) > days/7+1 {
			t.Errorf("%s: %d mornings and %d Mondays in %d days", name, len(mornings), len(mondays), days)
		}
	}
}

// TestDigestAfterAnOutageOverAClockChange makes up for mornings that passed while clocks were turned.
func TestDigestAfterAnOutageOverAClockChange(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Ljubljana")
	if err != nil {
		t.Fatal(err)
	}
	for _, night := range []time.Time{time.Date(2026, 3, 29, 0, 0, 0, 0, zone), time.Date(2026, 10, 25, 0, 0, 0, 0, zone)} {
		before, after := night.Add(-time.Hour), time.Date(night.Year(), night.Month(), night.Day(), 6, 0, 0, 0, zone)
		if rang, _ := rings(ticks(before.UTC(), after.UTC()), zone); rang {
			t.Errorf("a morning between %s and %s", before, after)
		}
		if rang, monday := rings(ticks(before.UTC(), after.Add(time.Hour).UTC()), zone); !rang || monday {
			t.Errorf("no Sunday morning until %s", after.Add(time.Hour))
		}
		if rang, monday := rings(ticks(before.UTC(), after.Add(25*time.Hour).UTC()), zone); !rang || !monday {
			t.Errorf("no Monday until %s", after.Add(25*time.Hour))
		}
	}
}
