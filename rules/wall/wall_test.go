package wall_test

import (
	"testing"
	"time"

	"github.com/rounds-cme/rounds/rules/wall"
)

func TestMoments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		said, zone string
		want       []string
	}{
		{"2026-11-26T18:00", "Europe/Ljubljana", []string{"2026-11-26T17:00"}},
		{"2027-03-28T01:59", "Europe/Ljubljana", []string{"2027-03-28T00:59"}},
		{"2027-03-28T02:00", "Europe/Ljubljana", nil},
		{"2027-03-28T02:59", "Europe/Ljubljana", nil},
		{"2027-03-28T03:00", "Europe/Ljubljana", []string{"2027-03-28T01:00"}},
		{"2027-10-31T02:30", "Europe/Ljubljana", []string{"2027-10-31T00:30", "2027-10-31T01:30"}},
		{"2027-10-31T03:00", "Europe/Ljubljana", []string{"2027-10-31T02:00"}},
		{"2027-04-04T01:45", "Australia/Lord_Howe", []string{"2027-04-03T14:45", "2027-04-03T15:15"}}, // half an hour
		{"2027-03-14T02:30", "America/New_York", nil},
		{"2027-03-28T02:30", "UTC", []string{"2027-03-28T02:30"}},
		{"2026-11-26T18:00:30", "Europe/Ljubljana", []string{"2026-11-26T17:00:30"}},
		{"2026-11-26T18:00", "Asia/Kolkata", []string{"2026-11-26T12:30"}},
	} {
		t.Run(c.zone+" "+c.said, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			got := wall.Moments(read(t, c.said), zone)
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for i, at := range got {
				if !at.Equal(read(t, c.want[i])) {
					t.Errorf("moment %d is %v, want %s", i, at, c.want[i])
				}
			}
		})
	}
}

func TestBeside(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Ljubljana")
	if err != nil {
		t.Fatal(err)
	}
	earlier, later := wall.Beside(read(t, "2027-03-28T02:30"), zone)
	if earlier.Format(wall.Layout) != "2027-03-28T01:30" || later.Format(wall.Layout) != "2027-03-28T03:30" {
		t.Errorf("beside the gap: %v and %v", earlier, later)
	}
	said := read(t, "2027-06-01T12:00")
	if earlier, later = wall.Beside(said, zone); !earlier.Equal(said) || !later.Equal(said) {
		t.Errorf("beside an ordinary time: %v and %v", earlier, later)
	}
}

func read(t *testing.T, said string) time.Time {
	t.Helper()
	at, err := wall.Parse(said)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
